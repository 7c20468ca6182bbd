// What putting the MACs of several feeds together (p2p/net/read_batch.h) changes for the receiving
// node: CPU time of its network thread per flashblock with all its copies, and the time from the
// first byte written to the delivery; together over one by one, in turns within one run.
//
//   flblk-read-batch-cost [--quick]
//
// Two nodes in this process, each with so many feeds, which write the same flashblock at the same
// time: every socket takes its next 16 KB in turn.
#include <absl/strings/str_format.h>

#include <cstdio>
#include <cstring>
#include <list>
#include <thread>

#include "glog/logging.h"
#include "plugin/process_memory.h"
#include "tests/bench/ahead.h"
#include "tests/bench/feed.h"
#include "tests/bench/publisher.h"

namespace flblk::bench {
namespace {

class Receiver final : public net::NodeObserver {
 public:
  Receiver(size_t feeds, bool batch) : key_(*rlpx::NodeKey::Generate()) {
    net::NodeConfig config;
    config.listen_address = "127.0.0.1";
    config.listen_port = 0;
    config.authorizer = AuthorizerKey().public_key();
    config.eth.enabled = false;
    config.batch_reads = batch;
    config.engine.max_receive_peers = static_cast<uint32_t>(feeds);
    config.engine.rotation_interval = std::chrono::hours(1);
    // They listen nowhere; what counts are their ids: what is old is taken from trusted peers only.
    for (size_t i = 0; i < feeds; ++i) {
      feed_keys_.push_back(*rlpx::NodeKey::Generate());
      config.trusted_peers.push_back(
          {.id = feed_keys_.back().id(), .host = "127.0.0.1", .port = 1});
    }
    auto node = net::Node::Create(config, &key_, nullptr, nullptr, this);
    CHECK(node.ok()) << node.status();
    node_ = *std::move(node);
    CHECK_EQ(node_->Start(), absl::OkStatus());
    for (const rlpx::NodeKey& key : feed_keys_) {
      feeds_.push_back(std::make_unique<Feed>(node_->Info()->listen_port, key_.id(), key));
    }
  }
  ~Receiver() override { node_->Stop(); }

  struct Cost {
    double latency = 0, cpu = 0;  // seconds
  };
  Cost One(const wire::Frame& frame) {
    for (auto& feed : feeds_) {
      feed->Answer();
      feed->Seal(frame);
    }
    const double before = NetworkCpu(), begin = WallSeconds();
    ++sent_;
    WriteAll();
    while (!AllArrived()) CHECK_LT(WallSeconds(), begin + 30) << "a flashblock did not arrive";
    return {delivered_ - begin, NetworkCpu() - before};
  }

  void OnFlashblock(const core::FlashblockDelivered&) override { delivered_ = WallSeconds(); }
  void OnPublishing(const core::PublishingChanged&, Now) override {}
  void OnEquivocation(const core::EquivocationFound&) override {}
  void OnPeerUp(const net::PeerInfo&) override {}
  void OnPeerDown(const net::PeerInfo&, const std::string&) override {}
  void OnPenalty(const net::PeerInfo&, const core::Penalise&) override {}

 private:
  double NetworkCpu() {
    double seconds = 0;
    CHECK_EQ(node_->WithBlock([&](const auto&, const auto&) { seconds = ThreadSeconds(); }),
             absl::OkStatus());
    return seconds;
  }
  // Asked seldom: the answer costs the thread that is measured.
  bool AllArrived() {
    std::this_thread::sleep_for(pause_);
    const auto stats = node_->Stats();
    CHECK(stats.ok()) << stats.status();
    return stats->engine.flashblocks_new == sent_ &&
           stats->engine.duplicates == sent_ * (feeds_.size() - 1);
  }
  void WriteAll() {
    constexpr size_t kTurn = size_t{16} << 10;
    for (bool done = false; !done;) {
      done = true;
      for (auto& feed : feeds_) {
        feed->WriteSome(kTurn);
        done &= feed->left() == 0;
      }
    }
  }

  const rlpx::NodeKey key_;
  std::list<rlpx::NodeKey> feed_keys_;
  std::unique_ptr<net::Node> node_;
  std::vector<std::unique_ptr<Feed>> feeds_;
  const std::chrono::milliseconds pause_{3};
  size_t sent_ = 0;
  std::atomic<double> delivered_ = 0;
};

void Report(Receiver& together, Receiver& one_by_one, Sequence& sequence, size_t feeds, size_t size,
            double seconds_at_most) {
  std::vector<double> latency, cpu;
  const double end = WallSeconds() + seconds_at_most;
  for (int i = 0; i < 310 && (i < 30 || WallSeconds() < end); ++i) {
    sequence.Advance(50);
    const wire::FramePtr frame = SerialStages(
        Flashblock(sequence.authorization(), sequence.index(), size), sequence.authorization());
    const bool first = i % 2 == 0;
    Receiver::Cost a, b;
    if (first) a = together.One(*frame);
    b = one_by_one.One(*frame);
    if (!first) a = together.One(*frame);
    if (i < 10) continue;  // the first ones grow buffers
    latency.push_back(a.latency / b.latency);
    cpu.push_back(a.cpu / b.cpu);
  }
  std::puts(absl::StrFormat("%d feeds, %7d bytes: CPU time %.2f; latency %.2f", feeds, size,
                            Median(cpu), Median(latency))
                .c_str());
}

void Run(bool quick) {
  plugin::KeepFreedMemory();
  Sequence sequence;
  const AheadOfOthers while_measuring;
  for (const size_t feeds : {1, 3, 8}) {
    if (quick && feeds != 3) continue;
    Receiver together(feeds, true), one_by_one(feeds, false);
    for (const size_t size : {1'000, 10'000, 100'000, 1'000'000}) {
      if (quick && size != 10'000) continue;
      Report(together, one_by_one, sequence, feeds, size, quick ? 0 : 5);
    }
  }
}

}  // namespace
}  // namespace flblk::bench

int main(int argc, char** argv) {
  google::InitGoogleLogging(argv[0]);
  FLAGS_logtostderr = true;
  FLAGS_minloglevel = google::GLOG_WARNING;
  flblk::bench::Run(argc > 1 && std::strcmp(argv[1], "--quick") == 0);
  return 0;
}
