// Hand-offs: how long each took, whether it came where it must, and the time with two publishers.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/harness/report.h"

namespace flblk::harness {
namespace {

class HandoffJudge {
 public:
  HandoffJudge(const RunView& view, size_t step_position, Report& report)
      : view_(view), position_(step_position), report_(report) {
    out_.step = std::get<StepFired>(view.records[position_].what);
    out_.fired_ns = view.records[position_].at_ns;
  }

  HandoffReport Run() {
    Measure();
    Judge();
    if (out_.clearance_ns) report_.clearance.Add(*out_.clearance_ns);
    if (out_.gap_ns) report_.gap.Add(*out_.gap_ns);
    return out_;
  }

 private:
  void Measure() {
    const size_t nodes = view_.setup.shape.nodes();
    std::vector<std::optional<int64_t>> last = LastBefore(nodes);
    std::vector<bool> seen(nodes, false);
    for (size_t i = position_; i < view_.records.size(); ++i) {
      const Record& record = view_.records[i];
      if (const auto* step = std::get_if<StepFired>(&record.what);
          step != nullptr && i != position_) {
        superseded_ |= step->victim == out_.step.successor && !out_.first_ns &&
                       step->block <= out_.step.block + 1;
        if (step->victim_was_active) return;  // the next hand-off begins
      }
      if (const auto* state = std::get_if<StateChanged>(&record.what)) {
        if (state->builder == out_.step.successor && state->publishing && !out_.clearance_ns) {
          out_.clearance_ns = record.at_ns - out_.fired_ns;
        }
      }
      const auto* received = std::get_if<Received>(&record.what);
      if (received == nullptr) continue;
      const size_t node = static_cast<size_t>(received->node);
      const bool after = OfSuccessor(*received);
      if (!after && !seen[node]) last[node] = record.at_ns;
      if (!after || seen[node]) continue;
      seen[node] = true;
      First(*received, record.at_ns);
      if (last[node] && !view_.Away(received->node, out_.fired_ns, record.at_ns)) {
        out_.gap_ns = std::max(out_.gap_ns.value_or(0), record.at_ns - *last[node]);
      }
    }
  }

  // A builder that succeeds itself: what it published after the step.
  bool OfSuccessor(const Received& received) const {
    if (received.publisher != out_.step.successor) return false;
    if (out_.step.successor != out_.step.victim) return true;
    if (received.block >= view_.blocks.size()) return false;
    const auto& deltas = view_.blocks[received.block].deltas;
    const auto delta = deltas.find({received.index, received.publisher});
    return delta != deltas.end() && delta->second.published_ns >= out_.fired_ns;
  }

  std::vector<std::optional<int64_t>> LastBefore(size_t nodes) const {
    std::vector<std::optional<int64_t>> last(nodes);
    size_t found = 0;
    for (size_t i = position_; i-- > 0 && found < nodes;) {
      const auto* received = std::get_if<Received>(&view_.records[i].what);
      if (received == nullptr) continue;
      auto& slot = last[static_cast<size_t>(received->node)];
      if (!slot) {
        slot = view_.records[i].at_ns;
        ++found;
      }
    }
    return last;
  }

  void First(const Received& received, int64_t at_ns) {
    if (out_.first_ns) return;
    out_.first_ns = at_ns - out_.fired_ns;
    out_.resumed_block = received.block;
    out_.resumed_index = received.index;
  }

  void Violation(const std::string& words) {
    report_.violations.push_back(absl::StrCat("step \"", out_.step.text, "\": ", words));
  }

  // Is there time left in the block for a hand-off that must happen in it?
  bool SameBlockIsDue() const {
    const StepFired& step = out_.step;
    if (!step.mid_block || step.block >= view_.blocks.size()) return false;
    const RunSetup& setup = view_.setup;
    int64_t needed = 2 * setup.timing.interval_ns;
    if (step.how == How::kRespawn) return false;
    if (step.how != How::kGraceful && step.how != How::kTerm) {
      if (setup.takeover_ns == 0) return false;
      needed += setup.takeover_ns + setup.detect_ns;
      if (step.waiter) needed += setup.timing.Outranked();
    }
    return out_.fired_ns + needed <= view_.blocks[step.block].end_ns;
  }

