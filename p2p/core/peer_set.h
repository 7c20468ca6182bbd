// A set of peers by their dense number (Peer::number), one bit each.
#pragma once

#include <cstdint>

#include "absl/container/inlined_vector.h"

namespace flblk::core {

class PeerSet {
 public:
  bool Has(size_t n) const {
    return n / 64 < words_.size() && (words_[n / 64] >> (n % 64) & 1) != 0;
  }
  void Add(size_t n) {
    if (n / 64 >= words_.size()) words_.resize(n / 64 + 1);
    words_[n / 64] |= uint64_t{1} << (n % 64);
  }
  void Remove(size_t n) {
    if (n / 64 < words_.size()) words_[n / 64] &= ~(uint64_t{1} << (n % 64));
  }

 private:
  absl::InlinedVector<uint64_t, 2> words_;
};

}  // namespace flblk::core
