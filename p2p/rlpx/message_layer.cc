#include "p2p/rlpx/message_layer.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "p2p/rlpx/snappy_block.h"

namespace flblk::rlpx {
namespace {

constexpr uint8_t kPingId = 0x02;
constexpr uint8_t kPongId = 0x03;
constexpr uint8_t kEmptyList[] = {0xc0};  // payload of Ping and Pong

std::vector<Capability> Offered(const SessionConfig& config) {
  std::vector<Capability> offered;
  if (config.eth.enabled) {
    offered.push_back({"eth", 69});
    offered.push_back({"eth", 68});
  }
  if (config.offer_flblk1) offered.push_back({"flblk", 1});
  offered.push_back({"flblk", 2});
  return offered;
}

std::string List(const std::vector<Capability>& capabilities) {
  std::string text;
  for (const Capability& capability : capabilities) {
    absl::StrAppend(&text, text.empty() ? "" : " ", capability.name.substr(0, 16), "/",
                    capability.version);
    if (text.size() > 120) return text + " ...";
  }
  return text.empty() ? "nothing" : text;
}

}  // namespace

MessageLayer::MessageLayer(const SessionConfig& config, const NodeId& remote, MonoTime deadline)
    : config_(config), remote_(remote), hello_due_(deadline) {
  Hello hello;
  hello.client_id = config.client_id;
  hello.capabilities = Offered(config);
  hello.listen_port = config.listen_port;
  hello.node_id = config.key->id();
  outbox_.push_back({kHelloId, EncodeHello(hello)});
}

void MessageLayer::Put(uint8_t id, ByteView body) { outbox_.push_back({id, SnappyCompress(body)}); }

// Our Hello always went first, so the peer already expects compression.
void MessageLayer::Close(DisconnectReason reason, std::string why, Events& out) {
  if (closed_) return;
  Put(kDisconnectId, EncodeDisconnect(reason));
  closed_ = true;
  out.push_back(Closed{std::nullopt, reason, std::move(why)});
}

void MessageLayer::OnHeard(Now now) {
  if (liveness_) liveness_->Heard(now.mono);
}

void MessageLayer::OnFramePart(Now now) {
  if (liveness_) liveness_->FramePart(now.mono);
}

void MessageLayer::OnFrame(OpenedFrame frame, Now now, Events& out) {
  if (closed_) return;
  if (!liveness_) return OnFirstFrame(frame, now, out);
  liveness_->FrameDone();
  if (frame.id < kFirstCapabilityId) return OnBaseMessage(frame, now, out);
  if (flblk_->Owns(frame.id)) return OnFlblk(std::move(frame), out);
  if (eth_ && eth_->Owns(frame.id)) return OnEth(frame, now, out);
  Close(DisconnectReason::kProtocolBreach,
        absl::StrFormat("message id 0x%02x: outside every shared capability", frame.id), out);
}

void MessageLayer::OnFirstFrame(const OpenedFrame& frame, Now now, Events& out) {
  if (frame.id == kDisconnectId) return OnDisconnect(frame.payload, out);
  if (frame.id != kHelloId) {
    return Close(DisconnectReason::kProtocolBreach,
                 absl::StrFormat("message id 0x%02x: before Hello", frame.id), out);
  }
  absl::StatusOr<Hello> theirs = DecodeHello(frame.payload);
  if (!theirs.ok()) {
    return Close(DisconnectReason::kProtocolBreach, std::string(theirs.status().message()), out);
  }
  OnHello(*theirs, now, out);
}

void MessageLayer::OnHello(const Hello& theirs, Now now, Events& out) {
  if (theirs.version != kP2pVersion) {
    return Close(DisconnectReason::kIncompatibleVersion,
                 absl::StrCat("Hello version: ", theirs.version, ", expected ", kP2pVersion), out);
  }
  if (remote_ == config_.key->id()) {
    return Close(DisconnectReason::kSelf, "the peer is ourselves", out);
  }
  if (theirs.node_id == NodeId{}) {
    return Close(DisconnectReason::kInvalidIdentity, "Hello node id: not 64 bytes, or zero", out);
  }
  if (theirs.node_id != remote_) {
    return Close(DisconnectReason::kUnexpectedIdentity,
                 "Hello node id: not the key proven in the handshake", out);
  }
  const auto shared = MatchCapabilities(Offered(config_), theirs.capabilities);
  const SharedCapability* flblk = FindCapability(shared, "flblk");
  if (flblk == nullptr) {
    return Close(DisconnectReason::kUselessPeer,
                 absl::StrCat("no shared flblk: the peer offers ", List(theirs.capabilities)), out);
  }
  flblk_ = *flblk;
  liveness_.emplace(now.mono);
  if (const SharedCapability* eth = FindCapability(shared, "eth")) {
    eth_ = *eth;
    companion_.emplace(config_.eth, eth->version, now.mono);
  }
  out.push_back(Established{remote_, theirs.client_id, static_cast<uint8_t>(flblk->version),
                            static_cast<uint8_t>(eth_ ? eth_->version : 0), theirs.listen_port});
}

void MessageLayer::OnBaseMessage(const OpenedFrame& frame, Now now, Events& out) {
  switch (frame.id) {
    case kDisconnectId:
      return OnDisconnect(frame.payload, out);
    case kPingId:
    case kPongId: {
      absl::StatusOr<Bytes> body = SnappyUncompress(frame.payload, kMaxBaseMessage);
      if (!body.ok()) {
        return Close(DisconnectReason::kProtocolBreach,
                     absl::StrCat("Ping or Pong: ", body.status().message()), out);
      }
      if (frame.id == kPongId) return liveness_->Pong();
      if (!liveness_->PingAllowed(now.mono)) {
        return Close(
            DisconnectReason::kProtocolBreach,
            absl::StrCat("Ping: more than ", kSessionLimits.ping_burst, " in a row and 1/s"), out);
      }
      return Put(kPongId, kEmptyList);
    }
    default:
      return Close(DisconnectReason::kProtocolBreach,
                   absl::StrFormat("message id 0x%02x: not expected after Hello", frame.id), out);
  }
}

void MessageLayer::OnDisconnect(ByteView payload, Events& out) {
  absl::StatusOr<DisconnectReason> reason = DecodeDisconnect(payload);
  closed_ = true;
  Closed event;
  if (reason.ok()) {
    event.received = *reason;
    event.why = absl::StrFormat("peer sent Disconnect 0x%02x: %s", static_cast<int>(*reason),
                                Name(*reason));
  } else {
    event.why = absl::StrCat("peer sent Disconnect: ", reason.status().message());
  }
  out.push_back(std::move(event));
}

void MessageLayer::OnEth(const OpenedFrame& frame, Now now, Events& out) {
  const uint8_t id = static_cast<uint8_t>(frame.id - eth_->offset);
  if (auto flood = companion_->OnArrival(id, now.mono)) {
    return Close(flood->reason, std::move(flood->why), out);
  }
  Bytes body;
  if (EthCompanion::Reads(id)) {
    absl::StatusOr<Bytes> uncompressed = SnappyUncompress(frame.payload, kMaxEthMessage);
    if (!uncompressed.ok()) {
      return Close(DisconnectReason::kSubprotocolError,
                   absl::StrCat("eth message ", id, ": ", uncompressed.status().message()), out);
    }
    body = *std::move(uncompressed);
  }
  const bool was_ready = companion_->remote().has_value();
  std::vector<EthCompanion::Out> answers;
  auto failure = companion_->OnMessage(id, body, now.mono, answers);
  AfterEth(std::move(failure), was_ready, std::move(answers), out);
}

void MessageLayer::AfterEth(std::optional<EthCompanion::Failure> failure, bool was_ready,
                            std::vector<EthCompanion::Out> answers, Events& out) {
  if (failure) return Close(failure->reason, std::move(failure->why), out);
  for (const EthCompanion::Out& answer : answers) {
    Put(static_cast<uint8_t>(eth_->offset + answer.id), answer.body);
  }
  if (!was_ready && companion_->remote()) {
    out.push_back(EthReady{companion_->remote()->network_id, companion_->remote()->genesis});
  }
}

void MessageLayer::OnFlblk(OpenedFrame frame, Events& out) {
  const uint8_t id = static_cast<uint8_t>(frame.id - flblk_->offset);
  if (config_.known_frames != nullptr) {
    wire::FramePtr known =
        config_.known_frames->Find(static_cast<wire::MessageId>(id), frame.payload);
    if (known != nullptr) return out.push_back(MessageReceived{std::move(known)});
  }
  absl::StatusOr<Bytes> body = SnappyUncompress(frame.payload, kMaxFlblkBody);
  if (!body.ok()) {
    return Close(DisconnectReason::kSubprotocolError,
                 absl::StrCat("flblk message ", id, ": ", body.status().message()), out);
  }
  auto message = std::make_shared<wire::Frame>();
  message->id = static_cast<wire::MessageId>(id);
  message->body = *std::move(body);
  message->snappy = std::move(frame.payload);
  out.push_back(MessageReceived{std::move(message)});
}

void MessageLayer::OnTimer(Now now, Events& out) {
  if (closed_) return;
  if (!liveness_) {
    if (now.mono >= hello_due_) Close(DisconnectReason::kPingTimeout, "no Hello in time", out);
    return;
  }
  if (liveness_->Idle(now.mono)) {
    return Close(DisconnectReason::kPingTimeout, "nothing arrived for 45 s", out);
  }
  if (liveness_->FrameLate(now.mono)) {
    return Close(DisconnectReason::kPingTimeout, "a frame has not arrived whole in 30 s", out);
  }
  if (liveness_->PingDue(now.mono)) Put(kPingId, kEmptyList);
  if (!companion_) return;
  std::vector<EthCompanion::Out> answers;
  auto failure = companion_->OnTimer(now.mono, answers);
  AfterEth(std::move(failure), true, std::move(answers), out);
}

std::optional<MonoTime> MessageLayer::NextDeadline() const {
  if (closed_) return std::nullopt;
  if (!liveness_) return hello_due_;
  MonoTime next = liveness_->NextDeadline();
  if (companion_) next = std::min(next, companion_->NextDeadline().value_or(next));
  return next;
}

}  // namespace flblk::rlpx
