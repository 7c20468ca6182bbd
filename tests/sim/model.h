// The world of the explicit-state search: two or three builders with full-mesh FIFO links, a
// sequencer that may authorize anybody, and an adversary with budgets. The machines are the ones
// that ship (p2p/core/handoff.h) and, as a party, the reference's.
//
// Time advances in ticks of one flashblock interval; a message may wait in its link across any
// number of events, but is there before the slot after its own ends. A state is a value of some
// hundred bytes without padding; slots in it are relative (slots.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/sim/machine_table.h"

namespace flblk::sim {

struct ModelConfig {
  std::string parties = "FF";  // F: flblk, R: reference; party i has the i-th lowest key
  uint8_t slots = 0;           // 0: any number
  uint8_t flashblocks = 1;     // at most, per slot, of all builders together
  uint8_t authorizations = 2;  // per slot: the first one and a failover inside the slot
  uint8_t ticks = 2;           // per slot
  uint8_t crashes = 0, stops = 0, cuts = 0, replays = 0,
          revocations = 0;  // budgets of the whole run
  bool takeover = false;    // takeover_after of two intervals
  // Hand-offs come one at a time: whoever is authorized finds no StartPublish and no flashblock in
  // flight, and no timer pending (a StopPublish may be on its way). And a message takes less than
  // an interval. Only then can I4 hold: nobody waits for whom it never heard.
  bool calm = false;
  // How often in a run a link may fall behind; 255: messages wait as they like. Else a message is
  // delivered before anything else happens, unless its link falls behind: then it waits as it likes
  // until the link is empty.
  uint8_t late = 255;
  bool canonical = true;
  // A builder may vanish or be the reference's.
  bool lossy() const { return crashes + cuts > 0 || parties.find('R') != std::string::npos; }
  // No message takes longer than an interval, or one link is the exception once.
  bool prompt() const { return calm || late <= 1; }
  // Nothing is lost, and each slot has at most one failover: I4 is checked.
  bool checks_i4() const {
    return calm && authorizations <= 2 && stops + revocations == 0 && !lossy();
  }
};

enum class ActionKind : uint8_t {
  kAuthorize,  // a
  kRevoke,     // a: attributes without Authorization
  kDeliver,    // a -> b: head of the link
  kPublish,    // a
  kTick,
  kNextSlot,
  kCrash,    // a: gone with all its links
  kRestart,  // a: empty memory, links back
  kStop,     // a: the host stops it
  kCut,      // a - b: what is in flight is lost
  kMend,     // a - b
  kLate,     // a -> b: falls behind
  kReplay,   // the Start or Stop with bit `b` of State::heard once more to a
};
struct Choice {
  ActionKind kind;
  uint8_t a = 0, b = 0;
};

// One byte: kind and index (3 bits), slot (4 bits), whether it was sent in a slot before (1 bit).
using Message = uint8_t;

struct State {
  static constexpr size_t kQueue = 15;
  struct Link {
    uint8_t size : 7 = 0;
    uint8_t late : 1 = 0;
    std::array<Message, kQueue> messages{};  // oldest first
  };
  std::array<uint32_t, kMaxParties> machine{};  // numbers of MachineTable
  std::array<uint32_t, kMaxParties> heard{};    // I6: bit per Start and Stop received of late
  std::array<std::array<Link, kMaxParties>, kMaxParties> links{};  // [from][to]
  uint8_t up = 0;                                                  // bit per party
  uint8_t announced = 0;                          // I1: a StartPublish precedes the flashblocks
  uint8_t latest = 0;                             // bit of the party authorized last in this slot
  uint8_t cut = 0;                                // bit a + b of a pair: unique
  std::array<uint8_t, kMaxParties> next_index{};  // I4: of the block in progress
  uint8_t expected = 0;                           // I4: index that comes next over all
  uint8_t slots = 0;                              // ended, where they are limited
  uint8_t ticks = 0, authorizations = 0, flashblocks = 0;  // this slot
  uint8_t crashes = 0, stops = 0, cuts = 0, replays = 0, revocations = 0,
          late = 0;  // used
  // Bit of a party that was revoked or stopped in this slot. Authorized once more in it, its
  // StartPublish would look like a replay, and the next slot decide.
  uint8_t resigned = 0;
  uint8_t zero = 0;  // no padding: states are hashed as bytes
};
static_assert(std::has_unique_object_representations_v<State>);

// By which a state is known: two states of a search with 10^8 share one with a probability of
// 10^-23.
struct Fingerprint {
  uint64_t a = 0, b = 0;
  bool operator==(const Fingerprint&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, const Fingerprint& f) {
    return H::combine(std::move(h), f.a);
  }
};
Fingerprint FingerprintOf(const State& state);

// The rules. Holds no state of the world but the machines met so far, and their steps.
class Model {
 public:
  explicit Model(const ModelConfig& config);

  State Initial() const;
  void Choices(const State& s, std::vector<Choice>& out) const;
  // Applies the choice; returns what it broke ("": nothing). `says`: the effects in words.
  std::string Apply(State& s, const Choice& choice, std::string* says = nullptr);

  // No message in flight and no timer pending: then Settle() shows where this ends.
  bool Quiet(const State& s) const;
  // What must hold in a quiet state as it is. Nothing was lost and whoever has been authorized in
  // this slot had its say: one builder publishes. In a calm world it is the one authorized last.
  std::string OneGoesOn(const State& s) const;
  // The part of a quiet state that Settle() looks at.
  static State Settling(State s);
  // Heals everything, lets publishers publish and time pass for some rounds, then authorizes `only`
  // alone in two more slots, fairly. Returns what I3 or I5 finds broken.
  std::string Settle(State s, std::optional<uint8_t> only,
                     std::vector<std::string>* says = nullptr);

  std::string Words(const Choice& choice) const;
  // From here on words count slots from 1.
  void NameSlots() { names_ = {}, names_[kCurrent] = 1; }
  const MachineTable& table() const { return table_; }
  size_t n() const { return config_.parties.size(); }

 private:
  bool DueDelivery(const State& s, std::vector<Choice>& out) const;
  void OwnChoices(const State& s, uint8_t party, bool may_authorize,
                  std::vector<Choice>& out) const;
  void LinkChoices(const State& s, uint8_t party, std::vector<Choice>& out) const;
  bool Connected(const State& s, size_t a, size_t b) const;
  bool TimerPending(const State& s) const;
  bool AnythingUnderway(const State& s) const;
  bool Overdue(const State& s) const;
  void Step(State& s, uint8_t party, const Input& input, std::string* says);
  void Send(State& s, uint8_t from, Message message, std::string* says);
  void Receive(State& s, uint8_t from, uint8_t to, Message message, std::string* says);
  void Deliver(State& s, uint8_t from, uint8_t to, std::string* says);
  std::string Publish(State& s, uint8_t party, std::string* says);
  std::string Replay(State& s, uint8_t party, uint8_t bit, std::string* says);
  void NextSlot(State& s);
  void Crash(State& s, uint8_t party);
  void DeliverAll(State& s, std::string* says);
  std::string Round(State& s, std::vector<std::string>* says);
  std::string OnePublisherAtMost(const State& s) const;
  std::string Words(uint8_t from, Message message) const;
  std::string SlotName(Slot slot) const;

  ModelConfig config_;
  MachineTable table_;
  bool overflow_ = false;
  bool settling_ = false;
  // For words only: which slot since the start of the run a number means.
  std::array<int, kSlots> names_{};
};

}  // namespace flblk::sim
