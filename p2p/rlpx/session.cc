#include "p2p/rlpx/session.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "p2p/rlpx/message_layer.h"

namespace flblk::rlpx {

// The phases follow from what is there: handshake -> messages (with sealer and opener) -> closed.
struct Session::State {
  State(const SessionConfig& session_config, std::span<const uint8_t, 32> entropy, Now now)
      : config(session_config),
        started(now.mono),
        next_trim(now.mono + kSessionLimits.ping),
        handshake(std::make_unique<Handshake>(config.role, config.key, config.remote,
                                              HandshakeRandom::FromEntropy(entropy))) {
    absl::StatusOr<Bytes> first = handshake->Start();
    if (first.ok()) {
      output.Append(*first);
    } else {
      start_error = first.status();
    }
  }

  absl::StatusOr<size_t> Feed(ByteView bytes, Now now, std::vector<SessionEvent>& out);
  absl::StatusOr<size_t> FeedHandshake(ByteView bytes, Now now);
  void SealOutbox();
  void Fail(const absl::Status& status, std::vector<SessionEvent>& out);
  void Die(std::string why, std::vector<SessionEvent>& out);

  const SessionConfig config;
  const MonoTime started;
  MonoTime next_trim;
  absl::Status start_error;  // reported by the first call that can
  bool dead = false;         // closed without a message layer, or by a broken stream
  OutputBuffer output;
  std::unique_ptr<Handshake> handshake;  // null once it is done
  std::optional<FrameSealer> sealer;
  std::optional<FrameOpener> opener;
  std::optional<MessageLayer> messages;
};

absl::StatusOr<size_t> Session::State::FeedHandshake(ByteView bytes, Now now) {
  absl::StatusOr<size_t> used = handshake->Feed(bytes);
  if (!used.ok() || !handshake->done()) return used;
  output.Append(handshake->reply());
  sealer.emplace(handshake->secrets());
  opener.emplace(handshake->secrets());
  messages.emplace(config, handshake->remote(),
                   std::min(now.mono + kSessionLimits.hello, started + kSessionLimits.handshake));
  handshake.reset();
  SealOutbox();
  return used;
}

absl::StatusOr<size_t> Session::State::Feed(ByteView bytes, Now now,
                                            std::vector<SessionEvent>& out) {
  if (handshake) return FeedHandshake(bytes, now);
  absl::StatusOr<size_t> used = opener->Feed(bytes, messages->MaxContent());
  if (used.ok() && opener->ready()) {
    messages->OnFrame(opener->Take(), now, out);
    SealOutbox();
  }
  return used;
}

void Session::State::SealOutbox() {
  for (const MessageLayer::Message& message : messages->outbox()) {
    const size_t size = FrameSealer::SealedSize(message.payload.size());
    sealer->Seal(message.id, message.payload, output.Extend(size));
  }
  messages->outbox().clear();
}

void Session::State::Die(std::string why, std::vector<SessionEvent>& out) {
  dead = true;
  out.push_back(Closed{std::nullopt, std::nullopt, std::move(why)});
}

// A wrong MAC or a failed handshake is no message of the peer's: there is nothing to answer. What
// the peer itself framed wrongly is told to it.
void Session::State::Fail(const absl::Status& status, std::vector<SessionEvent>& out) {
  if (!messages || absl::IsUnauthenticated(status)) {
    return Die(std::string(status.message()), out);
  }
  messages->Close(DisconnectReason::kProtocolBreach, std::string(status.message()), out);
  SealOutbox();
}

Session::Session(const SessionConfig& config, std::span<const uint8_t, 32> entropy, Now now)
    : state_(std::make_unique<State>(config, entropy, now)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

bool Session::closed() const {
  return state_->dead || (state_->messages && state_->messages->closed());
}

void Session::OnBytes(ByteView bytes, Now now, std::vector<SessionEvent>& out) {
  if (closed()) return;
  if (!state_->start_error.ok()) return state_->Fail(state_->start_error, out);
  if (state_->messages) state_->messages->OnHeard(now);
  while (!bytes.empty() && !closed()) {
    absl::StatusOr<size_t> used = state_->Feed(bytes, now, out);
    if (!used.ok()) return state_->Fail(used.status(), out);
    bytes = bytes.subspan(*used);
  }
  if (state_->opener && state_->opener->begun()) state_->messages->OnFramePart(now);
}

KeccakJob Session::TakeAhead(ByteView bytes) {
  if (closed() || !state_->messages) return {};
  return state_->opener->TakeAhead(bytes, state_->messages->MaxContent());
}

void Session::OnTimer(Now now, std::vector<SessionEvent>& out) {
  if (closed()) return;
  if (!state_->start_error.ok()) return state_->Fail(state_->start_error, out);
  if (now.mono >= state_->next_trim) {
    state_->next_trim = now.mono + kSessionLimits.ping;
    state_->output.Trim();
  }
  if (!state_->messages) {
    if (now.mono >= state_->started + kSessionLimits.handshake) {
      state_->Die("handshake not done in 20 s", out);
    }
    return;
  }
  state_->messages->OnTimer(now, out);
  state_->SealOutbox();
}

std::optional<MonoTime> Session::NextDeadline() const {
  if (closed()) return std::nullopt;
  if (!state_->start_error.ok()) return state_->started;
  if (!state_->messages) return state_->started + kSessionLimits.handshake;
  return state_->messages->NextDeadline();
}

absl::Status Session::Send(const wire::Frame& frame) {
  const Egress to = egress();
  if (to.sealer == nullptr) return absl::FailedPreconditionError("session: not established");
  const uint8_t id = static_cast<uint8_t>(frame.id);
  if (id >= to.flblk_length) {
    return absl::FailedPreconditionError(absl::StrCat(
        "message id ", id, ": the shared flblk version has ", to.flblk_length, " ids"));
  }
  if (frame.snappy.empty()) return absl::InvalidArgumentError("frame: no compressed body");
  if (frame.snappy.size() >= kMaxFrameContent) {
    return absl::ResourceExhaustedError(
        absl::StrCat("frame: ", frame.snappy.size() + 1, " bytes, limit ", kMaxFrameContent));
  }
  to.sealer->Seal(static_cast<uint8_t>(to.flblk_offset + id), frame.snappy,
                  to.output->Extend(FrameSealer::SealedSize(frame.snappy.size())));
  return absl::OkStatus();
}

void Session::Disconnect(DisconnectReason reason, std::string why, Now,
                         std::vector<SessionEvent>& out) {
  if (closed()) return;
  if (!state_->messages) return state_->Die(std::move(why), out);
  state_->messages->Close(reason, std::move(why), out);
  state_->SealOutbox();
}

ByteView Session::PendingOutput() const { return state_->output.pending(); }
void Session::ConsumeOutput(size_t n) { state_->output.Consume(n); }

Session::Egress Session::egress() {
  if (closed() || !state_->messages || state_->messages->flblk() == nullptr) return {};
  const SharedCapability& flblk = *state_->messages->flblk();
  return {&*state_->sealer, &state_->output, flblk.offset, flblk.length};
}

}  // namespace flblk::rlpx
