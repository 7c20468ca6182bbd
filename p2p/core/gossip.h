// Who feeds whom. flblk/1: everything, unasked. flblk/2: Request / Accept / Reject / Cancel, a
// bounded set of peers we feed and of peers that feed us; score, rotation, time limits; budgets
// against floods.
//
// Rules beside the obvious ones (most of them keep us blameless in the reference's eyes):
//  * Trusted peers are always fed and do not count; all others, of either version, are fed within
//    max_send_peers. Those of flblk/1 cannot ask: they are fed when they come, or when there is
//    room. Among candidates for feeding us they go first, then low latency, then chance; a peer
//    that misses most goes last, trusted or not.
//  * An unanswered request loses its slot after 2 s but stays open: its Accept, or a flashblock,
//    still counts. It is asked again only after the cool-down, and only if others delivered
//    meanwhile (else it may have accepted, and a second request would be an offence).
//  * A trusted peer (one we dial) that answered no request in a session for 10 s gets a new one, at
//    most one in 5 minutes (renewals.h): World Chain may lose what it knows of a session where both
//    sides dialled at once, and then answers in it pings only.
//  * A second Request of a fed peer is answered by Accept again; an unexpected Accept, Reject or
//    Cancel is harmless up to a budget.
//  * Rotation makes before it breaks: the worst feed is cancelled when the new one has accepted;
//    whoever brought the newest flashblock first is the last to be called that.
//  * Starving (nothing from anyone for 2 s, or only what lies behind a gap: our feeds may feed on
//    each other, cut off from the publisher, or keep something back), up to 3 more feeds are tried,
//    one every 2 s; they go when flashblocks come again, whoever brought the first one stays.
//  * Whoever brings a StartPublish first is nearest to the new publisher and is asked to feed us
//  too,
//    until flashblocks come: so a takeover never waits for rotation to find the publisher.
//  * Flashblocks within 2 s after our Cancel are in flight; later ones are answered by Cancel once
//    more, and cost beyond a budget.
//  * At most 9 control messages in any 30 s to one peer, replies included.
#pragma once

#include <array>
#include <map>
#include <vector>

#include "p2p/core/peer.h"
#include "p2p/core/peer_set.h"
#include "p2p/core/renewals.h"
#include "p2p/core/rng.h"

namespace flblk::core {

struct GossipConfig {
  uint32_t max_send_peers = 10;
  uint32_t max_receive_peers = 3;
  Duration rotation_interval = std::chrono::seconds(30);
  uint64_t seed = 0;
  bool builder = false;  // we may publish: standbys are asked for their flashblocks at all times
};

class Gossip {
 public:
  static constexpr Duration kRequestTimeout = std::chrono::seconds(2);
  static constexpr Duration kSilentAfter = std::chrono::seconds(10);
  static constexpr Duration kCancelTolerance = std::chrono::seconds(2);
  static constexpr Duration kStarvedAfter = std::chrono::seconds(2);  // and between two more feeds
  static constexpr size_t kStarvedExtra = 3;
  static constexpr Duration kResumed = std::chrono::milliseconds(100);
  static constexpr Duration kMissedAfter = std::chrono::seconds(1);  // and the sample it counts for
  using Actions = std::vector<Action>;

  Gossip(const GossipConfig& config, MonoTime start);

  Peer& Connect(const PeerConnected& event, MonoTime now, Actions& out);
  void Disconnect(SessionId session, MonoTime now, Actions& out);
  Peer* Find(SessionId session);  // nullptr: unknown, or dropped
  const std::map<SessionId, Peer>& peers() const { return peers_; }

