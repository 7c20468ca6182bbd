// The verdict on a run: sequences, hand-offs, losses, latency, and every broken criterion in words.
// Pure.
//
// What must hold (each breach is one line of `violations`, and makes the run fail):
//   * no gap, duplicate, out-of-order index or wrong content at any receiver;
//   * a delta that the sidecar acknowledged is at every receiver that was there for the whole
//   block. Excused is
//     only what a builder that crashed or froze afterwards had acknowledged and that reached nobody
//     else;
//   * a block whose builder was not disturbed is complete;
//   * the successor publishes in the block of the failover or in the next one; in the same block
//   where the
//     failover was graceful, or where `takeover_after` leaves time for it, at the index after the
//     last one;
//   * no two undisturbed builders hold a clearance for more than one flashblock interval;
//   * no publish is refused but for the state, or once for an index that another builder took;
//   * a builder that thaws publishes nothing more until it is authorized again, save what was
//   handed
//     in so shortly before the freeze (the p99 from publish to subscriber) that it was halfway out;
//   * in a campaign: see report_cases.cc;
//   * every node that went away and is up again receives again; nothing foreign is delivered.
#pragma once

#include <string>
#include <vector>

#include "tests/harness/run_view.h"

namespace flblk::harness {

struct BlockReport {
  uint64_t block = 0, number = 0, slot = 0, planned = 0;
  bool recorded = false, disturbed = false;
  std::vector<int>
      publishers;        // over all receivers: who published each index that arrived anywhere
  uint64_t lost = 0;     // (delta, receiver) pairs
  uint64_t excused = 0;  // deltas a disturbed builder had acknowledged and nobody received
  std::vector<std::string> differing;  // receivers whose sequence is another one
};

struct HandoffReport {
  StepFired step;
  int64_t fired_ns = 0;
  std::optional<int64_t> clearance_ns;  // from the step to the successor's clearance
  std::optional<int64_t> first_ns;      // from the step to its first flashblock at a receiver
  std::optional<int64_t> gap_ns;  // the longest silence at a receiver between the two builders
  std::optional<uint64_t> resumed_block, resumed_index;
};

// All hand-offs of one case of a campaign.
struct CaseReport {
  std::string label;
  uint64_t count = 0, same_block = 0, next_block = 0;  // where the successor went on
  Latencies first, gap;                                // of HandoffReport
  uint64_t lost = 0, unsent = 0, duplicates = 0, out_of_order = 0;
  int64_t two_publishers_ns = 0;
};

struct Report {
  std::vector<BlockReport> blocks;
  std::vector<HandoffReport> handoffs;
  std::vector<CaseReport> cases;           // in the order of their first step
  uint64_t flashblocks = 0, received = 0;  // published and acknowledged; delivered to subscribers
  uint64_t lost = 0, excused = 0, gaps = 0, duplicates = 0, out_of_order = 0, different_content = 0;
  std::map<uint32_t, uint64_t> refused;
  Latencies latency, clearance, gap;  // the last two over all hand-offs
  int64_t two_publishers_ns = 0;
  uint64_t frozen_halfway = 0;  // flashblocks published on thawing that were halfway out (above)
  std::vector<PendingChecked>
      recorded;  // the recorded block, reduced, as each edge node answered it
  std::vector<std::string> violations;
  bool ok() const { return violations.empty(); }
};

Report MakeReport(const RunView& view);

// Parts of MakeReport, each in its own file.
void JudgeBlocks(const RunView& view, Report& report);
void JudgeHandoffs(const RunView& view, Report& report);
void JudgeThaws(const RunView& view, Report& report);
void JudgeCases(const RunView& view, Report& report);  // after the others
// Times during which two builders that were neither dead, frozen nor cut off held a clearance for
// one slot.
struct Overlap {
  int64_t from_ns = 0, length_ns = 0;
};
std::vector<Overlap> TwoPublishers(const RunView& view);

// For people, and for machines (one line).
std::string FormatTable(const Report& report, const RunSetup& setup);
std::string FormatCases(const Report& report, const RunSetup& setup);  // of a campaign
std::string FormatJson(const Report& report, const RunSetup& setup);

}  // namespace flblk::harness
