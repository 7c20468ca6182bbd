#include "p2p/core/handoff.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace flblk::core::handoff {
namespace {

PayloadId WithoutVersion(PayloadId id) {
  id[0] = 0;
  return id;
}

std::string ShortHex(const PublicKey& key) { return ToHex(ByteView(key.bytes).first(4)); }

}  // namespace

Result Machine::Step(const Event& event, MonoTime now) {
  Result out;
  std::visit([&](const auto& e) { On(e, now, out); }, event);
  return out;
}

// ---- the host

void Machine::On(const Authorized& e, MonoTime now, Result& out) {
  const Authorization& n = e.authorization;
  const bool active = state_ == PublishState::kWaiting || state_ == PublishState::kPublishing;
  const uint64_t newest = active ? authorization_.timestamp : newest_slot_;
  if (n.timestamp < newest) {
    out.status = absl::FailedPreconditionError(
        absl::StrCat("authorization.timestamp ", n.timestamp, " is older than ",
                     active ? "the current slot " : "the newest slot heard ", newest));
    return;
  }
  active ? Renew(n, now, out) : Begin(n, now, out);
}

void Machine::Begin(const Authorization& n, MonoTime now, Result& out) {
  authorization_ = n;
  RaiseNewest(n.timestamp);
  decide_at_.reset();
  if (!rivals_.AnyLive()) return Clear(Cause::kStarted, std::nullopt, true, now, out);
  const bool again = signed_slot_ == n.timestamp;  // looks like a replay: nobody answers it
  Announce(now, out);
  MoveTo(PublishState::kWaiting, Cause::kWaitingForRival, rivals_.Top(), now, out);
  if (!again) DecideIfFirst(now);
}

// Waiting, and whoever is left only announced itself and comes after us. It may have been cleared:
// then it yields to our StartPublish, and says so. One that waits as we do says nothing.
void Machine::DecideIfFirst(MonoTime now) {
  if (!rivals_.AnyLiveAgainst(signed_slot_, config_.self)) decide_at_ = now + Silence();
}

void Machine::Renew(const Authorization& n, MonoTime now, Result& out) {
  if (n == authorization_) return;  // the host repeats itself
  const bool newer = n.timestamp > authorization_.timestamp;
  const bool waiting = state_ == PublishState::kWaiting;
  authorization_ = n;
  RaiseNewest(n.timestamp);
  reminded_ = false;
  if (waiting && newer && Unanswered()) {
    const std::optional<PublicKey> silent = rivals_.Top();
    rivals_.GiveUpOlderThan(n.timestamp, NothingInFlight(now));
    return Clear(Cause::kRivalSilent, silent, true, now, out);
  }
  // Waiting: whoever publishes in the new slot may have started behind our last StartPublish.
  // Publishing: a StartPublish that passed for a replay stopped nobody.
  if (waiting ? newer : Forgotten() || (newer && took_over_)) Announce(now, out);
  MoveTo(state_, Cause::kAuthorizationRenewed, waiting ? rivals_.Top() : std::nullopt, now, out);
  if (waiting && newer) DecideIfFirst(now);
}

// Others forget who was silent for two slots, and start without waiting for it.
bool Machine::Forgotten() const {
  return authorization_.timestamp >= signed_slot_ + 2 * config_.block_seconds;
}

// Waiting, and a new slot began: whether nobody said anything in it. Should one live, the next
// StartPublish stops it. Who has forgotten us could not answer the last one.
bool Machine::Unanswered() const {
  return !rivals_.AnyLiveSince(Forgotten() ? 0 : authorization_.timestamp);
}

void Machine::On(const NotAuthorized&, MonoTime now, Result& out) {
  StopIfActive(Cause::kNotAuthorized, now, out);
}

void Machine::On(const BareForkchoice&, MonoTime now, Result& out) {
  if (config_.stop_on_bare_fcu) StopIfActive(Cause::kNotAuthorized, now, out);
}

void Machine::On(const HostStopped&, MonoTime now, Result& out) {
  StopIfActive(Cause::kHostStopped, now, out);
}

void Machine::StopIfActive(Cause cause, MonoTime now, Result& out) {
  if (state_ == PublishState::kIdle) return;
  if (state_ != PublishState::kYielded) out.actions.push_back(SendStop{authorization_});
  MoveTo(PublishState::kIdle, cause, std::nullopt, now, out);
}

