// The cases of a campaign, and its goals:
//   * a graceful hand-off in the middle of a block loses nothing and adds at most one interval and
//     one round trip (twice the run's p99 from publish to subscriber) to the interval there always
//     is between flashblocks;
//   * after a crash, a freeze or a cut the successor publishes at the next block at the latest,
//     from its first index on, and within crash_limit_ns where takeover_ns is set (two intervals
//     more where the one that fell had announced itself and waited);
//   * two builders are never cleared for one slot for longer than an interval, apart from the time
//     in which one of them is frozen or cut off. After a cut the kernel's next try to send may be
//     as far away as the cut was long.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/harness/report.h"

namespace flblk::harness {
namespace {

class CaseJudge {
 public:
  CaseJudge(const RunView& view, Report& report) : view_(view), report_(report) {}

  void Run() {
    for (const HandoffReport& handoff : report_.handoffs) {
      if (handoff.step.label.empty()) continue;
      CaseReport& all = Case(handoff.step.label);
      Count(handoff, all);
      Judge(handoff);
    }
    if (report_.cases.empty()) return;
    for (size_t i = 0; i < report_.blocks.size(); ++i) Attribute(i);
    for (const Overlap& overlap : TwoPublishers(view_)) Attribute(overlap);
    std::sort(report_.cases.begin(), report_.cases.end(),
              [](const CaseReport& a, const CaseReport& b) { return a.label < b.label; });
  }

 private:
  CaseReport& Case(const std::string& label) {
    auto found = std::find_if(report_.cases.begin(), report_.cases.end(),
                              [&](const CaseReport& one) { return one.label == label; });
    if (found != report_.cases.end()) return *found;
    report_.cases.push_back({});
    report_.cases.back().label = label;
    return report_.cases.back();
  }

  void Count(const HandoffReport& handoff, CaseReport& all) {
    ++all.count;
    if (handoff.first_ns) all.first.Add(*handoff.first_ns);
    if (handoff.gap_ns) all.gap.Add(*handoff.gap_ns);
    if (!handoff.resumed_block) return;
    ++(*handoff.resumed_block == handoff.step.block ? all.same_block : all.next_block);
  }

  void Violation(const StepFired& step, const std::string& words) {
    report_.violations.push_back(absl::StrCat("step \"", step.text, "\": ", words));
  }

  void Judge(const HandoffReport& handoff) {
    const StepFired& step = handoff.step;
    if (!handoff.resumed_block || !handoff.first_ns) return;  // judged with all hand-offs
    const Timing& timing = view_.setup.timing;
    if (step.how == How::kGraceful) {
      const int64_t limit = 2 * timing.interval_ns + 2 * view_.latency.Percentile(99);
      if (step.mid_block && handoff.gap_ns.value_or(limit + 1) > limit) {
        Violation(step, absl::StrCat("a silence of ", handoff.gap_ns.value_or(0) / kNsPerMs,
                                     " ms, the limit is ", limit / kNsPerMs, " ms"));
      }
      return;
    }
    if (*handoff.resumed_block > step.block && *handoff.resumed_index != 0) {
      Violation(step, absl::StrCat("the next block began at index ", *handoff.resumed_index));
    }
    int64_t limit = view_.setup.crash_limit_ns;
    if (step.waiter && limit > 0) limit += timing.Outranked();
    if (step.how != How::kRespawn && view_.setup.takeover_ns > 0 && limit > 0 &&
        *handoff.first_ns > limit) {
      Violation(step, absl::StrCat("published again after ", *handoff.first_ns / kNsPerMs,
                                   " ms, the limit is ", limit / kNsPerMs, " ms"));
    }
  }

  // The newest step at that time.
  const HandoffReport* StepBefore(int64_t time_ns) const {
    const auto after = std::upper_bound(
        report_.handoffs.begin(), report_.handoffs.end(), time_ns,
        [](int64_t time, const HandoffReport& handoff) { return time < handoff.fired_ns; });
    if (after == report_.handoffs.begin() || std::prev(after)->step.label.empty()) return nullptr;
    return &*std::prev(after);
  }

  void Attribute(size_t block) {
    const BlockView& view = view_.blocks[block];
    const HandoffReport* step = StepBefore(view.end_ns - 1);
    if (step == nullptr) return;
    CaseReport& all = Case(step->step.label);
    all.lost += report_.blocks[block].lost;
    all.unsent += report_.blocks[block].excused;
    all.duplicates += view.duplicates;
    all.out_of_order += view.out_of_order;
  }

  void Attribute(const Overlap& overlap) {
    const HandoffReport* step = StepBefore(overlap.from_ns);
    if (step == nullptr) return;
    Case(step->step.label).two_publishers_ns += overlap.length_ns;
    const int64_t unsent_ns = step->step.how == How::kCut ? step->step.duration_ns : 0;
    if (overlap.length_ns > view_.setup.timing.interval_ns + unsent_ns) {
      Violation(step->step, absl::StrCat("two builders held a clearance for ",
                                         overlap.length_ns / kNsPerMs, " ms"));
    }
  }

  const RunView& view_;
  Report& report_;
};

}  // namespace

void JudgeCases(const RunView& view, Report& report) { CaseJudge(view, report).Run(); }

}  // namespace flblk::harness
