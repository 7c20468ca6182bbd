// The receive side of gossip: whom we ask to feed us, how long we wait, whom we give up.
#include <algorithm>
#include <tuple>

#include "p2p/core/gossip.h"

namespace flblk::core {
namespace {

// A peer that never fed us is worth a try before one known to be slower than this.
constexpr Duration kUnknownLatency = std::chrono::milliseconds(50);

}  // namespace

size_t Gossip::HeldSlots() const {
  return std::ranges::count_if(peers_, [](const auto& entry) {
    const Peer& p = entry.second;
    return p.feed == Feed::kReceiving || (p.feed == Feed::kRequested && !p.overdue);
  });
}

size_t Gossip::Receiving() const {
  return std::ranges::count_if(
      peers_, [](const auto& entry) { return entry.second.feed == Feed::kReceiving; });
}

Peer* Gossip::BestCandidate(MonoTime now) {
  Peer* best = nullptr;
  std::tuple<bool, Duration, uint64_t> best_rank;
  for (auto& [session, peer] : peers_) {
    if (peer.dropped || peer.version < 2 || peer.feed != Feed::kNone || now < peer.retry_at)
      continue;
    if (!peer.control_out.MayTake(now)) {
      peer.retry_at = now + kRequestTimeout;
      continue;
    }
    const auto rank =
        std::tuple(!peer.trusted, peer.latency.value_or(kUnknownLatency), rng_.Next());
    if (best != nullptr && rank >= best_rank) continue;
    best = &peer;
    best_rank = rank;
  }
  return best;
}

Peer* Gossip::WorstFeed(const Peer* except, MonoTime now) {
  Peer* worst = nullptr;
  std::tuple<bool, Duration> worst_rank;
  for (auto& [session, peer] : peers_) {
    if (peer.feed != Feed::kReceiving || &peer == except || !peer.control_out.MayTake(now))
      continue;
    const auto rank = std::tuple(!peer.trusted, peer.latency.value_or(Duration::max()));
    if (worst != nullptr && rank <= worst_rank) continue;
    worst = &peer;
    worst_rank = rank;
  }
  return worst;
}

void Gossip::FillReceiveSet(MonoTime now, Actions& out) {
  for (size_t held = HeldSlots(); held < config_.max_receive_peers; ++held) {
    Peer* peer = BestCandidate(now);
    if (peer == nullptr) return;
    Request(*peer, now, out);
  }
  // A trusted peer does not wait for rotation where an untrusted one feeds us.
  const Peer* worst = WorstFeed(nullptr, now);
  if (worst == nullptr || worst->trusted || HeldSlots() > config_.max_receive_peers) return;
  if (Peer* peer = BestCandidate(now); peer != nullptr && peer->trusted) Request(*peer, now, out);
}

void Gossip::Request(Peer& peer, MonoTime now, Actions& out) {
  SendControl(peer, wire::MessageId::kRequestFlashblocks, now, out);
  peer.feed = Feed::kRequested;
  peer.overdue = false;
  peer.feed_since = now;
  peer.check_at = now + kRequestTimeout;
  peer.cancelled_at.reset();
}

void Gossip::StartReceiving(Peer& peer, MonoTime now, Actions& out) {
  peer.feed = Feed::kReceiving;
  peer.feed_since = now;
  if (Receiving() <= config_.max_receive_peers) return;
  if (Peer* worst = WorstFeed(&peer, now)) Cancel(*worst, now, out);
}

void Gossip::StopReceiving(Peer& peer, MonoTime now) {
  peer.feed = Feed::kNone;
  peer.feed_since = now;
  peer.retry_at = now + config_.rotation_interval;
}

void Gossip::Cancel(Peer& peer, MonoTime now, Actions& out) {
  if (!SendControl(peer, wire::MessageId::kCancelFlashblocks, now, out)) return;
  StopReceiving(peer, now);
  peer.cancelled_at = now;
}

void Gossip::CheckRequest(Peer& peer, MonoTime now) {
  if (!peer.overdue) {
    peer.overdue = true;
    peer.check_at = peer.feed_since + std::max(config_.rotation_interval, kRequestTimeout);
    if (peer.check_at > now) return;
  }
  if (progress_at_ > peer.feed_since) {  // others delivered, this one did not: a lost Reject
    StopReceiving(peer, now);
    peer.retry_at = now;
  } else {
    peer.check_at = now + std::max(config_.rotation_interval, kRequestTimeout);
  }
}

void Gossip::Rotate(MonoTime now, Actions& out) {
  // Feeds that bring nothing at all may be cut off from the publisher: look elsewhere sooner.
  const bool starving = progress_at_ + config_.rotation_interval < now;
  rotate_at_ = now + (starving ? std::min(kStarvedRotation, config_.rotation_interval)
                               : config_.rotation_interval);
  if (config_.max_receive_peers == 0 || Receiving() < config_.max_receive_peers) return;
  if (WorstFeed(nullptr, now) == nullptr) return;
  if (Peer* candidate = BestCandidate(now)) Request(*candidate, now, out);
}

void Gossip::OnTimer(MonoTime now, Actions& out) {
  for (auto& [session, peer] : peers_) {
    if (peer.feed == Feed::kRequested && now >= peer.check_at) CheckRequest(peer, now);
  }
  FillReceiveSet(now, out);
  if (now >= rotate_at_) Rotate(now, out);
}

std::optional<MonoTime> Gossip::NextDeadline() const {
  MonoTime next = rotate_at_;
  const bool wanting = HeldSlots() < config_.max_receive_peers;
  for (const auto& [session, peer] : peers_) {
    if (peer.dropped || peer.version < 2) continue;
    if (peer.feed == Feed::kRequested) next = std::min(next, peer.check_at);
    if (wanting && peer.feed == Feed::kNone) next = std::min(next, peer.retry_at);
  }
  return next;
}

}  // namespace flblk::core
