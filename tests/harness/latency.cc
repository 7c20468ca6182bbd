#include "tests/harness/latency.h"

#include <algorithm>
#include <cmath>

namespace flblk::harness {

void Latencies::Add(int64_t ns) {
  samples_.push_back(ns);
  sorted_ = false;
}

void Latencies::Merge(const Latencies& other) {
  samples_.insert(samples_.end(), other.samples_.begin(), other.samples_.end());
  sorted_ = false;
}

int64_t Latencies::Percentile(double percent) const {
  if (samples_.empty()) return 0;
  if (!sorted_) {
    std::sort(samples_.begin(), samples_.end());
    sorted_ = true;
  }
  const double rank = std::ceil(percent / 100 * static_cast<double>(samples_.size()));
  const size_t index = rank < 1 ? 0 : static_cast<size_t>(rank) - 1;
  return samples_[std::min(index, samples_.size() - 1)];
}

}  // namespace flblk::harness
