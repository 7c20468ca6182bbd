// Byte vocabulary of the whole project: views, fixed-size values, hex.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace flblk {

using ByteView = std::span<const uint8_t>;
using Bytes = std::vector<uint8_t>;
template <size_t N>
using FixedBytes = std::array<uint8_t, N>;

using Hash32 = FixedBytes<32>;    // Keccak-256, BLAKE3, roots, block hashes
using Address = FixedBytes<20>;   // execution layer address
using PayloadId = FixedBytes<8>;  // Engine API payload id; byte 0 is its version
using NodeId = FixedBytes<64>;    // devp2p node identity: secp256k1 public key, x || y

// Lower-case hex without prefix.
std::string ToHex(ByteView bytes);

// Parses hex with or without "0x". INVALID_ARGUMENT on an odd length or another character (the text
// itself is not repeated in the message: it may be a secret).
absl::StatusOr<Bytes> FromHex(std::string_view text);

// As FromHex, but exactly `out.size()` bytes. `what` names the field in the error.
absl::Status FromHexExact(std::string_view text, std::string_view what, std::span<uint8_t> out);

inline ByteView AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace flblk
