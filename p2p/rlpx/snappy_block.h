// snappy block format (varint length, then elements) with the declared length checked before
// anything is allocated. Source: devp2p rlpx.md "Snappy", EIP-706; google/snappy
// format_description.txt.
#pragma once

#include "signer/bytes.h"

namespace flblk::rlpx {

// Never empty: an empty body gives the single byte 00.
Bytes SnappyCompress(ByteView body);

// RESOURCE_EXHAUSTED: declares more than `limit` bytes; INVALID_ARGUMENT: not a snappy block (also
// where it declares more than its elements could ever make: 64 bytes out of 3).
absl::StatusOr<Bytes> SnappyUncompress(ByteView compressed, size_t limit);

}  // namespace flblk::rlpx
