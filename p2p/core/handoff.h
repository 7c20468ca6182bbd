// The hand-off: when this builder may publish. StartPublish / StopPublish between builders, the
// rival table, tie-breaks and time limits. The only place that decides it; p2p/core/HANDOFF.md
// holds the table.
//
// A small value: no pointers, no heap, canonical, comparable and hashable, so that the model
// checker forks and stores the very machine that ships. Everything given to it was verified and
// found fresh before. It knows neither flashblock contents nor indices: those are the inbox's and
// the publisher's.
//
//   Idle       nothing authorized
//   Waiting    StartPublish is out, a rival is live
//   Publishing cleared
//   Yielded    was publishing, a rival took over (StopPublish is out)
#pragma once

#include <array>
#include <optional>
#include <variant>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "p2p/core/events.h"
#include "p2p/core/rivals.h"

namespace flblk::core::handoff {

struct Config {
  PublicKey self{};
  Duration takeover_after{};  // 0: off
  Duration flashblock_interval = std::chrono::milliseconds(200);
  bool stop_on_bare_fcu = false;
  uint64_t block_seconds = 2;  // a rival heard in slot s is dead from slot s + 2 * block_seconds on
  auto operator<=>(const Config&) const = default;
};

// ---- in
struct Authorized {  // FCU with attributes and a checked Authorization
  Authorization authorization;
};
struct NotAuthorized {};   // FCU with attributes, without Authorization
struct BareForkchoice {};  // FCU without attributes
struct HostStopped {};     // shutdown, host gone
struct Sealed {            // getPayload seen
  PayloadId payload_id{};
};
struct RivalStart {
  PublicKey key;
  uint64_t slot = 0;
};
struct RivalStop {
  PublicKey key;
  uint64_t slot = 0;
};
struct RivalFlashblock {
  PublicKey key;
  uint64_t slot = 0;
};
struct OwnFlashblock {};  // a flashblock of ours went out under authorization()
struct Thawed {};         // the process did not run for some intervals: what comes next may be old
struct Tick {};
using Event = std::variant<Authorized, NotAuthorized, BareForkchoice, HostStopped, Sealed,
                           RivalStart, RivalStop, RivalFlashblock, OwnFlashblock, Thawed, Tick>;

// ---- out, in this order
struct SendStart {
  Authorization authorization;
};
struct SendStop {
  Authorization authorization;
};
struct Changed {  // renewals of the Authorization included
  PublishState from = PublishState::kIdle;
  PublishState to = PublishState::kIdle;
  Cause cause = Cause::kStarted;
  std::optional<PublicKey> rival;
  Duration in_previous_state{};
};
using Action = std::variant<SendStart, SendStop, Changed>;

struct Result {
  absl::Status
      status;  // FAILED_PRECONDITION: the Authorization is about an older slot; nothing changed
  absl::InlinedVector<Action, 3> actions;
};

class Machine {
 public:
  Machine(const Config& config, MonoTime start) : config_(config), since_(start) {}

  Result Step(const Event& event, MonoTime now);
  // When Tick is due; nullopt: never.
  std::optional<MonoTime> NextDeadline() const;

  // OK where a flashblock under authorization() may leave now; else FAILED_PRECONDITION with the
  // state.
  absl::Status MayPublish() const;

  PublishState state() const { return state_; }
  // Ours: set in Waiting and Publishing, and in Yielded the one we held.
  const Authorization& authorization() const { return authorization_; }
  std::optional<PublicKey> rival()
      const;  // Waiting: the one waited for; Yielded: the one yielded to
  const RivalTable& rivals() const { return rivals_; }
  uint64_t newest_slot() const { return newest_slot_; }
  bool IsSealed(const PayloadId& payload_id) const;  // byte 0 ignored

  // For explicit-state search: times become relative to `now` (which is zero from then on), those
  // beyond every time limit collapse to one value. Behaviour from here on is unchanged, except for
  // the reported in_previous_state.
  void Rebase(MonoTime now);
  auto operator<=>(const Machine&) const = default;

