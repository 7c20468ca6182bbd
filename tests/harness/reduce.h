// What GetPendingBlock must answer: the first `count` deltas of a block as one payload. Pure.
#pragma once

#include "flblk/v1/builder.pb.h"
#include "tests/harness/blocks.h"

namespace flblk::harness {

// Authorization and metadata are left empty.
v1::PendingBlock Reduce(const BlockSource& source, uint64_t block, uint64_t count);

// The first field in which they differ (authorization and metadata aside); empty: none.
std::string Difference(const v1::PendingBlock& expected, const v1::PendingBlock& got);

}  // namespace flblk::harness
