#include "tests/harness/reduce.h"

#include <gtest/gtest.h>

namespace flblk::harness {
namespace {

const BlockSource& Source() {
  static const BlockSource source({.seed = 3, .flashblocks = 4, .transactions = 5}, {});
  return source;
}

TEST(Reduce, TransactionsAddUpAndRootsAreTheNewest) {
  const v1::PendingBlock reduced = Reduce(Source(), 1, 3);
  int transactions = 0;
  for (uint64_t index = 0; index < 3; ++index) {
    transactions += Source().Make(1, index).diff().transactions_size();
  }
  EXPECT_EQ(reduced.flashblocks(), 3u);
  EXPECT_EQ(reduced.diff().transactions_size(), transactions);
  EXPECT_EQ(reduced.diff().transactions(0), Source().Make(1, 0).diff().transactions(0));
  EXPECT_EQ(reduced.diff().block_hash(), Source().Make(1, 2).diff().block_hash());
  EXPECT_EQ(reduced.diff().gas_used(), Source().Make(1, 2).diff().gas_used());
  EXPECT_EQ(reduced.base().block_number(), Source().Plan(1).number);
}

TEST(Reduce, DifferencesAreNamed) {
  const v1::PendingBlock expected = Reduce(Source(), 1, 3);
  EXPECT_EQ(Difference(expected, expected), "");
  EXPECT_EQ(Difference(expected, Reduce(Source(), 1, 2)), "flashblocks");
  EXPECT_EQ(Difference(expected, Reduce(Source(), 2, 3)), "diff.block_hash");
  v1::PendingBlock got = expected;
  got.mutable_diff()->mutable_transactions(1)->append("x");
  EXPECT_EQ(Difference(expected, got), "diff.transactions");
  got = expected;
  got.mutable_base()->set_timestamp(99);
  EXPECT_EQ(Difference(expected, got), "base.timestamp");
}

}  // namespace
}  // namespace flblk::harness
