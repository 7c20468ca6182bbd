// What a copy of a flashblock costs beside its first delivery: CPU time of session and engine from
// the frame's bytes on, in turns within one run.
//
//   flblk-duplicate-cost [--quick]
//
// Three peers feed one node. The first delivers, the second brings the same bytes, the third the
// same bytes to a session that knows no frames (as if it had been compressed by another encoder).
// Beside them: the Keccak of the frame's bytes alone, which no copy can do without.
#include <absl/strings/str_format.h>
#include <glog/logging.h>

#include <cstdio>
#include <cstring>

#include "p2p/core/engine.h"
#include "p2p/net/clock.h"
#include "p2p/net/engine_ports.h"
#include "p2p/rlpx/testing/sessions.h"
#include "signer/keccak.h"
#include "tests/bench/goals.h"

namespace flblk::bench {
namespace {

class Node {
 public:
  Node()
      : verifier_(AuthorizerKey().public_key()),
        engine_({}, {.verifier = &verifier_, .compressor = &compressor_}, net::RealNow()),
        slot_(static_cast<uint64_t>(net::RealNow().unix_seconds()) - 1000) {
    for (size_t i = 0; i < 3; ++i) {
      rlpx::SessionConfig ours;
      if (i < 2) ours.known_frames = &known_;
      pairs_.push_back(std::make_unique<rlpx::testing::Pair>(rlpx::SessionConfig{}, ours));
      pairs_.back()->Run();
      // Trusted: what is old is taken from trusted peers only.
      engine_
          .Step(core::PeerConnected{.session = i, .flblk_version = 1, .trusted = true},
                net::RealNow())
          .status.IgnoreError();
    }
  }

  struct Seconds {
    double first = 0, copy = 0, copy_recoded = 0, keccak = 0;
  };
  Seconds One(size_t size) {
    if (++index_ % kPerBlock == 0 || !authorization_) {
      index_ = 0;
      authorization_ = AuthorizationFor(++slot_);
    }
    const wire::FramePtr frame =
        SerialStages(Flashblock(*authorization_, index_, size), *authorization_);
    Seconds seconds;
    seconds.first = Take(0, *frame);
    seconds.copy = Take(1, *frame);
    seconds.copy_recoded = Take(2, *frame);
    CHECK_EQ(engine_.stats().duplicates, duplicates_ += 2);
    Keccak256State mac;
    const double begin = ThreadSeconds();
    mac.Update(frame->snappy);
    seconds.keccak = ThreadSeconds() - begin;
    return seconds;
  }

 private:
  static constexpr uint64_t kPerBlock = 10;

  double Take(size_t peer, const wire::Frame& frame) {
    rlpx::testing::Side& sender = pairs_[peer]->a;
    CHECK(sender.session.Send(frame).ok());
    const Bytes bytes(sender.session.PendingOutput().begin(), sender.session.PendingOutput().end());
    sender.session.ConsumeOutput(bytes.size());
    rlpx::testing::Side& receiver = pairs_[peer]->b;
    receiver.events.clear();
    const double begin = ThreadSeconds();
    receiver.session.OnBytes(bytes, rlpx::testing::At({}), receiver.events);
    auto& message = std::get<rlpx::MessageReceived>(receiver.events.at(0));
    const core::StepResult result =
        engine_.Step(core::PeerMessage{peer, std::move(message.frame)}, net::RealNow());
    for (const core::Action& action : result.actions) {
      if (const auto* item = std::get_if<core::FlashblockDelivered>(&action)) {
        known_.Add(item->frame);
      }
    }
    return ThreadSeconds() - begin;
  }

  net::NetworkVerifier verifier_;
  net::SnappyCompressor compressor_;
  core::Engine engine_;
  wire::KnownFrames known_;
  std::vector<std::unique_ptr<rlpx::testing::Pair>> pairs_;
  uint64_t slot_, index_ = 0, duplicates_ = 0;
  std::optional<Authorization> authorization_;
};

void Report(size_t size, double seconds_at_most) {
  Node node;
  std::vector<double> copy, recoded, keccak, micros;
  const double end = WallSeconds() + seconds_at_most;
  for (int i = 0; i < 300 && (i < 20 || WallSeconds() < end); ++i) {
    const Node::Seconds seconds = node.One(size);
    copy.push_back(seconds.copy / seconds.first);
    recoded.push_back(seconds.copy_recoded / seconds.first);
    keccak.push_back(seconds.keccak / seconds.copy);
    micros.push_back(seconds.first * 1e6);
  }
  std::puts(absl::StrFormat("%7d bytes: first %7.1f us; a copy over it %.2f (not recognised %.2f); "
                            "Keccak alone over the copy %.2f",
                            size, Median(micros), Median(copy), Median(recoded), Median(keccak))
                .c_str());
}

}  // namespace
}  // namespace flblk::bench

int main(int argc, char** argv) {
  google::InitGoogleLogging(argv[0]);
  FLAGS_logtostderr = true;
  if (argc > 1 && std::strcmp(argv[1], "--quick") == 0) {
    flblk::bench::Report(10'000, 0);
    return 0;
  }
  for (const size_t size : {1'000, 10'000, 100'000, 1'000'000}) flblk::bench::Report(size, 5);
  return 0;
}
