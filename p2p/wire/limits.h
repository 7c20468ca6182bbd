// Every limit a length from outside meets, in one place. Sources: design notes beside each number.
#pragma once

#include <cstddef>
#include <cstdint>

namespace flblk::wire {

// flblk message, id byte included, uncompressed. geth refuses a declared snappy length above 2^24
// - 1.
inline constexpr size_t kMaxMessageBytes = (size_t{1} << 24) - 1;
// Items behind the last one of Authorized are outside every signature: any relay could add them. So
// many bytes are passed on (a newer protocol may need them); more is malformed.
inline constexpr size_t kMaxSurplusBytes = 256;
// What snappy makes of `bytes` at worst (its MaxCompressedLength). A longer block is as cheap to
// make as it is useless: malformed.
constexpr size_t MaxCompressedBytes(size_t bytes) { return 32 + bytes + bytes / 6; }
// RLPx frame: the size field has 3 bytes.
inline constexpr size_t kMaxFrameBytes = (size_t{1} << 24) - 1;
// Highest flashblock index a World Chain node looks at (handler.rs MAX_FLASHBLOCK_INDEX).
inline constexpr uint64_t kMaxFlashblockIndex = 100;
// Authorizations this much older than the newest slot are stale (connection.rs
// AUTHORIZATION_TIMESTAMP_GRACE).
inline constexpr uint64_t kStaleGraceSeconds = 10;
// Authorizations further ahead of the wall clock are refused, without penalty.
inline constexpr uint64_t kMaxFutureSeconds = 12;
// Our host's Authorizations further ahead are refused: every peer would, and a slot once taken is
// never left for an older one. Leaves room for a wall clock of ours that is behind.
inline constexpr uint64_t kMaxHostFutureSeconds = 60;
// RLP lists inside lists; the deepest legal structure (access list storage changes) has 10.
inline constexpr size_t kMaxRlpDepth = 16;
// Transactions of one flashblock: 2^24 bytes of empty ones would otherwise become 400 MB of
// vectors.
inline constexpr size_t kMaxTransactions = size_t{1} << 18;
inline constexpr size_t kMaxMetadataBytes = size_t{4} << 20;
inline constexpr size_t kMaxExtraDataBytes = 1024;
// A flashblock as JSON text: hex doubles the bytes, and there are names and white space around it.
inline constexpr size_t kMaxJsonBytes = size_t{64} << 20;

}  // namespace flblk::wire
