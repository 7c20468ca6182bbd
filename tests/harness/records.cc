#include "tests/harness/records.h"

#include <algorithm>

namespace flblk::harness {

const char* Name(Life life) {
  switch (life) {
    case Life::kUp:
      return "up";
    case Life::kKilled:
      return "killed";
    case Life::kLeaving:
      return "leaving";
    case Life::kFrozen:
      return "frozen";
    case Life::kThawed:
      return "thawed";
    case Life::kCutOff:
      return "cut off";
    case Life::kJoined:
      return "joined again";
    case Life::kDied:
      return "died";
  }
  return "?";
}

void RunLog::Add(int64_t at_ns, decltype(Record::what) what) {
  std::lock_guard lock(mutex_);
  records_.push_back({at_ns, std::move(what)});
}

std::vector<Record> RunLog::Copy() const { return CopyFrom(0); }

std::vector<Record> RunLog::CopyFrom(size_t from) const {
  std::lock_guard lock(mutex_);
  const auto first = records_.begin() + static_cast<ptrdiff_t>(std::min(from, records_.size()));
  return {first, records_.end()};
}

}  // namespace flblk::harness
