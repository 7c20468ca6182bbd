// What happened in a run, as plain records: written by the drivers, judged by report.h afterwards.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "tests/harness/script.h"
#include "tests/harness/sequence.h"
#include "tests/harness/topology.h"

namespace flblk::harness {

// The sequencer began a block. `block` counts from 0 in a run.
struct BlockStarted {
  uint64_t block = 0;
  uint64_t number = 0;   // L2 block number
  uint64_t slot = 0;     // Authorization timestamp, unix seconds
  uint64_t planned = 0;  // flashblocks
  bool recorded = false;
};
// The sequencer gave `builder` its Authorization for `block`; `error` where the sidecar refused or
// was gone.
struct BuilderAuthorized {
  uint64_t block = 0;
  int builder = 0;
  std::string error{};
};
// A step of the failover script was carried out on builder `victim`; `successor` is authorized
// instead of it (kNobody where the victim was not the active builder, or nobody else is alive). A
// step at a block's boundary belongs to the block that follows.
struct StepFired {
  How how = How::kGraceful;
  uint64_t block = 0;
  bool mid_block = false;
  bool victim_was_active = true;
  int victim = 0;
  int successor = kNobody;
  std::string text{};
  bool held = false;
  bool waiter = false;  // the victim waited for `successor`, which was frozen and thaws
  int64_t duration_ns = 0;
  std::string label{};
};
// A builder host called publish; and its answer (canonical status code).
struct Published {
  int builder = 0;
  uint64_t block = 0, index = 0;
};
struct Answered {
  int builder = 0;
  uint64_t block = 0, index = 0;
  uint32_t code = 0;
  std::string message{};
};
// A verified flashblock at the subscriber of a node.
struct Received {
  int node = 0;
  uint64_t block = 0, index = 0;
  int publisher = 0;         // builder
  bool own = false;          // published by that very node
  bool same_content = true;  // equal to what (block, index) must hold
};
// A subscription that began again gave another builder's flashblock for an index it had given
// before.
struct Replaced {
  int node = 0;
  uint64_t block = 0, index = 0;
};
// A flashblock at a subscriber that no builder of this run can have published.
struct Foreign {
  int node = 0;
  std::string what;
};
// A publishing transition, stamped by the node itself.
struct StateChanged {
  int builder = 0;
  bool publishing = false;
  uint64_t slot = 0;  // 0: none
  uint64_t next_index = 0;
  std::string state{}, cause{};
};
enum class Life : uint8_t { kUp, kKilled, kLeaving, kFrozen, kThawed, kCutOff, kJoined, kDied };
const char* Name(Life life);
// The process of a node: kDied is an end that nobody asked for.
struct NodeLife {
  int node = 0;
  Life life = Life::kUp;
};
// GetPendingBlock at a node equalled the reduction of what was published.
struct PendingChecked {
  int node = 0;
  uint64_t block = 0, flashblocks = 0, transactions = 0, gas_used = 0;
  std::string block_hash{};  // 0x hex
};
// A check outside the stream failed (pending block, subscription ended, ...).
struct CheckFailed {
  std::string what;
};

struct Record {
  int64_t at_ns = 0;  // since the run began
  std::variant<BlockStarted, BuilderAuthorized, StepFired, Published, Answered, Received, Replaced,
               Foreign, StateChanged, NodeLife, PendingChecked, CheckFailed>
      what;
};

// Collects records from any thread.
class RunLog {
 public:
  void Add(int64_t at_ns, decltype(Record::what) what);
  std::vector<Record> Copy() const;
  // Records from position `from` on, for a live view.
  std::vector<Record> CopyFrom(size_t from) const;

 private:
  mutable std::mutex mutex_;
  std::vector<Record> records_;
};

}  // namespace flblk::harness