void Machine::On(const Sealed& e, MonoTime, Result&) {
  if (IsSealed(e.payload_id)) return;
  std::shift_right(sealed_.begin(), sealed_.end(), 1);
  sealed_[0] = WithoutVersion(e.payload_id);
  sealed_count_ = std::min<size_t>(sealed_count_ + 1, kSealedMemory);
}

bool Machine::IsSealed(const PayloadId& payload_id) const {
  const auto end = sealed_.begin() + sealed_count_;
  return std::find(sealed_.begin(), end, WithoutVersion(payload_id)) != end;
}

// ---- rivals

void Machine::On(const RivalStart& e, MonoTime now, Result& out) {
  if (e.slot < newest_slot_) return OlderStart(e, now, out);
  Rival* rival = rivals_.Enter(e.key, e.slot);
  if (rival == nullptr) return;
  if (rival->start_seen || rival->stop_seen) return RepeatedStart(*rival, now);
  rival->start_seen = true;
  // Given up (a takeover) and yet alive. A Stop of this slot would have been seen.
  if (!rival->live()) {
    rival->kind = RivalKind::kAnnounced;
    rival->stopped_at = {};
  }
  RaiseNewest(e.slot);
  if (state_ == PublishState::kYielded) decide_at_.reset();  // a live rival is there
  if (state_ != PublishState::kPublishing) return;
  if (Crossed(e, now)) {
    decide_at_ = started_at_ + Silence();
    return;
  }
  Yield(e.key, Cause::kYieldedToRival, now, out);
}

// Both may have started at once. Then the higher key yields to our StartPublish and says so in a
// moment. If both yielded, the one that resumes would have no second StopPublish that anybody
// heeds: a later hand-off in that slot would wait for the next one.
bool Machine::Crossed(const RivalStart& e, MonoTime now) const {
  return e.slot == signed_slot_ && e.slot == authorization_.timestamp && config_.self < e.key &&
         now <= started_at_ + config_.flashblock_interval;
}

// A builder that started in a slot we have left behind, and will be authorized for ours without
// starting again: it must hear of us now, or both publish.
void Machine::OlderStart(const RivalStart& e, MonoTime now, Result& out) {
  if (state_ != PublishState::kPublishing || Dead(e.slot)) return;
  Rival* rival = rivals_.Enter(e.key, e.slot);
  if (rival == nullptr || rival->start_seen || rival->stop_seen) return;
  rival->start_seen = true;
  Remind(now, out);
}

void Machine::Remind(MonoTime now, Result& out) {
  if (reminded_) return;
  reminded_ = true;
  Announce(now, out);
}

// The same bytes once more: a replay, or a builder that resumed after a tie. The two look alike, so
// nobody stops or starts for it; but a yielded builder that might resume leaves it to the lower
// key, and one that was frozen while it waited takes it for what followed the StopPublish.
void Machine::RepeatedStart(Rival& rival, MonoTime now) {
  if (rival.live()) return;
  const bool leave = state_ == PublishState::kYielded && rival.key < config_.self;
  const bool doubt = state_ == PublishState::kWaiting && now < doubt_until_;
  if (!leave && !doubt) return;
  rival.kind = RivalKind::kAnnounced;
  rival.stopped_at = {};
  decide_at_.reset();
}

void Machine::On(const RivalStop& e, MonoTime now, Result& out) {
  if (Dead(e.slot)) return;
  Rival* known = rivals_.Find(e.key);
  const bool was_live = known != nullptr && known->live();
  Rival* rival = rivals_.Enter(e.key, e.slot);
  if (rival == nullptr) return;
  if (rival->stop_seen) return RepeatedStop(*rival, now);
  rival->stop_seen = true;
  rival->kind = RivalKind::kStopped;
  rival->stopped_at = now;
  last_sign_ = now;
  if (was_live) LiveRivalStopped(e, now, out);
}

// The same bytes once more: a replay, or a builder that resumed after a tie yields again. If it
// is the latter, it says nothing from here on.
void Machine::RepeatedStop(Rival& rival, MonoTime now) {
  if (!rival.live()) return;
  rival.kind = RivalKind::kAnnounced;
  if (state_ == PublishState::kWaiting) DecideIfFirst(now);
}

