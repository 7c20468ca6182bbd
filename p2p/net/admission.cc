#include "p2p/net/admission.h"

namespace flblk::net {

using rlpx::DisconnectReason;

Conduct Judge(const rlpx::Closed& closed, bool judged, bool was_established) {
  if (!judged || closed.received) return Conduct::kFine;
  if (!closed.sent) return was_established ? Conduct::kFine : Conduct::kNoise;
  switch (*closed.sent) {
    case DisconnectReason::kProtocolBreach:
    case DisconnectReason::kSubprotocolError:
    case DisconnectReason::kUnexpectedIdentity:
    case DisconnectReason::kInvalidIdentity:
      return Conduct::kMisconduct;
    default:
      return Conduct::kFine;
  }
}

bool Discourages(const rlpx::Closed& closed) {
  const std::optional<DisconnectReason> reason = closed.received ? closed.received : closed.sent;
  if (!reason) return false;
  switch (*reason) {
    case DisconnectReason::kProtocolBreach:
    case DisconnectReason::kUselessPeer:
    case DisconnectReason::kTooManyPeers:
    case DisconnectReason::kIncompatibleVersion:
    case DisconnectReason::kInvalidIdentity:
    case DisconnectReason::kUnexpectedIdentity:
    case DisconnectReason::kSelf:
    case DisconnectReason::kSubprotocolError:
      return true;
    default:
      return false;
  }
}

std::string Admission::Judged(const boost::asio::ip::address& address) const {
  if (!IsPublic(address)) return "";
  std::string key = AddressKey(address);
  for (const auto& [id, named_at] : named_at_) {
    if (named_at == key) return "";
  }
  return key;
}

void Admission::Named(const NodeId& id, const boost::asio::ip::address& address) {
  if (IsPublic(address)) named_at_[id] = AddressKey(address);
}

InboundGate::Verdict Admission::OnSocket(uint64_t connection,
                                         const boost::asio::ip::address& address, MonoTime now) {
  const std::string key = Judged(address);
  if (!key.empty() && bans_.Banned(key, now)) return {false, std::nullopt, "banned"};
  return gate_.Admit(connection, key, now);
}

Duration Admission::Punish(const Subject& subject, Conduct conduct, MonoTime now) {
  if (conduct == Conduct::kFine) return {};
  const Duration base = conduct == Conduct::kMisconduct ? kMisconductBan : kNoiseBan;
  Duration length{};
  if (subject.id && conduct == Conduct::kMisconduct) {
    length = bans_.Ban(Key(*subject.id), base, subject.named, now);
  }
  if (subject.inbound && !subject.named && IsPublic(subject.address)) {
    length = bans_.Ban(AddressKey(subject.address), base, false, now);
  }
  return length;
}

void Admission::Hold(const NodeId& id, int32_t penalty_points, MonoTime now) {
  if (penalty_points > 0) bans_.Hold(Key(id), penalty_points * kHoldPerPoint, now);
}

}  // namespace flblk::net
