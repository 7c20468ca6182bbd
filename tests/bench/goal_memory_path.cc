// Goals 4 and 8 without sockets: relaying one flashblock, and what idle sessions hold.

#include "glog/logging.h"
#include "p2p/core/engine.h"
#include "p2p/net/clock.h"
#include "p2p/net/engine_ports.h"
#include "p2p/net/fan_out.h"
#include "p2p/rlpx/testing/sessions.h"
#include "p2p/wire/limits.h"
#include "signer/blake3.h"
#include "tests/bench/goal_list.h"
#include "tests/bench/memory.h"

namespace flblk::bench {
namespace {

using rlpx::testing::At;

// A relay: one session it is fed by, an engine, and eight sessions it feeds.
class Relay {
 public:
  static constexpr size_t kFed = net::kFanOutGroup;

  Relay()
      : verifier_(AuthorizerKey().public_key()),
        engine_({}, {.verifier = &verifier_, .compressor = &compressor_}, net::RealNow()),
        slot_(static_cast<uint64_t>(net::RealNow().unix_seconds()) - 1000) {
    for (size_t i = 0; i <= kFed; ++i) {
      pairs_.push_back(std::make_unique<rlpx::testing::Pair>());
      pairs_.back()->Run();
      core::PeerConnected up{.session = i, .node_id = {}, .flblk_version = 1, .trusted = true};
      engine_.Step(up, net::RealNow()).status.IgnoreError();
    }
  }

  // CPU seconds from the last byte of the frame to the sealed frames of the peers, over those of
  // the stages nobody can leave out.
  double Ratio(size_t size) {
    if (++index_ % kPerBlock == 0 || !authorization_) {
      index_ = 0;
      authorization_ = AuthorizationFor(++slot_);
    }
    const wire::FramePtr frame =
        SerialStages(Flashblock(*authorization_, index_, size), *authorization_);
    rlpx::testing::Side& sender = pairs_[0]->a;
    sender.session.Send(*frame).IgnoreError();
    const Bytes bytes(sender.session.PendingOutput().begin(), sender.session.PendingOutput().end());
    sender.session.ConsumeOutput(bytes.size());
    const double relayed = Forward(bytes);
    const double floor = Floor(*frame);
    return relayed / (floor + ModelSeconds(kFed, bytes.size(), Perm8Seconds()));
  }

 private:
  static constexpr uint64_t kPerBlock = 10;

  double Forward(const Bytes& bytes) {
    rlpx::testing::Side& receiver = pairs_[0]->b;
    const ByteView all(bytes);
    receiver.session.OnBytes(all.first(all.size() - 1), At({}), receiver.events);
    receiver.events.clear();
    const double begin = ThreadSeconds();
    receiver.session.OnBytes(all.last(1), At({}), receiver.events);
    auto& message = std::get<rlpx::MessageReceived>(receiver.events.at(0));
    const core::StepResult result =
        engine_.Step(core::PeerMessage{0, std::move(message.frame)}, net::RealNow());
    size_t sealed = 0;
    for (const core::Action& action : result.actions) {
      if (const auto* send = std::get_if<core::Send>(&action)) sealed += Seal(*send);
    }
    const double end = ThreadSeconds();
    CHECK_EQ(sealed, kFed) << "a flashblock was not forwarded to all";
    for (auto& pair : pairs_) {
      pair->a.session.ConsumeOutput(pair->a.session.PendingOutput().size());
    }
    return end - begin;
  }

  size_t Seal(const core::Send& send) {
    std::vector<rlpx::Session::Egress> egress;
    for (const core::SessionId to : send.to) egress.push_back(pairs_[to]->a.session.egress());
    net::SealForAll(*send.frame, egress);
    return egress.size();
  }

  static double Floor(const wire::Frame& frame) {
    const Signature signature = BuilderKey().Sign(Blake3(frame.body));
    const double begin = ThreadSeconds();
    const auto body = rlpx::SnappyUncompress(frame.snappy, wire::kMaxMessageBytes);
    const Hash32 digest = Blake3(*body);
    const bool valid = Verify(BuilderKey().public_key(), digest, signature);
    const double end = ThreadSeconds();
    CHECK(valid);
    return end - begin;
  }

  net::NetworkVerifier verifier_;
  net::SnappyCompressor compressor_;
  core::Engine engine_;
  std::vector<std::unique_ptr<rlpx::testing::Pair>> pairs_;  // 0: the source
  uint64_t slot_;
  uint64_t index_ = 0;
  std::optional<Authorization> authorization_;
};

}  // namespace

void RelayGoal(const Options& options) {
  const bool lanes8 = BestKeccakLanes() == KeccakLanes::kAvx512;
  for (const size_t size : {1'000, 10'000, 100'000, 1'000'000}) {
    Row row{4, "relay, " + SizeName(8, size), 1.3, false, {}, "needs AVX-512"};
    if (lanes8) {
      Relay relay;
      std::vector<double> ratios;
      const double end = WallSeconds() + (options.quick ? 3 : 8);
      for (int i = 0; i < 300 && (i < 30 || WallSeconds() < end); ++i) {
        ratios.push_back(relay.Ratio(size));
      }
      row.note = "";
      row.ratio = Median(ratios);
    }
    Print(row);
  }
}

void SessionGoal(const Options&) {
  constexpr size_t kPairs = 500;
  std::vector<std::unique_ptr<rlpx::testing::Pair>> pairs;
  pairs.reserve(kPairs);
  rlpx::testing::Pair().Run();  // keys and tables of the libraries
  const size_t before = ResidentBytes();
  for (size_t i = 0; i < kPairs; ++i) {
    pairs.push_back(std::make_unique<rlpx::testing::Pair>());
    pairs.back()->Run();
  }
  const double each = static_cast<double>(ResidentBytes() - before) / (2 * kPairs);
  Print({8, "idle session in memory, of 64 KB", 1, false, each / 65536, ""});
}

}  // namespace flblk::bench
