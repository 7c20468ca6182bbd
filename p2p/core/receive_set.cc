// The receive side of gossip: whom we ask to feed us, how long we wait, whom we give up.
#include <algorithm>
#include <tuple>

#include "p2p/core/gossip.h"

namespace flblk::core {
namespace {

// A peer that never fed us is worth a try before one known to be slower than this.
constexpr Duration kUnknownLatency = std::chrono::milliseconds(50);
// On average: it misses most.
constexpr Duration kUselessLatency = std::chrono::milliseconds(500);

bool Useless(const Peer& peer) { return peer.latency > kUselessLatency; }

}  // namespace

size_t Gossip::HeldSlots() const {
  return std::ranges::count_if(peers_, [](const auto& entry) {
    const Peer& p = entry.second;
    return !p.always_asked &&
           (p.feed == Feed::kReceiving || (p.feed == Feed::kRequested && !p.overdue));
  });
}

size_t Gossip::Receiving() const {
  return std::ranges::count_if(peers_, [](const auto& entry) {
    return !entry.second.always_asked && entry.second.feed == Feed::kReceiving;
  });
}

Peer* Gossip::BestCandidate(MonoTime now, bool any) {
  Peer* best = nullptr;
  std::tuple<bool, bool, Duration, uint64_t> best_rank;
  for (auto& [session, peer] : peers_) {
    if (peer.dropped || peer.always_asked || peer.version < 2 || peer.feed != Feed::kNone) continue;
    if (now < (any ? peer.any_retry_at : peer.retry_at)) continue;
    if (!peer.control_out.MayTake(now)) {
      peer.retry_at = peer.any_retry_at = now + kRequestTimeout;
      continue;
    }
    const auto rank = std::tuple(Useless(peer), !peer.trusted,
                                 peer.latency.value_or(kUnknownLatency), rng_.Next());
    if (best != nullptr && rank >= best_rank) continue;
    best = &peer;
    best_rank = rank;
  }
  return best;
}

Peer* Gossip::WorstFeed(const Peer* except, MonoTime now) {
  Peer* worst = nullptr;
  std::tuple<bool, bool, bool, Duration> worst_rank;
  for (auto& [session, peer] : peers_) {
    if (peer.feed != Feed::kReceiving || peer.always_asked || &peer == except ||
        !peer.control_out.MayTake(now)) {
      continue;
    }
    // Never first whoever is nearest to the publisher now, though it missed much before.
    const auto rank = std::tuple(peer.session != newest_from_, Useless(peer), !peer.trusted,
                                 peer.latency.value_or(Duration::max()));
    if (worst != nullptr && rank <= worst_rank) continue;
    worst = &peer;
    worst_rank = rank;
  }
  return worst;
}

void Gossip::AskStandbys(MonoTime now, Actions& out) {
  for (auto& [session, peer] : peers_) {
    if (!peer.always_asked || peer.dropped || peer.feed != Feed::kNone || now < peer.retry_at)
      continue;
    if (peer.control_out.MayTake(now)) {
      Request(peer, now, out);
    } else {
      peer.retry_at = now + kRequestTimeout;
    }
  }
}

void Gossip::FillReceiveSet(MonoTime now, Actions& out) {
  AskStandbys(now, out);
  for (size_t held = HeldSlots(); held < config_.max_receive_peers; ++held) {
    Peer* peer = BestCandidate(now);
    if (peer == nullptr) peer = BestCandidate(now, true);
    if (peer == nullptr) return;
    Request(*peer, now, out);
  }
  // A trusted peer does not wait for rotation where an untrusted one feeds us.
  const Peer* worst = WorstFeed(nullptr, now);
  if (worst == nullptr || worst->trusted || HeldSlots() > config_.max_receive_peers) return;
  Peer* peer = BestCandidate(now);
  if (peer != nullptr && peer->trusted && !Useless(*peer)) Request(*peer, now, out);
}

void Gossip::Request(Peer& peer, MonoTime now, Actions& out) {
  SendControl(peer, wire::MessageId::kRequestFlashblocks, now, out);
  peer.feed = Feed::kRequested;
  peer.overdue = false;
  peer.feed_since = now;
  peer.check_at = now + kRequestTimeout;
  peer.cancelled_at.reset();
  if (peer.trusted && !peer.answered && !peer.answer_due) peer.answer_due = now + kSilentAfter;
}

void Gossip::StartReceiving(Peer& peer, MonoTime now, Actions& out) {
  peer.feed = Feed::kReceiving;
  peer.feed_since = now;
  const size_t extra = Starving(now) || following_ ? kStarvedExtra : 0;
  Trim(peer, config_.max_receive_peers + extra, now, out);
}

void Gossip::Trim(const Peer& keep, size_t limit, MonoTime now, Actions& out) {
  for (size_t receiving = Receiving(); receiving > limit; --receiving) {
    Peer* worst = WorstFeed(&keep, now);
    if (worst == nullptr) return;
    Cancel(*worst, now, out);
  }
}

void Gossip::NoteProgress(Peer& from, bool in_order, MonoTime now, Actions& out) {
  progress_at_ = now;
  newest_from_ = from.session;
  if (!in_order) return;
  alive_at_ = now;
  following_ = false;
  Trim(from, config_.max_receive_peers, now, out);
}

void Gossip::FollowStart(Peer& from, MonoTime now, Actions& out) {
  following_ = true;
  if (from.version < 2 || from.feed != Feed::kNone || config_.max_receive_peers == 0) return;
  if (from.control_out.MayTake(now)) Request(from, now, out);
}

void Gossip::StopReceiving(Peer& peer, MonoTime now) {
  peer.feed = Feed::kNone;
  peer.feed_since = now;
  peer.retry_at = peer.any_retry_at = now + config_.rotation_interval;
}

void Gossip::Cancel(Peer& peer, MonoTime now, Actions& out) {
  if (!SendControl(peer, wire::MessageId::kCancelFlashblocks, now, out)) return;
  StopReceiving(peer, now);
  peer.cancelled_at = now;
  peer.any_retry_at = now;
}

void Gossip::CheckRequest(Peer& peer, MonoTime now) {
  if (!peer.overdue) {
    peer.overdue = true;
    peer.check_at = peer.feed_since + std::max(config_.rotation_interval, kRequestTimeout);
    if (peer.check_at > now) return;
  }
  if (progress_at_ > peer.feed_since) {  // others delivered, this one did not: a lost Reject
    StopReceiving(peer, now);
    peer.retry_at = peer.any_retry_at = now;
  } else {
    peer.check_at = now + std::max(config_.rotation_interval, kRequestTimeout);
  }
}

void Gossip::NoteAnswer(Peer& peer) {
  peer.answered = true;
  peer.answer_due.reset();
}

void Gossip::CheckSilent(Peer& peer, MonoTime now, Actions& out) {
  if (peer.dropped || !peer.answer_due || now < *peer.answer_due) return;
  const MonoTime allowed = renewals_.Next(peer.node_id, now);
  peer.answer_due = std::max(allowed, now + kSilentAfter);
  if (allowed > now) return;
  renewals_.Note(peer.node_id, now);
  out.push_back(
      Renew{peer.session, "RequestFlashblocks: no answer in 10 s, a new session may help"});
}

void Gossip::Rotate(MonoTime now, Actions& out) {
  rotate_at_ = now + config_.rotation_interval;
  if (config_.max_receive_peers == 0 || Receiving() < config_.max_receive_peers) return;
  if (WorstFeed(nullptr, now) == nullptr) return;
  if (Peer* candidate = BestCandidate(now)) Request(*candidate, now, out);
}

void Gossip::OnTimer(MonoTime now, Actions& out) {
  for (auto& [session, peer] : peers_) {
    if (peer.feed == Feed::kRequested && now >= peer.check_at) CheckRequest(peer, now);
    CheckSilent(peer, now, out);
  }
  FillReceiveSet(now, out);
  if (now >= rotate_at_) Rotate(now, out);
  if (config_.max_receive_peers == 0 || !Starving(now) || now < extra_at_) return;
  extra_at_ = now + kStarvedAfter;
  if (Peer* candidate = BestCandidate(now, true)) Request(*candidate, now, out);
}

std::optional<MonoTime> Gossip::NextDeadline() const {
  MonoTime next = rotate_at_;
  const bool wanting = HeldSlots() < config_.max_receive_peers;
  const MonoTime starved =
      config_.max_receive_peers == 0 ? rotate_at_ : std::max(alive_at_ + kStarvedAfter, extra_at_);
  for (const auto& [session, peer] : peers_) {
    if (peer.dropped || peer.version < 2) continue;
    if (peer.answer_due) next = std::min(next, *peer.answer_due);
    if (peer.feed == Feed::kRequested) next = std::min(next, peer.check_at);
    if (peer.feed != Feed::kNone) continue;
    if (peer.always_asked) {
      next = std::min(next, peer.retry_at);
      continue;
    }
    if (wanting) next = std::min(next, peer.any_retry_at);
    next = std::min(next, std::max(starved, peer.any_retry_at));
  }
  return next;
}

}  // namespace flblk::core
