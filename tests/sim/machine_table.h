// Every machine the search has met, each kept once and known by its number, with what it does on
// every input: a step of the machine that ships runs once and is looked up ever after. That makes a
// state of the model a hundred bytes, and a transition a few table reads.
#pragma once

#include <deque>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "p2p/core/handoff.h"
#include "tests/sim/reference_machine.h"
#include "tests/sim/slots.h"

namespace flblk::sim {

enum class MessageKind : uint8_t { kStart, kStop, kFlashblock };

// What can happen to a machine. Received ones carry the sender and a slot.
struct Input {
  enum Kind : uint8_t {
    kRevoked,      // attributes without Authorization
    kHostStopped,  // shutdown
    kPublished,    // our flashblock went out
    kInterval,     // a flashblock interval of time passes
    kAuthorized,   // for the slot in progress
    kStart,        // from here on: received
    kStop,
    kFlashblock,
  };
  Kind kind = kRevoked;
  Key from = 0;
  Slot slot = 0;
};

struct Outcome {
  uint32_t next = 0;
  bool moved = false;    // to another state of the hand-off
  int8_t announced = 0;  // +1: a StartPublish went out; -1: clearance and claim were given up
  uint8_t sends = 0;
  struct Sent {
    MessageKind kind;  // kStart, kStop
    Slot slot;
  } sent[3] = {};
};

struct TableConfig {
  std::string parties = "FF";  // F: flblk, R: reference
  bool takeover = false;       // takeover_after of two intervals
  bool canonical = true;       // forget what cannot matter any more (see Canonical in the source)
};

class MachineTable {
 public:
  explicit MachineTable(const TableConfig& config);

  uint32_t Fresh(uint8_t party) const { return fresh_[party]; }
  const Outcome& Step(uint32_t id, const Input& input);
  uint32_t Renumber(uint32_t id, const SlotMap& map);
  // The step in words: transitions with their causes.
  std::string Explain(uint32_t id, const Input& input) const;

  bool ours(uint32_t id) const { return records_[id].machine.index() == 0; }
  bool publishing(uint32_t id) const { return records_[id].publishing; }
  Slot slot(uint32_t id) const { return records_[id].slot; }  // of a publishing one
  bool may_publish(uint32_t id) const { return records_[id].may_publish; }
  bool timer_pending(uint32_t id) const { return records_[id].timer_pending; }
  uint32_t used_slots(uint32_t id) const { return records_[id].used_slots; }
  const char* state_name(uint32_t id) const;
  size_t size() const { return records_.size(); }
  size_t count(uint8_t party) const;

 private:
  using Any = std::variant<core::handoff::Machine, ReferenceMachine>;
  struct Record {
    Any machine{ReferenceMachine(0)};
    uint8_t party = 0;
    bool publishing = false, may_publish = false, timer_pending = false;
    Slot slot = 0;
    uint32_t used_slots = 0;
    std::vector<uint32_t> steps;  // by input: number of the outcome + 1
  };
  struct Hash {
    const MachineTable* table;
    size_t operator()(uint32_t id) const;
  };
  struct Equal {
    const MachineTable* table;
    bool operator()(uint32_t a, uint32_t b) const {
      return table->records_[a].machine == table->records_[b].machine;
    }
  };

  uint32_t Intern(uint8_t party, Any machine);
  Outcome Run(uint8_t party, core::handoff::Machine machine, const Input& input);
  Outcome Run(uint8_t party, ReferenceMachine machine, const Input& input);

  TableConfig config_;
  std::deque<Record> records_;
  std::deque<Outcome> outcomes_;
  absl::flat_hash_set<uint32_t, Hash, Equal> ids_;
  absl::flat_hash_map<std::pair<uint32_t, uint64_t>, uint32_t> renumbered_;
  std::vector<uint32_t> fresh_;
};

}  // namespace flblk::sim
