// World Chain's flashblock metadata, read and written as the reference (serde_json) does.
//
//   canonical = {"fees":"0x<hex without leading zeros>"}
//             | {"fees":"0x..","flashblock_timestamp":<decimal>}
//
// Read are also: white space; keys in any order; unknown keys, ignored; fees as "0x", "0o", "0b" or
// decimal string (see uint256.h) or as integer up to 2^64-1; flashblock_timestamp null or absent;
// the array [fees, flashblock_timestamp]. Errors: fees absent, one of the two keys twice,
// fractions, text after the end.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "signer/bytes.h"

namespace flblk::wire {

struct Metadata {
  Hash32 fees{};                                // wei for the block so far, 256-bit big-endian
  std::optional<int64_t> flashblock_timestamp;  // unix nanoseconds at creation
  bool operator==(const Metadata&) const = default;
};

// The canonical text.
std::string WriteMetadata(const Metadata& metadata);

// INVALID_ARGUMENT names what is wrong and where.
absl::StatusOr<Metadata> ReadMetadata(std::string_view json);

// Whether the reference would read this text and write the same bytes again.
bool IsCanonicalMetadata(std::string_view json);

}  // namespace flblk::wire
