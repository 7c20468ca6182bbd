// Publishing with and without threads that seal (seal_threads). No goal: what it brings depends on
// processors that have nothing else to do.
#include <thread>

#include "p2p/rlpx/frame.h"
#include "tests/bench/goal_list.h"
#include "tests/bench/publisher.h"

namespace flblk::bench {
namespace {

// Wall-clock seconds until the slowest peer has the last byte.
double Published(Publisher& publisher, Receivers& receivers, Receivers::Which which, size_t size) {
  wire::FlashblocksPayloadV1 flashblock = publisher.Next(size, 50);
  const wire::FramePtr frame = SerialStages(flashblock, publisher.authorization());
  receivers.Expect(which, rlpx::FrameSealer::SealedSize(frame->snappy.size()));
  const double begin = WallSeconds();
  publisher.Publish(std::move(flashblock));
  return receivers.Wait() - begin;
}

}  // namespace

void ThreadsReport(const Options& options, Receivers& receivers) {
  const std::string processors =
      std::to_string(std::thread::hardware_concurrency()) + " processors, receivers included";
  for (const size_t n : {50, 200}) {
    Publisher without(n), with(n, 1);
    receivers.Subscribe(without.port(), without.id(), n);
    receivers.Subscribe(with.port(), with.id(), n, Receivers::Which::kPlain);
    for (const size_t size : {100'000, 1'000'000}) {
      if (options.quick && (n != 50 || size != 100'000)) continue;
      const auto one_worker = [&] {
        return Published(with, receivers, Receivers::Which::kPlain, size);
      };
      const auto none = [&] {
        return Published(without, receivers, Receivers::Which::kSessions, size);
      };
      for (int i = 0; i < 5; ++i) one_worker(), none();  // buffers grow
      const double ratio = PairedRatio(101, options.quick ? 2 : 6, one_worker, none);
      Print({0, "publish with seal_threads 1 over 0, " + SizeName(n, size), 1, false, ratio,
             processors});
    }
    receivers.CloseAll();
  }
}

}  // namespace flblk::bench
