// One receiver's view of one block: is every index there, once, in order? And the words for a
// sequence. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/harness/topology.h"

namespace flblk::harness {

inline constexpr int kNobody = -1;

enum class Arrival : uint8_t { kNext, kDuplicate, kGap, kOutOfOrder };

class SequenceChecker {
 public:
  // The arrival of `index`, published by builder `publisher`. kGap: indices before it have not come
  // yet; kOutOfOrder: it fills such a hole.
  Arrival Add(uint64_t index, int publisher);

  // The publisher of each index that came, kNobody in holes; its size is the highest index plus
  // one.
  const std::vector<int>& publishers() const { return publishers_; }
  bool Has(uint64_t index) const {
    return index < publishers_.size() && publishers_[index] != kNobody;
  }
  // Indices below the highest that never came.
  uint64_t holes() const;

 private:
  std::vector<int> publishers_;
};

// "0-4 A, 5-9 B"; a hole is "5 -"; "nothing" where it is empty.
std::string FormatSequence(const std::vector<int>& publishers);

}  // namespace flblk::harness
