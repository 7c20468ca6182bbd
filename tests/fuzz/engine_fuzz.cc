// Fuzzes p2p/core: a node of ours between peers that do whatever they like. An input is a program:
// peers connect, leave and send (well signed, broken, replayed, under our own key), the host calls,
// time passes. Whatever happens: what we send goes to live sessions only, a flashblock at most once
// to each; we sign one content per (payload id, index) and nothing without StartPublish and
// clearance; deliveries are in order; a timer that rang is not due again at once.
#include <cstdlib>
#include <map>
#include <set>

#include "p2p/core/engine.h"
#include "p2p/core/sign_once_memory.h"
#include "tests/sim/fake_ports.h"

namespace flblk::core {
namespace {

using std::chrono::milliseconds;

constexpr uint64_t kSlot0 = 1'800'000'000;
constexpr int64_t kMonoStart = 1'000'000'000'000;
constexpr size_t kMaxFrames = 64;

void Require(bool holds) {
  if (!holds) std::abort();
}

// Points of the curve, since the reader refuses other keys. Number 0 is ours.
const PublicKey& BuilderKey(size_t n) {
  static const std::vector<PublicKey> keys = [] {
    std::vector<PublicKey> made;
    for (uint8_t seed = 1; seed <= 5; ++seed) {
      FixedBytes<32> bytes;
      bytes.fill(seed);
      made.push_back(SecretKey::FromSeed(bytes)->public_key());
    }
    return made;
  }();
  return keys[n % keys.size()];
}

class Reader {  // of the program; zeros behind its end
 public:
  explicit Reader(ByteView bytes) : bytes_(bytes) {}
  bool done() const { return bytes_.empty(); }
  uint8_t Byte() {
    if (bytes_.empty()) return 0;
    const uint8_t b = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return b;
  }
  ByteView Take(size_t n) {
    const ByteView out = bytes_.first(std::min(n, bytes_.size()));
    bytes_ = bytes_.subspan(out.size());
    return out;
  }

 private:
  ByteView bytes_;
};

class Scene {
 public:
  explicit Scene(Reader& in) : in_(in), signer_(BuilderKey(0)), verifier_(BuilderKey(4)) {
    EngineConfig config;
    const uint8_t options = in_.Byte();
    if (options & 1) config.builder = BuilderKey(0);
    if (options & 2) config.takeover_after = milliseconds(400);
    config.stop_on_bare_fcu = options & 4;
    config.max_send_peers = 1 + options / 64;
    config.max_receive_peers = 1 + options / 16 % 4;
    engine_.emplace(
        config,
        EnginePorts{&verifier_, &compressor_, config.builder ? &signer_ : nullptr, &journal_},
        now());
  }

  void Run() {
    for (int steps = 0; !in_.done() && steps < 400; ++steps) One(in_.Byte());
  }

