// What a frozen builder does when it thaws: nothing, until it is authorized again. What it had sent
// before it froze may be acknowledged late.
#include "absl/strings/str_cat.h"
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

}  // namespace

void JudgeThaws(const RunView& view, Report& report) {
  std::vector<std::optional<int64_t>> thawed(view.setup.shape.nodes());
  for (const Record& record : view.records) {
    if (const auto* life = std::get_if<NodeLife>(&record.what)) {
      auto& since = thawed[static_cast<size_t>(life->node)];
      since.reset();
      if (life->life == Life::kThawed) since = record.at_ns;
    } else if (const auto* given = std::get_if<BuilderAuthorized>(&record.what)) {
      thawed[static_cast<size_t>(given->builder)].reset();
    } else if (const auto* answer = std::get_if<Answered>(&record.what)) {
      const auto& since = thawed[static_cast<size_t>(answer->builder)];
      if (!since || answer->code != 0 || ReachedAnotherBefore(view, *answer, *since)) continue;
      report.violations.push_back(absl::StrCat(BuilderName(static_cast<size_t>(answer->builder)),
                                               " thawed and published index ", answer->index,
                                               " of block ", answer->block));
    }
  }
}

}  // namespace flblk::harness
