#include "tests/harness/reduce.h"

namespace flblk::harness {

v1::PendingBlock Reduce(const BlockSource& source, uint64_t block, uint64_t count) {
  v1::PendingBlock reduced;
  reduced.set_flashblocks(count);
  v1::Diff all;
  for (uint64_t index = 0; index < count; ++index) {
    const Flashblock delta = source.Make(block, index);
    if (delta.has_base()) *reduced.mutable_base() = delta.base();
    v1::Diff newest = delta.diff();
    newest.mutable_transactions()->Clear();
    newest.mutable_withdrawals()->Clear();
    *newest.mutable_transactions() = all.transactions();
    *newest.mutable_withdrawals() = all.withdrawals();
    newest.mutable_transactions()->MergeFrom(delta.diff().transactions());
    newest.mutable_withdrawals()->MergeFrom(delta.diff().withdrawals());
    all = std::move(newest);
  }
  *reduced.mutable_diff() = std::move(all);
  return reduced;
}

std::string Difference(const v1::PendingBlock& expected, const v1::PendingBlock& got) {
  if (expected.flashblocks() != got.flashblocks()) return "flashblocks";
  const v1::Diff &a = expected.diff(), &b = got.diff();
  if (a.block_hash() != b.block_hash()) return "diff.block_hash";
  if (a.gas_used() != b.gas_used()) return "diff.gas_used";
  if (a.state_root() != b.state_root()) return "diff.state_root";
  if (a.receipts_root() != b.receipts_root()) return "diff.receipts_root";
  if (a.logs_bloom() != b.logs_bloom()) return "diff.logs_bloom";
  if (a.withdrawals_root() != b.withdrawals_root()) return "diff.withdrawals_root";
  if (a.transactions_size() != b.transactions_size()) return "diff.transactions count";
  for (int i = 0; i < a.transactions_size(); ++i) {
    if (a.transactions(i) != b.transactions(i)) return "diff.transactions";
  }
  if (expected.base().parent_hash() != got.base().parent_hash()) return "base.parent_hash";
  if (expected.base().block_number() != got.base().block_number()) return "base.block_number";
  if (expected.base().timestamp() != got.base().timestamp()) return "base.timestamp";
  return "";
}

}  // namespace flblk::harness