 private:
  Now now() const {
    return {MonoTime{kMonoStart + time_ns_},
            static_cast<int64_t>(kSlot0) * 1'000'000'000 + time_ns_};
  }
  SessionId Session() {
    if (sessions_.empty()) return 999;  // one that never was
    auto at = sessions_.begin();
    std::advance(at, in_.Byte() % sessions_.size());
    return *at;
  }
  uint64_t Slot() {
    const uint64_t running = kSlot0 + static_cast<uint64_t>(time_ns_ / 1'000'000'000);
    return running / 2 * 2 + 2 * (in_.Byte() % 8) - 6;
  }
  Authorization Authorize(size_t builder) {
    const uint64_t slot = Slot();
    const uint8_t variant = in_.Byte();
    PayloadId id{3, 0, 0, 0, 0, 0, static_cast<uint8_t>(slot >> 8), static_cast<uint8_t>(slot)};
    if (variant > 240) id[variant % 8] ^= variant;
    const PublicKey& authorizer = variant == 7 ? BuilderKey(3) : BuilderKey(4);
    return sim::FakeAuthorization(authorizer, id, slot, BuilderKey(builder));
  }
  wire::FlashblocksPayloadV1 Flashblock(const Authorization& a) {
    wire::FlashblocksPayloadV1 f;
    f.payload_id = a.payload_id;
    f.index = in_.Byte() % 120;
    if (f.index > 8) f.index %= 8;
    const uint8_t tag = in_.Byte();
    f.diff.transactions.push_back(Bytes{2, static_cast<uint8_t>(tag % 2)});
    f.metadata = "{\"fees\":\"0x0\"}";
    if ((f.index == 0) != (tag > 250)) {
      f.base.emplace();
      f.base->timestamp = a.timestamp;
      f.base->block_number = a.timestamp / 2 + (tag > 240);
    }
    return f;
  }
  wire::FramePtr Sign(size_t builder, ByteView message, const Authorization& a) {
    const Bytes item = wire::EncodeAuthorization(a);
    Signature signature = sim::FakeSignature(BuilderKey(builder), wire::ActorDigest(message, item));
    if (in_.Byte() == 9) signature.bytes[0] ^= 1;
    return Frame(wire::MessageId::kAuthorized, wire::EncodeAuthorized(message, item, signature));
  }
  static wire::FramePtr Frame(wire::MessageId id, Bytes body) {
    return std::make_shared<const wire::Frame>(wire::Frame{id, std::move(body), {0}});
  }
  void Message(wire::FramePtr frame) {
    if (sent_.size() < kMaxFrames) sent_.push_back(frame);
    Do(PeerMessage{Session(), std::move(frame)});
  }

  void One(uint8_t op) {
    switch (op % 12) {
      case 0:
        if (sessions_.size() < 12) {
          sessions_.insert(++last_session_);
          Do(PeerConnected{last_session_, {}, static_cast<uint8_t>(1 + op / 12 % 2), op > 200});
        }
        break;
      case 1: {
        const SessionId gone = Session();
        sessions_.erase(gone);
        Do(PeerDisconnected{gone});
        break;
      }
      case 2:
      case 3: {
        const size_t builder = op / 12 % 4;
        const Authorization a = Authorize(builder);
        Message(Sign(builder, wire::EncodeFlashblockMessage(Flashblock(a)), a));
        break;
      }
      case 4: {
        const size_t builder = op / 12 % 4;
        const Authorization a = Authorize(builder);
        const auto kind =
            op >= 128 ? wire::MessageKind::kStartPublish : wire::MessageKind::kStopPublish;
        Message(Sign(builder, wire::EncodeMarkerMessage(kind), a));
        break;
      }
      case 5:
        Message(Frame(static_cast<wire::MessageId>(1 + op / 12 % 4), {}));
        break;
      case 6: {
        const ByteView raw = in_.Take(in_.Byte());
        Message(Frame(wire::MessageId::kAuthorized, Bytes(raw.begin(), raw.end())));
        break;
      }
      case 7:
        if (!sent_.empty()) Replay(sent_[in_.Byte() % sent_.size()], op);
        break;
      case 8:
        Forkchoice(op);
        break;
      case 9:
        Do(PublishFlashblock{Flashblock(Authorize(0))});
        break;
      case 10:
        if (op > 200) {
          Do(StopPublishing{"the host stops"});
        } else if (op > 150) {
          Do(PayloadSealed{Authorize(0).payload_id});
        } else {
          // what the host would do: the next index of the authorized payload
          const HandoffView view = engine_->handoff();
          if (!view.authorization) break;
          wire::FlashblocksPayloadV1 f = Flashblock(*view.authorization);
          f.index = view.next_index;
          f.base.reset();
          if (f.index == 0) {
            f.base.emplace();
            f.base->timestamp = view.authorization->timestamp;
          }
          Do(PublishFlashblock{f});
        }
        break;
      default:
        Pass(milliseconds(1 + in_.Byte() * (op > 128 ? 40 : 4)));
    }
  }
  void Replay(const wire::FramePtr& frame, uint8_t op) {
    if (op < 128 || frame->body.empty()) return Do(PeerMessage{Session(), frame});
    Bytes body = frame->body;
    body[(in_.Byte() * 256u + in_.Byte()) % body.size()] ^= static_cast<uint8_t>(1 + in_.Byte());
    Do(PeerMessage{Session(), Frame(frame->id, std::move(body))});
  }
  void Forkchoice(uint8_t op) {
    ForkchoiceUpdated update;
    if (op < 230) {
      const Authorization a = Authorize(op / 12 == 11 ? 1 : 0);
      update.attributes.emplace();
      update.attributes->timestamp = a.timestamp + (op / 12 == 10);
      update.attributes->block_number = a.timestamp / 2;
      if (op / 12 != 9) update.authorization = a;
    }
    Do(update);
  }
  void Pass(Duration span) {
    const int64_t end = time_ns_ + span.count();
    for (int rings = 0;; ++rings) {
      Require(rings < 5000);
      const std::optional<MonoTime> due = engine_->NextDeadline();
      if (!due || due->ns - kMonoStart > end) break;
      time_ns_ = std::max(time_ns_, due->ns - kMonoStart);
      Do(TimerFired{});
      const std::optional<MonoTime> next = engine_->NextDeadline();
      Require(!next || *next > now().mono);
    }
    time_ns_ = end;
  }

  void Do(Event event) {
    publishing_ = std::holds_alternative<PublishFlashblock>(event);
    StepResult result = engine_->Step(std::move(event), now());
    for (const Action& action : result.actions)
      std::visit([&](const auto& a) { Check(a); }, action);
  }
  void Check(const Send& send) {
    Require(send.frame != nullptr);
    std::set<SessionId> once;
    for (const SessionId to : send.to) Require(sessions_.contains(to) && once.insert(to).second);
    if (send.frame->id != wire::MessageId::kAuthorized) return;
    absl::StatusOr<wire::Envelope> envelope = wire::SplitAuthorized(send.frame->body);
    Require(envelope.ok());
    absl::StatusOr<wire::MessagePeek> peek = wire::PeekMessage(envelope->message);
    Require(peek.ok());
    const bool ours = envelope->authorization.builder_vk == BuilderKey(0);
    if (peek->kind == wire::MessageKind::kStartPublish && ours) started_ = true;
    if (peek->kind != wire::MessageKind::kFlashblock) return;
    for (const SessionId to : send.to) {
      Require(fed_.insert({to, envelope->authorization.timestamp, peek->payload_id, peek->index})
                  .second);
    }
  }
  void Check(const FlashblockDelivered& item) {
    Require(item.flashblock != nullptr);
    const uint64_t slot = item.authorization.timestamp;
    Require(slot > delivered_slot_ ||
            (slot == delivered_slot_ && item.flashblock->index == delivered_next_));
    if (slot > delivered_slot_) Require(item.flashblock->index == 0);
    delivered_slot_ = slot;
    delivered_next_ = item.flashblock->index + 1;
    if (!publishing_) return;  // under our key, but from a peer: before a restart, or forged
    Require(started_ && engine_->handoff().state == PublishState::kPublishing);
    const Bytes content = wire::EncodeFlashblockMessage(*item.flashblock);
    const auto [at, fresh] =
        signed_.try_emplace({item.flashblock->payload_id, item.flashblock->index}, content);
    Require(fresh || at->second == content);
  }
  void Check(const PublishingChanged& change) {
    if (change.to == PublishState::kIdle || change.to == PublishState::kYielded) started_ = false;
    if (sessions_.empty()) started_ = true;  // nobody to tell
  }
  void Check(const Penalise&) {}
  void Check(const Drop&) {}
  void Check(const Renew& renew) { Require(sessions_.contains(renew.session)); }
  void Check(const Heard& heard) { Require(sessions_.contains(heard.session)); }
  void Check(const EquivocationFound& e) { Require(e.first != nullptr && e.second != nullptr); }

  Reader& in_;
  sim::FakeSigner signer_;
  sim::FakeVerifier verifier_;
  sim::FakeCompressor compressor_;
  SignOnceMemory journal_;
  std::optional<Engine> engine_;
  std::set<SessionId> sessions_;
  SessionId last_session_ = 0;
  std::vector<wire::FramePtr> sent_;
  int64_t time_ns_ = 0;
  bool started_ = false, publishing_ = false;
  uint64_t delivered_slot_ = 0, delivered_next_ = 0;
  std::set<std::tuple<SessionId, uint64_t, PayloadId, uint64_t>> fed_;
  std::map<std::pair<PayloadId, uint64_t>, Bytes> signed_;
};

}  // namespace
}  // namespace flblk::core

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  flblk::core::Reader program(flblk::ByteView(data, size));
  flblk::core::Scene(program).Run();
  return 0;
}
