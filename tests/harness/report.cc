#include "tests/harness/report.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace flblk::harness {
namespace {

void Expect(bool holds, Report& report, std::string words) {
  if (!holds) report.violations.push_back(std::move(words));
}

// A node that runs again for this long must have received something.
constexpr int64_t kReturnLimitNs = 10'000 * kNsPerMs;

void JudgeReturns(const RunView& view, Report& report) {
  for (size_t node = 0; node < view.absences.size(); ++node) {
    for (const Absence& absence : view.absences[node]) {
      if (!absence.up_ns || absence.returned_ns) continue;
      const int64_t silent_ns = view.end_ns - *absence.up_ns;
      Expect(silent_ns < kReturnLimitNs, report,
             absl::StrCat(NodeName(view.setup.shape, node), " received nothing in the ",
                          silent_ns / kNsPerMs, " ms after it came back"));
    }
  }
}

// A host that stops when its clearance is revoked may still be refused for the state, and once for
// an index that its predecessor's last flashblock has taken; nothing else.
void JudgeRefusals(const RunView& view, Report& report) {
  for (const auto& [number, count] : report.refused) {
    const auto code = static_cast<absl::StatusCode>(number);
    if (code == absl::StatusCode::kFailedPrecondition) continue;
    const uint64_t allowed = code == absl::StatusCode::kOutOfRange ? view.taken : 0;
    Expect(count <= allowed, report,
           absl::StrCat("publish refused with ", absl::StatusCodeToString(code), ": ", count));
  }
}

void CountAnswers(const RunView& view, Report& report) {
  for (const BlockView& block : view.blocks) {
    for (const auto& [key, delta] : block.deltas) {
      report.flashblocks += delta.answered_ns.has_value() && delta.code == 0;
    }
  }
  for (const Record& record : view.records) {
    report.received += std::holds_alternative<Received>(record.what);
  }
}

// Who of the edge (all but the builders, where there are others) answered for the recorded block?
void JudgeRecorded(const RunView& view, Report& report) {
  if (view.blocks.empty() || !view.blocks.front().started.recorded) return;
  for (const PendingChecked& checked : view.pending) {
    if (checked.block == 0) report.recorded.push_back(checked);
  }
  const Shape& shape = view.setup.shape;
  const size_t edge =
      shape.nodes() > shape.builders ? shape.nodes() - shape.builders : shape.nodes();
  Expect(report.recorded.size() == edge || view.blocks.front().disturbed, report,
         absl::StrCat("the recorded block was confirmed by ", report.recorded.size(), " of ", edge,
                      " nodes"));
}

}  // namespace

Report MakeReport(const RunView& view) {
  Report report;
  report.gaps = view.gaps;
  report.duplicates = view.duplicates;
  report.out_of_order = view.out_of_order;
  report.different_content = view.different_content;
  report.refused = view.refused;
  report.latency = view.latency;
  for (const Overlap& overlap : TwoPublishers(view)) report.two_publishers_ns += overlap.length_ns;
  CountAnswers(view, report);
  JudgeBlocks(view, report);
  JudgeHandoffs(view, report);
  JudgeThaws(view, report);
  JudgeCases(view, report);
  JudgeReturns(view, report);
  JudgeRefusals(view, report);
  JudgeRecorded(view, report);
  Expect(report.received > 0, report, "no subscriber received anything");
  Expect(report.gaps == 0, report, absl::StrCat("gaps: ", report.gaps));
  Expect(report.duplicates == 0, report, absl::StrCat("duplicates: ", report.duplicates));
  Expect(report.out_of_order == 0, report, absl::StrCat("out of order: ", report.out_of_order));
  Expect(report.different_content == 0, report,
         absl::StrCat("flashblocks with other content: ", report.different_content));
  Expect(view.replaced == 0, report,
         absl::StrCat("other flashblocks for indices a receiver had: ", view.replaced));
  Expect(!report.cases.empty() || report.two_publishers_ns <= view.setup.timing.interval_ns, report,
         absl::StrCat("two builders held a clearance for ", report.two_publishers_ns / kNsPerMs,
                      " ms"));
  for (const std::string& foreign : view.foreign) Expect(false, report, "foreign: " + foreign);
  for (const std::string& failed : view.failed_checks) Expect(false, report, failed);
  return report;
}

}  // namespace flblk::harness
