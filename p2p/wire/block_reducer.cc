#include "p2p/wire/block_reducer.h"

#include "absl/strings/str_cat.h"

namespace flblk::wire {
namespace {

template <class T>
void Append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

absl::Status BlockReducer::Add(const FlashblocksPayloadV1& flashblock) {
  if (flashblock.index != next_index_) {
    return absl::OutOfRangeError(
        absl::StrCat("index: ", flashblock.index, ", the next one is ", next_index_));
  }
  if (next_index_ == 0 && !flashblock.base) {
    return absl::InvalidArgumentError("base: missing at index 0");
  }
  if (next_index_ > 0 && flashblock.payload_id != block_.payload_id) {
    return absl::InvalidArgumentError(absl::StrCat("payload_id: ", ToHex(flashblock.payload_id),
                                                   ", the block's is ", ToHex(block_.payload_id)));
  }
  block_.payload_id = flashblock.payload_id;
  block_.index = flashblock.index;
  block_.metadata = flashblock.metadata;
  if (flashblock.index == 0) block_.base = flashblock.base;
  block_.diff.state_root = flashblock.diff.state_root;
  block_.diff.receipts_root = flashblock.diff.receipts_root;
  block_.diff.logs_bloom = flashblock.diff.logs_bloom;
  block_.diff.gas_used = flashblock.diff.gas_used;
  block_.diff.block_hash = flashblock.diff.block_hash;
  block_.diff.withdrawals_root = flashblock.diff.withdrawals_root;
  Append(block_.diff.transactions, flashblock.diff.transactions);
  Append(block_.diff.withdrawals, flashblock.diff.withdrawals);
  ++next_index_;
  return absl::OkStatus();
}

}  // namespace flblk::wire
