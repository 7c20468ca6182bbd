// The reference's (World Chain's) publishing state machine, as a party of the model: not our code's
// behaviour but theirs, with its weaknesses, so that we can prove what ours does next to it.
//
// Source: world-chain crates/p2p/src/protocol/{handler,connection}.rs; T is the newest slot of
// which a flashblock was seen, A the list of active publishers (key, slot).
//
//   event                 NotPublishing{A}              Waiting{a, A} Publishing{a} authorized n
//   send Start(n); A empty ->     n >= max(A) + one slot ->         a := n if newer
//                         Publishing, else Waiting      Publishing, silently; else a:=n
//   Start s >= T          upsert                        upsert                            send
//   Stop(a), NotPublishing Stop s >= T           remove                        remove; A empty ->
//   Publishing     ignored Start/Stop s < T      refused                       refused refused
//   rival's flashblock    upsert                        upsert                            logged
//   only
#pragma once

#include <cstdint>
#include <vector>

#include "tests/sim/slots.h"

namespace flblk::sim {

struct Input;  // tests/sim/machine_table.h

struct ReferenceOutput {
  enum Kind : uint8_t { kSendStart, kSendStop } kind;
  Slot slot;
};

class ReferenceMachine {
 public:
  enum class State : uint8_t { kNotPublishing, kWaiting, kPublishing };

  explicit ReferenceMachine(Key own) : own_(own) {}

  std::vector<ReferenceOutput> Step(const Input& input);

  std::vector<ReferenceOutput> OnAuthorized(Slot slot);
  std::vector<ReferenceOutput> OnStart(Key rival, Slot slot);
  std::vector<ReferenceOutput> OnStop(Key rival, Slot slot);
  void OnFlashblock(Key rival, Slot slot);
  // Our own flashblock went out: it raises T as everybody's does.
  void OnPublished(Slot slot);

  State state() const { return state_; }
  Slot authorized() const { return authorized_; }

  uint64_t Fingerprint() const;
  uint32_t UsedSlots() const;
  void Renumber(const SlotMap& map);
  bool operator==(const ReferenceMachine&) const = default;

 private:
  struct Active {
    Key key;
    Slot slot;
    bool operator==(const Active&) const = default;
  };
  void Upsert(Key key, Slot slot);
  void Remove(Key key);

  Key own_;
  State state_ = State::kNotPublishing;
  Slot authorized_ = 0;
  Slot newest_ = 0;             // T
  std::vector<Active> active_;  // A, sorted by key
};

}  // namespace flblk::sim
