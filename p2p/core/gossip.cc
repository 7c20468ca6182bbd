#include "p2p/core/gossip.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace flblk::core {

using wire::MessageId;

Gossip::Gossip(const GossipConfig& config, MonoTime start)
    : config_(config),
      rng_(config.seed),
      rotate_at_(start + config.rotation_interval),
      progress_at_(start),
      alive_at_(start),
      extra_at_(start) {
  for (size_t id = 1; id < control_frames_.size(); ++id) {
    // The snappy block of nothing is one byte, its length 0.
    control_frames_[id] =
        std::make_shared<const wire::Frame>(wire::Frame{static_cast<MessageId>(id), {}, {0x00}});
  }
}

// ---- sessions

Peer& Gossip::Connect(const PeerConnected& event, MonoTime now, Actions& out) {
  if (peers_.contains(event.session)) Disconnect(event.session, now, out);
  Peer& peer = peers_[event.session];
  peer.session = event.session;
  peer.node_id = event.node_id;
  peer.version = event.flblk_version;
  peer.trusted = event.trusted;
  peer.standby = event.standby;
  peer.always_asked =
      config_.builder && event.standby && event.flblk_version >= 2 && config_.max_receive_peers > 0;
  peer.feed_since = peer.retry_at = peer.any_retry_at = now;
  while (numbers_.Has(peer.number)) ++peer.number;
  numbers_.Add(peer.number);
  FeedOldVersions();
  FillReceiveSet(now, out);
  return peer;
}

void Gossip::Disconnect(SessionId session, MonoTime now, Actions& out) {
  const auto it = peers_.find(session);
  if (it == peers_.end()) return;
  numbers_.Remove(it->second.number);
  peers_.erase(it);
  FeedOldVersions();
  FillReceiveSet(now, out);
}

Peer* Gossip::Find(SessionId session) {
  const auto it = peers_.find(session);
  return it == peers_.end() || it->second.dropped ? nullptr : &it->second;
}

void Gossip::Penalise(Peer& peer, Offence offence, std::string why, MonoTime now, Actions& out) {
  if (peer.dropped) return;
  const bool over = peer.penalty.Charge(offence, peer.trusted, now);
  out.push_back(core::Penalise{peer.session, offence, why});
  if (!over) return;
  peer.dropped = true;
  peer.feeding = false;
  peer.feed = Feed::kNone;
  FeedOldVersions();
  out.push_back(Drop{peer.session, absl::StrCat(Name(offence), ": ", why)});
  FillReceiveSet(now, out);
}

// ---- control, flblk/2

bool Gossip::SendControl(Peer& peer, MessageId id, MonoTime now, Actions& out) {
  if (peer.dropped || !peer.control_out.Take(now)) return false;
  out.push_back(
      Send{control_frames_[static_cast<size_t>(id)], SendClass::kControl, 0, {peer.session}});
  return true;
}

void Gossip::Unexpected(Peer& peer, const char* what, MonoTime now, Actions& out) {
  if (peer.unexpected_in.Take(now)) return;
  Penalise(peer, Offence::kUnexpected, absl::StrCat("unexpected ", what, ", beyond the budget"),
           now, out);
}

bool Gossip::OnControl(Peer& peer, MessageId id, MonoTime now, Actions& out) {
  if (!peer.control_in.Take(now)) {
    Penalise(peer, Offence::kFlood, "control messages: more than 20, then 10 in 30 s", now, out);
    return false;
  }
  if (peer.version < 2) {
    Unexpected(peer, "control message in flblk/1", now, out);
    return false;
  }
  switch (id) {
    case MessageId::kRequestFlashblocks:
      return OnRequest(peer, now, out);
    case MessageId::kAcceptFlashblocks:
      NoteAnswer(peer);
      OnAccept(peer, now, out);
      break;
    case MessageId::kRejectFlashblocks:
      NoteAnswer(peer);
      OnReject(peer, now, out);
      break;
    case MessageId::kCancelFlashblocks:
      OnCancel(peer, now, out);
      break;
    case MessageId::kAuthorized:
      break;
  }
  return false;
}

