// A chain of whole nodes over loopback, each in a network thread of its own: when the flashblock is
// at the first, second, third node after the publisher, and what passing it on costs each in CPU
// time. No goal.
#include <array>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include "glog/logging.h"
#include "tests/bench/goal_list.h"
#include "tests/bench/publisher.h"

namespace flblk::bench {
namespace {

constexpr size_t kHops = 3;

// Notes when each flashblock was relayed and handed to the observer.
class Relay final : public net::NodeObserver {
 public:
  // Fed by the node at `from` only.
  explicit Relay(const net::Enode& from) : key_(*rlpx::NodeKey::Generate()) {
    net::NodeConfig config;
    config.listen_address = "127.0.0.1";
    config.listen_port = 0;
    config.trusted_peers = {from};
    config.authorizer = AuthorizerKey().public_key();
    config.eth.enabled = false;
    config.engine.max_receive_peers = 1;
    config.engine.rotation_interval = std::chrono::hours(1);
    auto node = net::Node::Create(config, &key_, nullptr, nullptr, this);
    CHECK(node.ok()) << node.status();
    node_ = *std::move(node);
    CHECK_EQ(node_->Start(), absl::OkStatus());
  }
  ~Relay() override { node_->Stop(); }

  net::Enode enode() { return *net::ParseEnode(node_->Info()->enode); }

  struct Seen {
    size_t count = 0;
    double at = 0;   // WallSeconds() of the last one
    double cpu = 0;  // of the network thread, then
  };
  // Once it has relayed `count`; zeros: not within 30 s.
  Seen WaitFor(size_t count) {
    std::unique_lock lock(mutex_);
    const bool there =
        changed_.wait_for(lock, std::chrono::seconds(30), [&] { return seen_.count >= count; });
    return there ? seen_ : Seen{};
  }
  size_t count() {
    const std::lock_guard lock(mutex_);
    return seen_.count;
  }

  void OnFlashblock(const core::FlashblockDelivered&) override {
    const std::lock_guard lock(mutex_);
    seen_ = {seen_.count + 1, WallSeconds(), ThreadSeconds()};
    changed_.notify_all();
  }
  void OnPublishing(const core::PublishingChanged&, Now) override {}
  void OnEquivocation(const core::EquivocationFound&) override {}
  void OnPeerUp(const net::PeerInfo&) override {}
  void OnPeerDown(const net::PeerInfo&, const std::string&) override {}
  void OnPenalty(const net::PeerInfo&, const core::Penalise&) override {}

 private:
  const rlpx::NodeKey key_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Seen seen_;  // guarded by mutex_
  std::unique_ptr<net::Node> node_;
};

class Chain {
 public:
  Chain() : publisher_(1) {
    net::Enode from = *net::ParseEnode(publisher_.node().Info()->enode);
    for (auto& relay : relays_) {
      relay = std::make_unique<Relay>(from);
      from = relay->enode();
    }
    // Until the last one is fed: flashblocks of blocks nobody measures.
    const double end = WallSeconds() + 30;
    while (relays_.back()->count() == 0) {
      CHECK_LT(WallSeconds(), end) << "the chain did not come up";
      publisher_.Publish(publisher_.Next(100, 1));
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }

  // Seconds from the publishing call to each node's relaying.
  std::array<double, kHops> One(size_t size) {
    std::array<size_t, kHops> before;
    for (size_t i = 0; i < kHops; ++i) before[i] = relays_[i]->count();
    wire::FlashblocksPayloadV1 flashblock = publisher_.Next(size, 50);
    const double begin = WallSeconds();
    publisher_.Publish(std::move(flashblock));
    std::array<double, kHops> latency;
    for (size_t i = 0; i < kHops; ++i) {
      const Relay::Seen seen = relays_[i]->WaitFor(before[i] + 1);
      CHECK_GT(seen.count, before[i]) << "a flashblock did not reach hop " << i + 1;
      latency[i] = seen.at - begin;
      cpu_[i] = seen.cpu;
    }
    return latency;
  }
  // CPU seconds of each relay's network thread, as of the last flashblock.
  const std::array<double, kHops>& cpu() const { return cpu_; }

 private:
  Publisher publisher_;
  std::array<std::unique_ptr<Relay>, kHops> relays_;
  std::array<double, kHops> cpu_{};
};

// `hop1` and `here`: seconds of the two hops.
void Report(const std::string& what, size_t size, double ratio, double hop1, double here) {
  char note[64];
  std::snprintf(note, sizeof note, "hop 1: %.0f us, here %.0f us", hop1 * 1e6, here * 1e6);
  Print({0, what + ", " + SizeName(1, size).substr(4), 1, false, ratio, note});
}

}  // namespace

void HopsReport(const Options& options) {
  Chain chain;
  for (const size_t size : {1'000, 10'000, 100'000, 1'000'000}) {
    if (options.quick && size != 100'000) continue;
    for (int i = 0; i < 10; ++i) chain.One(size);
    const std::array<double, kHops> before = chain.cpu();
    std::vector<double> first, second, third;
    const double end = WallSeconds() + (options.quick ? 2 : 5);
    for (int i = 0; i < 200 && (i < 20 || WallSeconds() < end); ++i) {
      const std::array<double, kHops> latency = chain.One(size);
      first.push_back(latency[0]);
      second.push_back(latency[1] / latency[0]);
      third.push_back(latency[2] / latency[0]);
    }
    const auto cpu = [&](size_t hop) {
      return (chain.cpu()[hop] - before[hop]) / static_cast<double>(first.size());
    };
    const double hop1 = Median(first), over2 = Median(second), over3 = Median(third);
    Report("latency of hop 2 over hop 1", size, over2, hop1, over2 * hop1);
    Report("latency of hop 3 over hop 1", size, over3, hop1, over3 * hop1);
    Report("CPU time of hop 2 over hop 1", size, cpu(1) / cpu(0), cpu(0), cpu(1));
    Report("CPU time of hop 3 over hop 1", size, cpu(2) / cpu(0), cpu(0), cpu(2));
  }
}

}  // namespace flblk::bench
