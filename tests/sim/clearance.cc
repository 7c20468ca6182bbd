#include "tests/sim/clearance.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace flblk::sim {

size_t ClearanceCheck::FailoversWithin(Duration from, Duration to) const {
  return static_cast<size_t>(std::ranges::count_if(
      schedule_.failovers, [&](const Failover& f) { return f.at >= from && f.at <= to; }));
}

std::string ClearanceCheck::Changed(uint32_t builder, bool cleared, Duration now) {
  if (cleared_[builder] == cleared) return "";
  const auto count = std::ranges::count(cleared_, true);
  const Duration lasted = now - since_;
  cleared_[builder] = cleared;
  const Duration since = since_;
  since_ = now;
  if (count == 1 || lasted <= way_) return "";
  if (FailoversWithin(since - 2 * schedule_.block_time, now) > 1) return "";
  return absl::StrCat(count == 0 ? "nobody was" : absl::StrCat(count, " builders were"),
                      " cleared for ",
                      std::chrono::duration_cast<std::chrono::milliseconds>(lasted).count(),
                      " ms without any fault, where a message takes at most ",
                      std::chrono::duration_cast<std::chrono::milliseconds>(way_).count(), " ms");
}

bool ClearanceCheck::Lonely(size_t i) const {
  const Duration at = schedule_.failovers[i].at;
  return at > kPublishInterval + way_ &&
         FailoversWithin(at - 2 * schedule_.block_time, at + RoundTrip()) == 1;
}

std::string ClearanceCheck::HandedOver(size_t i) const {
  const uint32_t to = schedule_.failovers[i].builder;
  if (!cleared_[to]) return absl::StrCat("builder ", to, " is not cleared a round trip later");
  if (std::ranges::count(cleared_, true) == 1) return "";
  return absl::StrCat("builder ", to, " is not the only one cleared a round trip later");
}

}  // namespace flblk::sim