size_t Gossip::StrangersFed() const {
  return std::ranges::count_if(
      peers_, [](const auto& entry) { return entry.second.feeding && !entry.second.trusted; });
}

void Gossip::FeedOldVersions() {
  size_t strangers = StrangersFed();
  for (auto& [session, peer] : peers_) {
    if (peer.version >= 2 || peer.feeding || peer.dropped) continue;
    if (!peer.trusted && strangers >= config_.max_send_peers) continue;
    peer.feeding = true;
    strangers += !peer.trusted;
  }
}

bool Gossip::OnRequest(Peer& peer, MonoTime now, Actions& out) {
  if (peer.feeding) {  // our first Accept may have been lost
    SendControl(peer, MessageId::kAcceptFlashblocks, now, out);
    return false;
  }
  if (!peer.trusted && StrangersFed() >= config_.max_send_peers) {
    SendControl(peer, MessageId::kRejectFlashblocks, now, out);
    return false;
  }
  peer.feeding = SendControl(peer, MessageId::kAcceptFlashblocks, now, out);
  return peer.feeding;
}

void Gossip::OnAccept(Peer& peer, MonoTime now, Actions& out) {
  if (peer.feed == Feed::kRequested) return StartReceiving(peer, now, out);
  Unexpected(peer, "AcceptFlashblocks", now, out);
}

void Gossip::OnReject(Peer& peer, MonoTime now, Actions& out) {
  if (peer.feed == Feed::kNone) return Unexpected(peer, "RejectFlashblocks", now, out);
  // Also while receiving: the peer says it does not feed us any more.
  if (peer.feed == Feed::kReceiving) Unexpected(peer, "RejectFlashblocks", now, out);
  StopReceiving(peer, now);
  FillReceiveSet(now, out);
}

void Gossip::OnCancel(Peer& peer, MonoTime now, Actions& out) {
  if (!peer.feeding) return Unexpected(peer, "CancelFlashblocks", now, out);
  peer.feeding = false;
  FeedOldVersions();
}

bool Gossip::Welcome(Peer& peer, MonoTime now, Actions& out) {
  NoteAnswer(peer);
  if (peer.version < 2 || peer.feed == Feed::kReceiving) return true;
  if (peer.feed == Feed::kRequested) {  // the Accept was lost or is behind
    StartReceiving(peer, now, out);
    return true;
  }
  if (peer.cancelled_at && now - *peer.cancelled_at <= kCancelTolerance) return true;
  // It believes that it feeds us: say once more that it does not, at most once per rotation.
  if (!peer.cancelled_at || now - *peer.cancelled_at >= config_.rotation_interval)
    Cancel(peer, now, out);
  Unexpected(peer, "flashblock: none were requested", now, out);
  return false;
}

// ---- fan-out

std::vector<SessionId> Gossip::FlashblockTargets(PeerSet& have, bool standbys_only) {
  std::vector<SessionId> to;
  to.reserve(peers_.size());
  for (auto& [session, peer] : peers_) {
    if (!peer.feeding || have.Has(peer.number) || (standbys_only && !peer.standby)) continue;
    have.Add(peer.number);
    ++peer.flashblocks_out;
    to.push_back(session);
  }
  return to;
}

std::vector<SessionId> Gossip::Everyone(std::optional<SessionId> except) const {
  std::vector<SessionId> to;
  to.reserve(peers_.size());
  for (const auto& [session, peer] : peers_) {
    if (!peer.dropped && session != except) to.push_back(session);
  }
  return to;
}

void Gossip::CountMissed(const PeerSet& have, MonoTime first_at) {
  for (auto& [session, peer] : peers_) {
    if (peer.feed != Feed::kReceiving || peer.feed_since > first_at || have.Has(peer.number))
      continue;
    ++peer.missed;
    peer.AddLatency(kMissedAfter);
  }
}

}  // namespace flblk::core
