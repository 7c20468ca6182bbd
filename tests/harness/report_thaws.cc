// What a frozen builder does when it thaws and another one has announced itself meanwhile: nothing,
// until it is authorized again. What it had sent before it froze may be acknowledged late, and
// what its host had handed in just then may have been past the last look at the peers already:
// those are counted, not held against it.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "tests/harness/report.h"

namespace flblk::harness {
namespace {

bool ReachedAnotherBefore(const RunView& view, const Answered& answer, int64_t time_ns) {
  for (const Record& record : view.records) {
    if (record.at_ns > time_ns) return false;
    const auto* received = std::get_if<Received>(&record.what);
    if (received != nullptr && received->node != answer.builder &&
        received->block == answer.block && received->index == answer.index &&
        received->publisher == answer.builder) {
      return true;
    }
  }
  return false;
}

// When its host handed in what was answered; nullopt: not recorded.
std::optional<int64_t> HandedIn(const RunView& view, const Answered& answer) {
  std::optional<int64_t> at_ns;
  for (const Record& record : view.records) {
    const auto* published = std::get_if<Published>(&record.what);
    if (published != nullptr && published->builder == answer.builder &&
        published->block == answer.block && published->index == answer.index) {
      at_ns = record.at_ns;
    }
  }
  return at_ns;
}

// Did another builder announce itself between the two for that slot or a newer one? Of two that
// wait for each other the first may go on: who did not publish is succeeded by who publishes.
bool Succeeded(const RunView& view, const Answered& answer, bool published, int64_t from_ns,
               int64_t to_ns) {
  if (answer.block >= view.blocks.size()) return false;
  const uint64_t slot = view.blocks[answer.block].started.slot;
  return std::any_of(view.records.begin(), view.records.end(), [&](const Record& record) {
    const auto* state = std::get_if<StateChanged>(&record.what);
    return state != nullptr && record.at_ns >= from_ns && record.at_ns <= to_ns &&
           state->builder != answer.builder && state->slot >= slot &&
           (state->publishing || (published && state->state == "waiting"));
  });
}

}  // namespace

void JudgeThaws(const RunView& view, Report& report) {
  struct Freeze {
    int64_t from_ns = 0;
    std::optional<int64_t> to_ns;
    bool published = false;  // when it froze
  };
  std::vector<bool> publishing(view.setup.shape.nodes());
  std::vector<std::optional<Freeze>> freezes(view.setup.shape.nodes());
  // The Start must have had its time to arrive.
  const int64_t transit_ns = view.latency.Percentile(99);
  for (const Record& record : view.records) {
    if (const auto* life = std::get_if<NodeLife>(&record.what)) {
      auto& freeze = freezes[static_cast<size_t>(life->node)];
      if (life->life == Life::kThawed && freeze) {
        freeze->to_ns = record.at_ns;
      } else {
        freeze.reset();
        if (life->life == Life::kFrozen)
          freeze = Freeze{record.at_ns, {}, publishing[static_cast<size_t>(life->node)]};
      }
    } else if (const auto* state = std::get_if<StateChanged>(&record.what)) {
      publishing[static_cast<size_t>(state->builder)] = state->publishing;
    } else if (const auto* given = std::get_if<BuilderAuthorized>(&record.what)) {
      freezes[static_cast<size_t>(given->builder)].reset();
    } else if (const auto* answer = std::get_if<Answered>(&record.what)) {
      const auto& freeze = freezes[static_cast<size_t>(answer->builder)];
      if (answer->code != 0 || !freeze || !freeze->to_ns) continue;
      if (!Succeeded(view, *answer, freeze->published, freeze->from_ns,
                     *freeze->to_ns - transit_ns))
        continue;
      if (ReachedAnotherBefore(view, *answer, *freeze->to_ns)) continue;
      const std::optional<int64_t> handed_in = HandedIn(view, *answer);
      const int64_t before_ns = freeze->from_ns - handed_in.value_or(freeze->from_ns);
      if (before_ns > 0 && before_ns <= transit_ns) {
        ++report.frozen_halfway;
        continue;
      }
      report.violations.push_back(absl::StrFormat(
          "%s thawed and published index %d of block %d, handed in %.1f ms after the freeze, "
          "answered %.1f ms after the thaw",
          BuilderName(static_cast<size_t>(answer->builder)), answer->index, answer->block,
          static_cast<double>(-before_ns) / kNsPerMs,
          static_cast<double>(record.at_ns - *freeze->to_ns) / kNsPerMs));
    }
  }
}

}  // namespace flblk::harness
