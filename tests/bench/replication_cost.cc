// What replicate_before_publish costs: the time from a publish call until a user of the network has
// the flashblock, with N = 0, 1, 2, in turns within one run.
//
//   flblk-replication-cost [--flashblocks N] [--interval-ms N]
//
// Each N has a builder, two standby builders and two users, all nodes of this process on loopback.
#include <absl/strings/str_format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "p2p/net/testing/test_node.h"
#include "p2p/wire/limits.h"

namespace {

using flblk::net::testing::Connect;
using flblk::net::testing::TestNode;
using Clock = std::chrono::steady_clock;

struct Options {
  uint64_t flashblocks = 200;
  std::chrono::milliseconds interval{20};
};

TestNode::Setup BuilderSetup(uint32_t replicate) {
  TestNode::Setup setup{.config = flblk::net::testing::LoopbackConfig(), .builder = true};
  setup.config.engine.replicate_before_publish = replicate;
  setup.config.engine.replicate_timeout = std::chrono::seconds(1);
  return setup;
}

class Network {
 public:
  explicit Network(uint32_t replicate) : builder_(BuilderSetup(replicate)) {}

  bool Start() {
    for (TestNode& standby : standbys_) {
      if (!Connect(builder_, standby)) return false;
    }
    for (TestNode& user : users_) {
      if (!Connect(user, builder_)) return false;
    }
    for (int i = 0; i < 2000; ++i) {
      const auto peers = builder_->Peers();
      if (peers.ok() && std::ranges::all_of(*peers, [](const flblk::net::PeerInfo& peer) {
            return peer.gossip.sending_to;
          })) {
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }

  // Publishes one flashblock of `bytes`; the microseconds until the slower user has it, 0: never.
  double PublishOne(size_t bytes) {
    if (index_ > flblk::wire::kMaxFlashblockIndex || index_ == 0) {
      index_ = 0;
      if (!builder_.Authorize(slot_ == 0 ? slot_ = flblk::net::testing::UnixNow() : ++slot_).ok()) {
        return 0;
      }
    }
    const auto begin = Clock::now();
    if (!builder_.Publish(index_++, bytes).ok()) return 0;
    ++published_;
    for (TestNode& user : users_) {
      if (!user.seen().WaitForFlashblocks(published_)) return 0;
    }
    return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
  }

 private:
  TestNode builder_, standbys_[2], users_[2];
  uint64_t index_ = 0, slot_ = 0, published_ = 0;
};

double Quantile(std::vector<double> values, double q) {
  std::ranges::sort(values);
  return values[static_cast<size_t>(q * static_cast<double>(values.size() - 1))];
}

int Run(const Options& options) {
  Network networks[] = {Network(0), Network(1), Network(2)};
  for (Network& network : networks) {
    if (!network.Start()) return std::fputs("the nodes did not connect\n", stderr), 1;
  }
  for (const size_t bytes : {size_t{1000}, size_t{100'000}}) {
    std::vector<double> took[3];
    for (uint64_t i = 0; i < options.flashblocks; ++i) {
      for (size_t n = 0; n < 3; ++n) {
        const double us = networks[n].PublishOne(bytes);
        if (us == 0) return std::fputs("a flashblock did not arrive\n", stderr), 1;
        took[n].push_back(us);
        std::this_thread::sleep_for(options.interval);
      }
    }
    for (size_t n = 0; n < 3; ++n) {
      std::puts(absl::StrFormat("%6d bytes  N=%d  p50 %7.0f us  p99 %7.0f us  p50 over N=0 %.2f",
                                bytes, n, Quantile(took[n], 0.5), Quantile(took[n], 0.99),
                                Quantile(took[n], 0.5) / Quantile(took[0], 0.5))
                    .c_str());
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--flashblocks") == 0 && value > 0) options.flashblocks = value;
    if (std::strcmp(argv[i], "--interval-ms") == 0)
      options.interval = std::chrono::milliseconds(value);
  }
  return Run(options);
}