  void Judge() {
    if (superseded_) return;
    const StepFired& step = out_.step;
    const std::string who = BuilderName(static_cast<size_t>(step.successor));
    if (!out_.resumed_block) {
      if (step.block + 1 < view_.blocks.size()) Violation(absl::StrCat(who, " never published"));
      return;
    }
    if (*out_.resumed_block > step.block + 1) {
      Violation(absl::StrCat(who, " published only from block ", *out_.resumed_block));
    } else if (SameBlockIsDue() && *out_.resumed_block != step.block) {
      Violation(absl::StrCat(who, " did not continue block ", step.block));
    }
  }

  const RunView& view_;
  const size_t position_;
  Report& report_;
  HandoffReport out_;
  bool superseded_ = false;
};

struct Clearance {
  int builder = 0;
  uint64_t slot = 0;
  int64_t from_ns = 0, to_ns = 0;
};

std::vector<Clearance> Clearances(const RunView& view) {
  std::vector<Clearance> all;
  std::vector<std::optional<Clearance>> open(view.setup.shape.builders);
  auto close = [&](int builder, int64_t at_ns) {
    auto& current = open[static_cast<size_t>(builder)];
    if (!current) return;
    current->to_ns = at_ns;
    all.push_back(*current);
    current.reset();
  };
  for (const Record& record : view.records) {
    if (const auto* state = std::get_if<StateChanged>(&record.what)) {
      close(state->builder, record.at_ns);
      if (state->publishing) {
        open[static_cast<size_t>(state->builder)] = {state->builder, state->slot, record.at_ns, 0};
      }
    } else if (const auto* event = std::get_if<NodeLife>(&record.what)) {
      if (event->life == Life::kKilled || event->life == Life::kDied) {
        if (view.setup.shape.IsBuilder(static_cast<size_t>(event->node)))
          close(event->node, record.at_ns);
      }
    }
  }
  for (size_t builder = 0; builder < open.size(); ++builder)
    close(static_cast<int>(builder), view.end_ns);
  return all;
}

int64_t FrozenNs(const RunView& view, int builder, int64_t from_ns, int64_t to_ns) {
  int64_t frozen = 0;
  for (const Absence& absence : view.absences[static_cast<size_t>(builder)]) {
    const int64_t until = absence.up_ns.value_or(view.end_ns);
    frozen += std::max<int64_t>(0, std::min(to_ns, until) - std::max(from_ns, absence.from_ns));
  }
  return frozen;
}

}  // namespace

void JudgeHandoffs(const RunView& view, Report& report) {
  for (size_t i = 0; i < view.records.size(); ++i) {
    const auto* step = std::get_if<StepFired>(&view.records[i].what);
    if (step == nullptr || step->successor == kNobody) continue;
    report.handoffs.push_back(HandoffJudge(view, i, report).Run());
  }
}

std::vector<Overlap> TwoPublishers(const RunView& view) {
  const std::vector<Clearance> all = Clearances(view);
  std::multimap<uint64_t, const Clearance*> by_slot;
  for (const Clearance& clearance : all) by_slot.emplace(clearance.slot, &clearance);
  std::vector<Overlap> overlaps;
  for (auto i = by_slot.begin(); i != by_slot.end(); ++i) {
    for (auto j = std::next(i); j != by_slot.end() && j->first == i->first; ++j) {
      const Clearance &a = *i->second, &b = *j->second;
      const int64_t from = std::max(a.from_ns, b.from_ns), to = std::min(a.to_ns, b.to_ns);
      if (a.builder == b.builder || from >= to) continue;
      const int64_t length =
          to - from - FrozenNs(view, a.builder, from, to) - FrozenNs(view, b.builder, from, to);
      if (length > 0) overlaps.push_back({from, length});
    }
  }
  return overlaps;
}

}  // namespace flblk::harness
