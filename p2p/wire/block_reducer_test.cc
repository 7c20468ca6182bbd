#include "p2p/wire/block_reducer.h"

#include <gtest/gtest.h>

#include "p2p/wire/json.h"
#include "p2p/wire/testing/flashblocks.h"
#include "p2p/wire/testing/vectors.h"

namespace flblk::wire {
namespace {

TEST(BlockReducer, TheRecordedUnichainBlock) {
  const auto sequence =
      testing::LoadJson("fixtures/op-alloy_unichain_sepolia_block_35535698_sequence.json");
  BlockReducer reducer;
  std::vector<Bytes> transactions;
  for (const auto& message : sequence) {
    absl::StatusOr<FlashblocksPayloadV1> flashblock = ReadFlashblockJson(message.dump());
    ASSERT_TRUE(flashblock.ok()) << flashblock.status();
    for (const Bytes& tx : flashblock->diff.transactions) transactions.push_back(tx);
    ASSERT_TRUE(reducer.Add(*flashblock).ok());
  }
  const FlashblocksPayloadV1& block = reducer.block();
  EXPECT_EQ(reducer.next_index(), 5u);
  const std::string hash = ToHex(block.diff.block_hash);
  EXPECT_EQ(hash.substr(0, 8) + hash.substr(58), "c463a312831196");
  EXPECT_EQ("0x" + hash, sequence.back()["diff"]["block_hash"].get<std::string>());
  EXPECT_EQ(block.diff.transactions.size(), 6u);
  EXPECT_EQ(block.diff.transactions, transactions);
  EXPECT_EQ(block.diff.gas_used, 0x32138u);
  EXPECT_EQ(block.index, 4u);
  ASSERT_TRUE(block.base.has_value());
  EXPECT_EQ(block.base->block_number, 35535698u);
}

TEST(BlockReducer, NewestFieldsWinAndDeltasAddUp) {
  std::mt19937_64 random(1);
  BlockReducer reducer;
  FlashblocksPayloadV1 last;
  std::vector<Withdrawal> withdrawals;
  for (uint64_t index = 0; index < 5; ++index) {
    last.payload_id = {7};
    last.index = index;
    last.diff = testing::RandomDiff(random);
    last.metadata = std::to_string(index);
    if (index == 0) last.base = testing::RandomBase(random);
    if (index == 1) last.base.reset();
    withdrawals.insert(withdrawals.end(), last.diff.withdrawals.begin(),
                       last.diff.withdrawals.end());
    ASSERT_TRUE(reducer.Add(last).ok());
  }
  EXPECT_EQ(reducer.block().diff.withdrawals, withdrawals);
  EXPECT_EQ(reducer.block().diff.state_root, last.diff.state_root);
  EXPECT_EQ(reducer.block().diff.receipts_root, last.diff.receipts_root);
  EXPECT_EQ(reducer.block().diff.logs_bloom, last.diff.logs_bloom);
  EXPECT_EQ(reducer.block().diff.withdrawals_root, last.diff.withdrawals_root);
  EXPECT_EQ(reducer.block().diff.block_hash, last.diff.block_hash);
  EXPECT_EQ(reducer.block().metadata, "4");
  EXPECT_EQ(reducer.block().diff.access_list_data, std::nullopt);
  EXPECT_TRUE(reducer.block().base.has_value());
}

TEST(BlockReducer, RefusesGapsAndStrangers) {
  BlockReducer reducer;
  FlashblocksPayloadV1 flashblock;
  EXPECT_EQ(reducer.Add(flashblock), absl::InvalidArgumentError("base: missing at index 0"));
  flashblock.index = 1;
  EXPECT_EQ(reducer.Add(flashblock), absl::OutOfRangeError("index: 1, the next one is 0"));
  flashblock.index = 0;
  flashblock.base.emplace();
  EXPECT_TRUE(reducer.Add(flashblock).ok());
  EXPECT_EQ(reducer.Add(flashblock), absl::OutOfRangeError("index: 0, the next one is 1"));
  const FlashblocksPayloadV1 before = reducer.block();
  flashblock.index = 1;
  flashblock.payload_id = {1};
  EXPECT_EQ(
      reducer.Add(flashblock),
      absl::InvalidArgumentError("payload_id: 0100000000000000, the block's is 0000000000000000"));
  EXPECT_EQ(reducer.block(), before);
}

}  // namespace
}  // namespace flblk::wire