  // A message id 1..4. True: the peer has just been accepted and may be sent the current block.
  bool OnControl(Peer& peer, wire::MessageId id, MonoTime now, Actions& out);
  // Whether flashblocks of this peer are welcome now; an implicit Accept is noted here.
  bool Welcome(Peer& peer, MonoTime now, Actions& out);
  // `from` was the first with a new, verified flashblock; `in_order`: none before it is missing.
  void NoteProgress(Peer& from, bool in_order, MonoTime now, Actions& out);
  // `from` was the first with a new, verified StartPublish.
  void FollowStart(Peer& from, MonoTime now, Actions& out);
  // `from` repeats one: a publisher that resumed, if nothing came from anyone else lately. Not a
  // further copy of one that is being followed.
  void FollowRepeatedStart(Peer& from, MonoTime now, Actions& out) {
    if (!following_ && now - alive_at_ >= kResumed) FollowStart(from, now, out);
  }
  // We published: nobody else is expected to.
  void NoteOwn(MonoTime now) { alive_at_ = now; }
  // Every receiving peer that ought to have had it and is not in `have` missed it.
  void CountMissed(const PeerSet& have, MonoTime first_at);

  // Fed peers not in `have`, which they are added to; all, or the standby ones only.
  std::vector<SessionId> FlashblockTargets(PeerSet& have, bool standbys_only = false);
  // All peers but one (StartPublish, StopPublish).
  std::vector<SessionId> Everyone(std::optional<SessionId> except) const;

  // Charges an offence; drops the session at the limit.
  void Penalise(Peer& peer, Offence offence, std::string why, MonoTime now, Actions& out);

  void OnTimer(MonoTime now, Actions& out);
  std::optional<MonoTime> NextDeadline() const;

 private:
  size_t StrangersFed() const;
  void FeedOldVersions();  // flblk/1, where there is room
  bool OnRequest(Peer& peer, MonoTime now, Actions& out);
  void OnAccept(Peer& peer, MonoTime now, Actions& out);
  void OnReject(Peer& peer, MonoTime now, Actions& out);
  void OnCancel(Peer& peer, MonoTime now, Actions& out);
  void Unexpected(Peer& peer, const char* what, MonoTime now, Actions& out);

  // receive set (receive_set.cc)
  size_t HeldSlots() const;  // receiving, or requested and not overdue
  size_t Receiving() const;
  // `any`: also those that we cancelled ourselves not long ago.
  Peer* BestCandidate(MonoTime now, bool any = false);
  Peer* WorstFeed(const Peer* except, MonoTime now);
  void FillReceiveSet(MonoTime now, Actions& out);
  void Request(Peer& peer, MonoTime now, Actions& out);
  void StartReceiving(Peer& peer, MonoTime now, Actions& out);
  void StopReceiving(Peer& peer, MonoTime now);
  void Cancel(Peer& peer, MonoTime now, Actions& out);
  void AskStandbys(MonoTime now, Actions& out);
  void CheckRequest(Peer& peer, MonoTime now);
  void CheckSilent(Peer& peer, MonoTime now, Actions& out);
  void NoteAnswer(Peer& peer);
  void Rotate(MonoTime now, Actions& out);
  void Trim(const Peer& keep, size_t limit, MonoTime now, Actions& out);
  bool Starving(MonoTime now) const { return now - alive_at_ >= kStarvedAfter; }

  // False: over our own limit towards this peer, nothing was sent.
  bool SendControl(Peer& peer, wire::MessageId id, MonoTime now, Actions& out);

  GossipConfig config_;
  Rng rng_;
  std::map<SessionId, Peer> peers_;
  PeerSet numbers_;  // in use
  Renewals renewals_;
  MonoTime rotate_at_;
  MonoTime progress_at_;                          // last new flashblock from the network
  SessionId newest_from_ = 0;                     // who brought that
  MonoTime alive_at_;                             // ... in order, or from us
  MonoTime extra_at_;                             // starving: when to try one more feed
  bool following_ = false;                        // a StartPublish came, and no flashblock since
  std::array<wire::FramePtr, 5> control_frames_;  // by message id; shared by all copies
};

}  // namespace flblk::core
