// Frames from peers: meter, split, drop copies, verify, relay, deliver.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "p2p/core/engine_state.h"
#include "p2p/core/host_checks.h"
#include "p2p/wire/metadata.h"

namespace flblk::core {

using wire::MessageKind;

absl::Status Engine::State::On(const PeerMessage& e) {
  Peer* peer = gossip.Find(e.session);
  if (peer == nullptr) return absl::OkStatus();
  if (e.frame->id == wire::MessageId::kAuthorized) {
    OnAuthorized(*peer, e.frame);
  } else if (gossip.OnControl(*peer, e.frame->id, now.mono, out)) {
    PushBlock(*peer);
  }
  return absl::OkStatus();
}

namespace {

// The compressed bytes go on as they came: none may be longer than an honest encoder makes them.
absl::Status CheckCompressed(const wire::Frame& frame) {
  const size_t limit = wire::MaxCompressedBytes(frame.body.size());
  if (frame.snappy.size() <= limit) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("snappy: ", frame.snappy.size(), " bytes for ",
                                                 frame.body.size(), ", the limit is ", limit));
}

Freshness::From From(const Peer& peer) {
  return peer.trusted ? Freshness::From::kNamed : Freshness::From::kStranger;
}

}  // namespace

void Engine::State::OnAuthorized(Peer& peer, const wire::FramePtr& frame) {
  if (!peer.frames_in.Take(now.mono)) {
    ++stats.flood;
    return Penalise(peer, Offence::kFlood, "signed messages: more than 1024, then 200 a second");
  }
  const absl::StatusOr<wire::Envelope> envelope =
      wire::SplitAuthorized(frame->body, authorizations.last_builder());
  absl::StatusOr<wire::MessagePeek> peek;
  absl::Status why = envelope.status();
  if (why.ok()) why = CheckCompressed(*frame);
  if (why.ok()) {
    peek = wire::PeekMessage(envelope->message);
    why = peek.status();
  }
  if (!why.ok()) {
    ++stats.malformed;
    return Penalise(peer, Offence::kMalformed, std::string(why.message()));
  }
  if (peek->kind == MessageKind::kFlashblock) return OnFlashblock(peer, frame, *envelope, *peek);
  OnMarker(peer, frame, *envelope, peek->kind);
}

void Engine::State::Unproductive(Peer& peer, const char* what) {
  if (peer.unproductive_in.Take(now.mono)) return;
  ++stats.flood;
  Penalise(peer, Offence::kFlood,
           absl::StrCat(what, ": more than 512, then 66 a second bring nothing"));
}

bool Engine::State::Fresh(Peer& peer, uint64_t slot, MessageKind kind) {
  switch (freshness.Check(slot, now.unix_seconds(), From(peer))) {
    case Freshness::Verdict::kFresh:
      return true;
    case Freshness::Verdict::kOld:
      ++stats.stale;
      return false;
    case Freshness::Verdict::kFuture:
      ++stats.future;
      Unproductive(peer, "slots in the future");
      return false;
    case Freshness::Verdict::kStale:
      break;
  }
  ++stats.stale;
  if (kind == MessageKind::kStopPublish) {  // late, but what it says is harmless
    Unproductive(peer, "stale StopPublish");
  } else {
    Penalise(
        peer, Offence::kStale,
        absl::StrCat("authorization.timestamp ", slot, " is more than ", wire::kStaleGraceSeconds,
                     " s older than the newest slot ", freshness.newest()));
  }
  return false;
}

bool Engine::State::Verify(Peer& peer, const wire::Envelope& envelope) {
  const Authorization& a = envelope.authorization;
  const char* bad = nullptr;
  if (!authorizations.Valid(a, *ports.verifier)) {
    bad = "authorizer_sig does not verify";
  } else if (!ports.verifier->ActorValid(
                 a.builder_vk, wire::ActorDigest(envelope.message, envelope.authorization_item),
                 envelope.actor_sig)) {
    bad = "actor_sig does not verify";
  }
  if (bad == nullptr) return true;
  ++stats.bad_signature;
  Penalise(peer, Offence::kBadSignature, bad);
  return false;
}

