// The block so far: the flashblocks of one payload, in order, reduced to a single
// FlashblocksPayloadV1.
//
// base from index 0; roots, bloom, gas_used, block_hash and metadata from the newest; all
// transactions and withdrawals in order. access_list_data is left out: lists of several flashblocks
// do not add up.
#pragma once

#include "absl/status/status.h"
#include "p2p/wire/messages.h"

namespace flblk::wire {

class BlockReducer {
 public:
  // INVALID_ARGUMENT: the first one has no base, or a later one another payload id. OUT_OF_RANGE:
  // not the next index (the first is 0). Nothing is added then.
  absl::Status Add(const FlashblocksPayloadV1& flashblock);

  // The index Add takes next.
  uint64_t next_index() const { return next_index_; }
  // All zero before the first Add; its index is the newest one's.
  const FlashblocksPayloadV1& block() const { return block_; }

 private:
  FlashblocksPayloadV1 block_;
  uint64_t next_index_ = 0;
};

}  // namespace flblk::wire