void Machine::LiveRivalStopped(const RivalStop& e, MonoTime now, Result& out) {
  const uint64_t slot = authorization_.timestamp;
  if (state_ == PublishState::kWaiting) {
    if (OutOfDate()) return;  // our slot is over
    // It may have been authorized again since: that comes behind its StopPublish.
    if (!rivals_.AnyLive() && now < doubt_until_) return void(decide_at_ = doubt_until_);
    if (!rivals_.AnyLive()) return Clear(Cause::kRivalStopped, e.key, false, now, out);
    DecideIfFirst(now);
  } else if (state_ == PublishState::kPublishing) {
    if (!rivals_.AnyLiveSince(slot)) decide_at_.reset();
  } else if (state_ == PublishState::kYielded && e.slot == slot && !OutOfDate() &&
             !rivals_.AnyLive()) {
    // After a tie, or because of a third one's StartPublish that has not reached us yet.
    decide_at_ = now + (config_.self < e.key ? Silence() : 2 * Silence());
  }
}

void Machine::On(const RivalFlashblock& e, MonoTime now, Result& out) {
  if (Dead(e.slot)) return;
  Rival* rival = rivals_.Enter(e.key, e.slot);
  if (rival == nullptr) return;
  last_sign_ = now;
  if (!rival->live() && now <= rival->stopped_at + config_.flashblock_interval)
    return;  // in flight
  rival->kind = RivalKind::kPublishing;
  rival->stopped_at = {};
  RaiseNewest(e.slot);
  if (e.slot < authorization_.timestamp) return;
  if (state_ != PublishState::kPublishing) return decide_at_.reset();
  if (e.slot > authorization_.timestamp) return Yield(e.key, Cause::kYieldedToRival, now, out);
  SameSlotConflict(e.key, now, out);
}

void Machine::SameSlotConflict(const PublicKey& rival, MonoTime now, Result& out) {
  // Sent before it could have heard our StartPublish.
  if (now <= std::max(cleared_at_, started_at_) + config_.flashblock_interval) return;
  if (rival < config_.self) return Yield(rival, Cause::kTieBreak, now, out);
  Remind(now, out);
}

// ---- time

void Machine::On(const OwnFlashblock&, MonoTime, Result&) {
  signed_slot_ = authorization_.timestamp;
}

void Machine::On(const Thawed&, MonoTime now, Result&) { doubt_until_ = now + Silence(); }

void Machine::On(const Tick&, MonoTime now, Result& out) {
  if (decide_at_ && now >= *decide_at_) {
    decide_at_.reset();
    return DecideAfterSilence(now, out);
  }
  if (const auto at = TakeoverAt(); at && now >= *at) {
    const std::optional<PublicKey> silent = rivals_.Top();
    rivals_.GiveUpPublishing(NothingInFlight(now));
    Clear(Cause::kTakeoverTimeout, silent, true, now, out);
    took_over_ = true;
  }
}

void Machine::DecideAfterSilence(MonoTime now, Result& out) {
  const uint64_t slot = authorization_.timestamp;
  const std::optional<PublicKey> top = rivals_.Top();
  if (state_ == PublishState::kPublishing) {  // it had not crossed ours: it waits for us
    if (rivals_.AnyLiveSince(slot)) Yield(*top, Cause::kYieldedToRival, now, out);
  } else if (state_ == PublishState::kWaiting) {
    if (OutOfDate() || rivals_.AnyLiveAgainst(signed_slot_, config_.self)) return;
    Clear(top ? Cause::kTieBreak : Cause::kRivalStopped, top, true, now, out);
  } else if (!OutOfDate()) {
    Clear(Cause::kTieBreak, yielded_to_, true, now, out);
  }
}

// Builders that wait for the same dead one do not all start at once: whoever is outranked gives
// each outranking one two intervals to be heard.
std::optional<MonoTime> Machine::TakeoverAt() const {
  if (state_ != PublishState::kWaiting || OutOfDate()) return std::nullopt;
  if (config_.takeover_after <= Duration::zero()) return std::nullopt;
  const Duration rank =
      Silence() * static_cast<int64_t>(rivals_.CountOutranking(signed_slot_, config_.self));
  return std::max(started_at_, last_sign_) + (config_.takeover_after + rank);
}