// ---- flashblocks

void Engine::State::NoteLatency(Peer& peer, Duration behind) {
  peer.AddLatency(behind);
  out.push_back(Heard{peer.session, behind});
}

// A frame whose key is in memory. True: nothing more to do. False: other bytes, to be verified.
bool Engine::State::KnownCopy(Peer& peer, SeenFrame& seen, const Signature& sig) {
  if (!seen.HasSignature(sig)) {
    if (peer.repeats_in.Take(now.mono)) return false;
    ++stats.flood;
    Penalise(peer, Offence::kFlood,
             "other bytes for known flashblocks: more than 32, then 8 a second");
    return true;
  }
  if (!seen.have.Has(peer.number)) {
    seen.have.Add(peer.number);
    if (seen.accepted) NoteLatency(peer, std::min(now.mono - seen.first_at, Gossip::kMissedAfter));
  }
  ++peer.duplicates;
  ++(IsSelf(seen.key.builder) ? stats.own_echoes : stats.duplicates);
  Unproductive(peer, "duplicates");
  return true;
}

bool Engine::State::MayRelay(const Peer& peer, const FlashblockDelivered& item) const {
  return freshness.MayRelay(item.authorization.timestamp, now.unix_seconds(), From(peer)) &&
         (!config.world_chain_metadata || wire::ReadMetadata(item.flashblock->metadata).ok());
}

void Engine::State::OnFlashblock(Peer& peer, const wire::FramePtr& frame,
                                 const wire::Envelope& envelope, const wire::MessagePeek& peek) {
  const Authorization& a = envelope.authorization;
  if (!gossip.Welcome(peer, now.mono, out)) {
    ++stats.unsolicited;
    return;
  }
  const FrameKey key{a.builder_vk, a.timestamp, peek.payload_id, peek.index};
  SeenFrame* seen = frames.Find(key);
  if (seen != nullptr && KnownCopy(peer, *seen, envelope.actor_sig)) return;
  if (!Fresh(peer, a.timestamp, MessageKind::kFlashblock)) return;
  if (peek.index > wire::kMaxFlashblockIndex || peek.payload_id != a.payload_id) {
    ++stats.invalid;
    return Unproductive(peer, "index over the limit or payload id not the authorized one");
  }
  if (!Verify(peer, envelope)) return;
  absl::StatusOr<wire::FlashblocksPayloadV1> flashblock =
      wire::DecodeFlashblockMessage(envelope.message);
  if (!flashblock.ok()) {
    ++stats.malformed;
    return Penalise(peer, Offence::kMalformed, std::string(flashblock.status().message()));
  }
  ++peer.flashblocks_in;
  freshness.Raise(a.timestamp, now.unix_seconds());
  if (peer.trusted) freshness.Vouch(a.timestamp);
  if (seen != nullptr) {
    seen->other_sig = envelope.actor_sig;
  } else {
    seen = &frames.Insert(key, envelope.actor_sig, now.mono);
  }
  seen->have.Add(peer.number);
  FlashblockDelivered item;
  item.authorization = a;
  item.flashblock = std::make_shared<const wire::FlashblocksPayloadV1>(*std::move(flashblock));
  item.actor_sig = envelope.actor_sig;
  item.own = IsSelf(a.builder_vk);
  item.relayed = MayRelay(peer, item);
  item.frame = frame;
  if (item.own) {  // of an earlier life of ours: never to be signed otherwise
    const Hash32 digest = wire::ActorDigest(envelope.message, envelope.authorization_item);
    Claims().Claim(a.timestamp, a.payload_id, peek.index, digest).IgnoreError();
  }
  Admit(peer, std::move(item), *seen);
}

