// Goals 3, 6 and 8 with sockets: a whole node in this process, its peers in the child.
#include <cstdio>
#include <numeric>

#include "glog/logging.h"
#include "p2p/rlpx/frame.h"
#include "signer/keccak_lanes.h"
#include "tests/bench/goal_list.h"
#include "tests/bench/memory.h"
#include "tests/bench/publisher.h"
#include "tests/bench/raw_sender.h"

namespace flblk::bench {
namespace {

// One case of goal 3.
class PublishCase {
 public:
  PublishCase(Receivers& receivers, Publisher& publisher, RawSender& raw, size_t n)
      : receivers_(receivers), publisher_(publisher), raw_(raw), n_(n) {}

  double Ratio(size_t size) {
    wire::FlashblocksPayloadV1 flashblock = publisher_.Next(size, 50);
    double begin = WallSeconds();
    const wire::FramePtr frame = SerialStages(flashblock, publisher_.authorization());
    const double serial = WallSeconds() - begin;
    const Bytes bytes(rlpx::FrameSealer::SealedSize(frame->snappy.size()), 0x5a);

    receivers_.Expect(Receivers::Which::kSessions, bytes.size());
    begin = WallSeconds();
    publisher_.Publish(std::move(flashblock));
    const double published = receivers_.Wait() - begin;

    receivers_.Expect(Receivers::Which::kPlain, bytes.size());
    begin = WallSeconds();
    raw_.Send(bytes);
    const double plain = receivers_.Wait() - begin;
    return published / (serial + ModelSeconds(n_, bytes.size(), Perm8Seconds()) + plain);
  }

 private:
  Receivers& receivers_;
  Publisher& publisher_;
  RawSender& raw_;
  size_t n_;
};

}  // namespace

void PublishGoal(const Options& options, Receivers& receivers) {
  const bool lanes8 = BestKeccakLanes() == KeccakLanes::kAvx512;
  for (const size_t n : {1, 10, 50, 200}) {
    if (options.quick && (n == 1 || n == 200)) continue;
    Publisher publisher(n);
    receivers.Subscribe(publisher.port(), publisher.id(), n);
    RawSender raw(receivers, n);
    for (const size_t size : {1'000, 10'000, 100'000, 1'000'000}) {
      Row row{3, "publish, " + SizeName(n, size), 1.3, false, {}, "needs AVX-512"};
      if (lanes8) {
        PublishCase one(receivers, publisher, raw, n);
        std::vector<double> ratios;
        const double end = WallSeconds() + (options.quick ? 4 : 6);
        for (int i = 0; i < 205 && (i < 15 || WallSeconds() < end); ++i) {
          const double ratio = one.Ratio(size);
          if (i >= 5) ratios.push_back(ratio);  // the first ones grow buffers
        }
        row.note = "";
        row.ratio = Median(ratios);
      }
      Print(row);
    }
    receivers.CloseAll();
  }
}

namespace {

void Steady(const Options& options, Receivers& receivers, size_t peers, size_t size) {
  constexpr uint64_t kPerBlock = 10;
  constexpr int kWindow = 20;
  Publisher publisher(peers);
  receivers.Subscribe(publisher.port(), publisher.id(), peers);
  const auto one = [&] {
    wire::FlashblocksPayloadV1 flashblock = publisher.Next(size, kPerBlock);
    receivers.Expect(Receivers::Which::kSessions, size / 2);
    publisher.Publish(std::move(flashblock));
    receivers.Wait();
  };
  // Until the heap has reached its largest size: after that a fault is rare, and never a message's.
  for (int i = 0; i < 1500; ++i) one();
  std::vector<double> faults, allocations;
  for (int window = 0; window < (options.quick ? 9 : 25); ++window) {
    const uint64_t faults_before = MinorFaults(), large_before = LargeAllocations();
    for (int i = 0; i < kWindow; ++i) one();
    faults.push_back(static_cast<double>(MinorFaults() - faults_before) / kWindow);
    allocations.push_back(static_cast<double>(LargeAllocations() - large_before) / kWindow);
  }
  receivers.CloseAll();
  const double sum = std::accumulate(faults.begin(), faults.end(), 0.0);
  char mean[32];
  std::snprintf(mean, sizeof mean, "mean %.2f", sum / static_cast<double>(faults.size()));
  Print({6, "minor faults per message, " + SizeName(peers, size), 0, false, Median(faults), mean});
  Print({6, "allocations over 128 KB per message, " + SizeName(peers, size), 0, false,
         Median(allocations), ""});
}

}  // namespace

void SteadyGoal(const Options& options, Receivers& receivers) {
  Steady(options, receivers, 10, 100'000);
  if (options.quick) return;
  for (const size_t size : {1'000, 10'000, 1'000'000}) Steady(options, receivers, 10, size);
  for (const size_t peers : {1, 50, 200}) Steady(options, receivers, peers, 100'000);
}

void PeerGoal(const Options&, Receivers& receivers) {
  constexpr size_t kPeers = 1000;
  Publisher publisher(kPeers);
  receivers.Subscribe(publisher.port(), publisher.id(), 10);
  const size_t before = ResidentBytes();
  receivers.Subscribe(publisher.port(), publisher.id(), kPeers - 10);
  const double each = static_cast<double>(ResidentBytes() - before) / (kPeers - 10);
  receivers.CloseAll();
  Print({8, "idle peer of a node with 1000, of 64 KB", 1, false, each / 65536, ""});
}

}  // namespace flblk::bench
