// What one node spends on one flashblock, as measured (costs.json).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace flblk::scale {

// Nanoseconds of one thread for one flashblock of `size` bytes of transactions.
struct Costs {
  uint64_t size = 0;        // bytes of transactions
  uint64_t wire_bytes = 0;  // of one sealed frame
  int64_t publish_ns = 0;   // the publisher, once: encode, hash, sign, compress
  int64_t relay_ns = 0;  // a relay, once: from the last byte to the first seal (decrypt the tail,
                         // uncompress, hash, verify, decide)
  int64_t seal_group_ns = 0;  // one group of up to eight receivers; idle lanes are free
  int64_t send_ns = 0;        // one send() of one frame
  int64_t duplicate_ns = 0;   // a further copy: decrypt, MAC, peek, drop
};

inline constexpr size_t kGroup = 8;

// The entry of `size` of a costs file. INVALID_ARGUMENT or NOT_FOUND names what is wrong.
absl::StatusOr<Costs> LoadCosts(const std::string& path, uint64_t size);

}  // namespace flblk::scale