std::optional<MonoTime> Machine::NextDeadline() const {
  const std::optional<MonoTime> takeover = TakeoverAt();
  return decide_at_ && (!takeover || *decide_at_ < *takeover) ? decide_at_ : takeover;
}

void Machine::Rebase(MonoTime now) {
  // Only what the present state still looks at is kept, and no further back than its limit.
  const Duration in_flight = config_.flashblock_interval + Duration(1);
  const Duration waited =
      config_.takeover_after + Silence() * static_cast<int64_t>(RivalTable::kCapacity + 1);
  const auto keep = [&](MonoTime& t, Duration limit) {
    t.ns = std::max((t - now).count(), -limit.count());
  };
  const bool waiting =
      state_ == PublishState::kWaiting && config_.takeover_after > Duration::zero();
  const bool publishing = state_ == PublishState::kPublishing;
  since_ = {};
  publishing ? keep(cleared_at_, in_flight) : void(cleared_at_ = {});
  waiting ? keep(last_sign_, waited) : void(last_sign_ = {});
  if (waiting) {
    keep(started_at_, waited);
  } else {
    publishing ? keep(started_at_, in_flight) : void(started_at_ = {});
  }
  if (decide_at_) keep(*decide_at_, Duration::zero());
  keep(doubt_until_, Duration::zero());
  rivals_.Rebase(now, -in_flight);
}

// ---- transitions

void Machine::Clear(Cause cause, std::optional<PublicKey> rival, bool announce, MonoTime now,
                    Result& out) {
  if (announce) Announce(now, out);
  cleared_at_ = now;
  reminded_ = false;
  MoveTo(PublishState::kPublishing, cause, rival, now, out);
}

void Machine::Yield(const PublicKey& to, Cause cause, MonoTime now, Result& out) {
  out.actions.push_back(SendStop{authorization_});
  yielded_to_ = to;
  MoveTo(PublishState::kYielded, cause, to, now, out);
}

void Machine::Announce(MonoTime now, Result& out) {
  started_at_ = now;
  took_over_ = false;
  signed_slot_ = authorization_.timestamp;
  out.actions.push_back(SendStart{authorization_});
}

void Machine::MoveTo(PublishState to, Cause cause, std::optional<PublicKey> rival, MonoTime now,
                     Result& out) {
  out.actions.push_back(Changed{state_, to, cause, rival, now - since_});
  if (to != state_) decide_at_.reset();
  if (to != PublishState::kYielded) yielded_to_ = {};
  if (to == PublishState::kIdle || to == PublishState::kYielded) took_over_ = false;
  state_ = to;
  since_ = now;
  if (to != PublishState::kIdle) return;
  authorization_ = {};
  // Another builds on: perhaps one whom a takeover gave up, and who goes on without a word.
  rivals_.ReviveGivenUp();
}

void Machine::RaiseNewest(uint64_t slot) {
  newest_slot_ = std::max(newest_slot_, slot);
  rivals_.Prune(newest_slot_, config_.block_seconds);
}

bool Machine::Dead(uint64_t slot) const {
  return newest_slot_ >= slot && newest_slot_ - slot >= 2 * config_.block_seconds;
}

// ---- views

std::optional<PublicKey> Machine::rival() const {
  if (state_ == PublishState::kYielded) return yielded_to_;
  if (state_ == PublishState::kWaiting) return rivals_.Top();
  return std::nullopt;
}

absl::Status Machine::MayPublish() const {
  if (state_ != PublishState::kPublishing) {
    const auto other = rival();
    return absl::FailedPreconditionError(absl::StrCat(
        "not cleared to publish: the hand-off is ", Name(state_),
        other ? absl::StrCat(state_ == PublishState::kWaiting ? " for builder " : " to builder ",
                             ShortHex(*other))
              : ""));
  }
  if (IsSealed(authorization_.payload_id)) {
    return absl::FailedPreconditionError(
        absl::StrCat("payload ", ToHex(authorization_.payload_id),
                     " is sealed: no further flashblock of it may leave"));
  }
  return absl::OkStatus();
}

}  // namespace flblk::core::handoff