  template <typename H>
  friend H AbslHashValue(H h, const Machine& m) {
    const Authorization& a = m.authorization_;
    h = H::combine(std::move(h), static_cast<int>(m.state_), a.payload_id, a.timestamp,
                   a.authorizer_sig.bytes, m.yielded_to_.bytes, m.signed_slot_, m.newest_slot_,
                   m.reminded_, m.took_over_, m.config_.self.bytes);
    h = H::combine(std::move(h), m.since_.ns, m.cleared_at_.ns, m.started_at_.ns, m.last_sign_.ns,
                   m.decide_at_.has_value(), m.decide_at_.value_or(MonoTime{}).ns,
                   m.doubt_until_.ns);
    return H::combine(std::move(h), m.rivals_, m.sealed_, m.sealed_count_);
  }

 private:
  friend struct SearchAccess;  // the search renumbers slots
  static constexpr size_t kSealedMemory = 4;

  void On(const Authorized& e, MonoTime now, Result& out);
  void On(const NotAuthorized&, MonoTime now, Result& out);
  void On(const BareForkchoice&, MonoTime now, Result& out);
  void On(const HostStopped&, MonoTime now, Result& out);
  void On(const Sealed& e, MonoTime now, Result& out);
  void On(const RivalStart& e, MonoTime now, Result& out);
  void On(const RivalStop& e, MonoTime now, Result& out);
  void On(const RivalFlashblock& e, MonoTime now, Result& out);
  void On(const OwnFlashblock&, MonoTime now, Result& out);
  void On(const Thawed&, MonoTime now, Result& out);
  void On(const Tick&, MonoTime now, Result& out);

  void Begin(const Authorization& n, MonoTime now, Result& out);  // from Idle, Yielded
  void Renew(const Authorization& n, MonoTime now, Result& out);  // in Waiting, Publishing
  void StopIfActive(Cause cause, MonoTime now, Result& out);      // to Idle
  void Yield(const PublicKey& to, Cause cause, MonoTime now, Result& out);
  void Clear(Cause cause, std::optional<PublicKey> rival, bool announce, MonoTime now, Result& out);
  bool Crossed(const RivalStart& e, MonoTime now) const;
  bool OutOfDate() const { return newest_slot_ > authorization_.timestamp; }
  bool Forgotten() const;
  bool Unanswered() const;
  void OlderStart(const RivalStart& e, MonoTime now, Result& out);
  void RepeatedStart(Rival& rival, MonoTime now);
  void RepeatedStop(Rival& rival, MonoTime now);
  void Remind(MonoTime now, Result& out);  // StartPublish once more, once per Authorization
  void SameSlotConflict(const PublicKey& rival, MonoTime now, Result& out);
  void LiveRivalStopped(const RivalStop& e, MonoTime now, Result& out);
  void DecideIfFirst(MonoTime now);
  void DecideAfterSilence(MonoTime now, Result& out);
  void MoveTo(PublishState to, Cause cause, std::optional<PublicKey> rival, MonoTime now,
              Result& out);
  void Announce(MonoTime now, Result& out);
  void RaiseNewest(uint64_t slot);
  bool Dead(uint64_t slot) const;
  std::optional<MonoTime> TakeoverAt() const;
  // A time of stopping after which any flashblock counts at once: none is in flight.
  MonoTime NothingInFlight(MonoTime now) const {
    return now + (-config_.flashblock_interval - Duration(1));
  }
  Duration Silence() const { return 2 * config_.flashblock_interval; }

  Config config_;
  PublishState state_ = PublishState::kIdle;
  Authorization authorization_;
  PublicKey yielded_to_;
  uint64_t signed_slot_ = 0;  // of our last StartPublish or flashblock: what others remember of us
  uint64_t newest_slot_ = 0;  // of our Authorizations and of rivals' Starts and flashblocks
  RivalTable rivals_;
  MonoTime since_;                     // last transition
  MonoTime cleared_at_;                // Publishing was entered
  MonoTime started_at_;                // our last StartPublish
  MonoTime last_sign_;                 // last flashblock or StopPublish of any rival
  std::optional<MonoTime> decide_at_;  // when silence decides
  MonoTime doubt_until_;               // what is heard before may be old: we were frozen
  bool took_over_ = false;  // by our last StartPublish, a second one of its slot: whoever lives
                            // takes it for a replay
  bool reminded_ = false;   // Publishing: the one further StartPublish of this Authorization is out
  std::array<PayloadId, kSealedMemory> sealed_{};  // byte 0 zero, newest first
  uint8_t sealed_count_ = 0;
};

}  // namespace flblk::core::handoff
