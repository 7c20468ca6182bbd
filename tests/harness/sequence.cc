#include "tests/harness/sequence.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/harness/script.h"

namespace flblk::harness {

Arrival SequenceChecker::Add(uint64_t index, int publisher) {
  if (index < publishers_.size()) {
    if (publishers_[index] != kNobody) return Arrival::kDuplicate;
    publishers_[index] = publisher;
    return Arrival::kOutOfOrder;
  }
  const bool gap = index > publishers_.size();
  publishers_.resize(index + 1, kNobody);
  publishers_[index] = publisher;
  return gap ? Arrival::kGap : Arrival::kNext;
}

uint64_t SequenceChecker::holes() const {
  return static_cast<uint64_t>(std::count(publishers_.begin(), publishers_.end(), kNobody));
}

std::string FormatSequence(const std::vector<int>& publishers) {
  if (publishers.empty()) return "nothing";
  std::string text;
  for (size_t first = 0; first < publishers.size();) {
    size_t last = first;
    while (last + 1 < publishers.size() && publishers[last + 1] == publishers[first]) ++last;
    const std::string who =
        publishers[first] == kNobody ? "-" : BuilderName(static_cast<size_t>(publishers[first]));
    absl::StrAppend(&text, text.empty() ? "" : ", ", first);
    if (last > first) absl::StrAppend(&text, "-", last);
    absl::StrAppend(&text, " ", who);
    first = last + 1;
  }
  return text;
}

}  // namespace flblk::harness