void Engine::State::Admit(Peer& peer, FlashblockDelivered item, SeenFrame& seen) {
  const Authorization a = item.authorization;
  if (!CheckBase(*item.flashblock, a).ok()) {
    ++stats.invalid;
    return Unproductive(peer, "base against the rules");
  }
  const FlashblockDelivered copy = item;  // pointers, no bodies
  const Inbox::Offered offered = inbox.Offer(std::move(item));
  switch (offered.verdict) {
    case Inbox::Verdict::kAccepted:
      ++stats.flashblocks_new;
      seen.accepted = copy.relayed;  // else not expected of others either
      gossip.NoteProgress(peer, !offered.delivered.empty(), now.mono, out);
      ReleaseAll();  // it may continue behind ours
      if (seen.accepted) Relay(copy, seen.have);
      Deliver(offered);
      NoteLatency(peer, Duration::zero());
      break;
    case Inbox::Verdict::kEvidence:
      Report(offered, copy);
      break;
    case Inbox::Verdict::kDuplicate:
      ++stats.duplicates;
      ++peer.duplicates;
      Unproductive(peer, "duplicates");
      break;
    case Inbox::Verdict::kLate:
    case Inbox::Verdict::kOtherPayload:
      ++stats.late;
      break;
    case Inbox::Verdict::kFull:  // whoever brings less of it later is heard
      ++stats.invalid;
      frames.Forget(seen.key);
      Unproductive(peer, "flashblocks beyond the bounds of a block");
      break;
  }
  if (machine && !copy.own)
    Drive(handoff::RivalFlashblock{a.builder_vk, a.timestamp}).IgnoreError();
}

void Engine::State::Report(const Inbox::Offered& offered, const FlashblockDelivered& second) {
  ++(offered.kind == Evidence::kTwoBuilders ? stats.conflicts : stats.equivocations);
  const Reported entry{second.authorization.builder_vk, second.authorization.timestamp,
                       offered.kind};
  if (std::ranges::find(reported, entry) != reported.end()) return;
  if (reported.size() == kMaxReported) reported.pop_front();
  reported.push_back(entry);
  out.push_back(
      EquivocationFound{entry.kind, entry.builder, entry.slot, offered.first, second.frame});
}

// ---- StartPublish, StopPublish

void Engine::State::OnMarker(Peer& peer, const wire::FramePtr& frame,
                             const wire::Envelope& envelope, MessageKind kind) {
  const Authorization& a = envelope.authorization;
  if (IsSelf(a.builder_vk)) {
    ++stats.own_echoes;
    return Unproductive(peer, "echoes of our messages");
  }
  if (!Fresh(peer, a.timestamp, kind)) return;
  const MarkerMemory::Known known = markers.Check(kind, a, envelope.actor_sig);
  if (known == MarkerMemory::Known::kSame) {
    Unproductive(peer, "repeated StartPublish or StopPublish");
    if (kind == MessageKind::kStartPublish) gossip.FollowRepeatedStart(peer, now.mono, out);
  } else {
    if (known == MarkerMemory::Known::kOtherBytes && !peer.repeats_in.Take(now.mono)) {
      ++stats.flood;
      return Penalise(peer, Offence::kFlood,
                      "other bytes for known messages: more than 32, then 8 a second");
    }
    if (!Verify(peer, envelope)) return;
    markers.Insert(kind, a, envelope.actor_sig);
  }
  // Once, and not where the reference charges the relay (older than the newest flashblock it saw).
  if (known == MarkerMemory::Known::kNew && a.timestamp >= inbox.slot() &&
      freshness.MayRelay(a.timestamp, now.unix_seconds(), From(peer))) {
    ++stats.markers_relayed;
    if (kind == MessageKind::kStartPublish) gossip.FollowStart(peer, now.mono, out);
    SendToAll(frame, peer.session);
  }
  if (!machine) return;
  const bool start = kind == MessageKind::kStartPublish;
  const handoff::Event event = start
                                   ? handoff::Event(handoff::RivalStart{a.builder_vk, a.timestamp})
                                   : handoff::Event(handoff::RivalStop{a.builder_vk, a.timestamp});
  Drive(event).IgnoreError();
}

}  // namespace flblk::core
