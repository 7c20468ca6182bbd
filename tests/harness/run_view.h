// The records of a run, indexed for judging: blocks with their receivers' sequences, and who was
// away when. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "tests/harness/latency.h"
#include "tests/harness/records.h"
#include "tests/harness/sequence.h"

namespace flblk::harness {

struct RunSetup {
  Shape shape;
  Timing timing;
  int64_t takeover_ns = 0;  // 0: off
  int64_t detect_ns = 0;    // from a crash to the successor's Authorization
  int64_t crash_limit_ns =
      0;  // from a crash to the successor's flashblock, with takeover_ns; 0: any
};

struct Delta {
  int64_t published_ns = 0;
  std::optional<int64_t> answered_ns;
  uint32_t code = 0;
};
using DeltaKey = std::pair<uint64_t, int>;  // index, builder

struct BlockView {
  BlockStarted started;
  int64_t start_ns = 0, end_ns = 0;
  bool disturbed = false;                     // its builder crashed, froze or left, or it had none
  std::vector<SequenceChecker> at;            // per node
  std::map<DeltaKey, Delta> deltas;           // what the hosts published
  uint64_t duplicates = 0, out_of_order = 0;  // at any receiver
};

// A stretch in which a node cannot be asked for what it missed: from its crash or freeze until the
// end of the block in which it received again (of the run, where it never did).
struct Absence {
  int64_t from_ns = 0;
  Life kind = Life::kKilled;           // how it began: kCutOff also where it was frozen before
  std::optional<int64_t> up_ns;        // running again
  std::optional<int64_t> returned_ns;  // received again
  int64_t until_ns = 0;
};

struct RunView {
  RunSetup setup;
  int64_t end_ns = 0;
  std::vector<BlockView> blocks;
  std::vector<std::vector<Absence>> absences;  // per node
  std::vector<Record> records;                 // by time

  uint64_t replaced = 0;  // at a node that had not been away
  uint64_t duplicates = 0, gaps = 0, out_of_order = 0, different_content = 0;
  std::vector<std::string> foreign, failed_checks;
  std::vector<PendingChecked> pending;
  std::map<uint32_t, uint64_t> refused;  // publish answers by status code, without OK
  // Of those with OUT_OF_RANGE: the first answer for an index that another builder published.
  uint64_t taken = 0;
  Latencies latency;  // publish call to each subscriber of another node

  // Was the node away at any time between the two?
  bool Away(int node, int64_t from_ns, int64_t to_ns) const;
  bool Answerable(int node, const BlockView& block) const {
    return !Away(node, block.start_ns, block.end_ns);
  }
};

RunView MakeView(const RunSetup& setup, std::vector<Record> records);

}  // namespace flblk::harness
