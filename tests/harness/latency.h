// Durations and their percentiles. Pure. Keeps every sample (8 bytes each): a run has at most some
// million.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace flblk::harness {

class Latencies {
 public:
  void Add(int64_t ns);
  void Merge(const Latencies& other);

  const std::vector<int64_t>& samples() const { return samples_; }  // in no order
  size_t count() const { return samples_.size(); }
  // Nearest rank: the smallest sample that at least `percent` of all are not above. 0 without
  // samples.
  int64_t Percentile(double percent) const;
  int64_t Max() const { return Percentile(100); }

 private:
  mutable std::vector<int64_t> samples_;
  mutable bool sorted_ = true;
};

}  // namespace flblk::harness
