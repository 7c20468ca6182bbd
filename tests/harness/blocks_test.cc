#include "tests/harness/blocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "p2p/wire/rlp.h"

namespace flblk::harness {
namespace {

using ::testing::HasSubstr;

std::string Fixture() {
  std::ifstream file(FLBLK_TEST_DATA
                     "/fixtures/op-alloy_unichain_sepolia_block_35535698_sequence.json");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

GeneratorConfig Config(uint64_t seed) {
  return {.seed = seed,
          .flashblocks = 5,
          .transactions = 10,
          .transaction_bytes = 100,
          .first_slot = 7000};
}

TEST(Blocks, TheSameSeedGivesTheSameDelta) {
  const BlockSource a(Config(7), {}), b(Config(7), {}), c(Config(8), {});
  EXPECT_EQ(a.Make(3, 2).SerializeAsString(), b.Make(3, 2).SerializeAsString());
  EXPECT_NE(a.Make(3, 2).SerializeAsString(), c.Make(3, 2).SerializeAsString());
  EXPECT_TRUE(SameDelta(a.Make(3, 2), b.Make(3, 2)));
  EXPECT_FALSE(SameDelta(a.Make(3, 2), c.Make(3, 2)));
  EXPECT_FALSE(SameDelta(a.Make(3, 2), a.Make(3, 1)));
}

TEST(Blocks, BaseAtIndexZeroOnlyAndChained) {
  const BlockSource source(Config(7), {});
  for (uint64_t block = 0; block < 3; ++block) {
    for (uint64_t index = 0; index < 5; ++index) {
      EXPECT_EQ(source.Make(block, index).has_base(), index == 0);
    }
  }
  const Flashblock first = source.Make(2, 0);
  EXPECT_EQ(first.base().parent_hash(), source.Make(1, 4).diff().block_hash());
  EXPECT_EQ(first.base().timestamp(), 7002u);
  EXPECT_EQ(first.base().block_number(), 1'000'002u);
  EXPECT_EQ(first.payload_id(), source.Plan(2).payload_id);
}

TEST(Blocks, GasIsCumulativeAndHashesDiffer) {
  const BlockSource source(Config(7), {});
  uint64_t last = 0;
  std::set<std::string> hashes;
  for (uint64_t index = 0; index < 5; ++index) {
    const Flashblock delta = source.Make(1, index);
    EXPECT_GT(delta.diff().gas_used(), last);
    last = delta.diff().gas_used();
    hashes.insert(delta.diff().block_hash());
    EXPECT_EQ(delta.diff().logs_bloom().size(), 256u);
  }
  EXPECT_EQ(hashes.size(), 5u);
}

TEST(Blocks, SizesFollowTheConfiguration) {
  GeneratorConfig config = Config(7);
  config.transactions = 40;
  config.transaction_bytes = 400;
  const BlockSource source(config, {});
  size_t transactions = 0, bytes = 0;
  for (uint64_t block = 0; block < 20; ++block) {
    const Flashblock delta = source.Make(block, 1);
    transactions += static_cast<size_t>(delta.diff().transactions_size());
    for (const std::string& transaction : delta.diff().transactions()) bytes += transaction.size();
  }
  EXPECT_NEAR(static_cast<double>(transactions) / 20, 40, 10);
  EXPECT_NEAR(static_cast<double>(bytes) / static_cast<double>(transactions), 400 + 130, 60);
}

TEST(Blocks, TransactionsAreTypedRlpLists) {
  const Flashblock delta = BlockSource(Config(7), {}).Make(0, 0);
  EXPECT_EQ(delta.diff().transactions(0)[0], '\x7e');
  for (const std::string& transaction : delta.diff().transactions()) {
    absl::Status status;
    wire::RlpReader reader(AsBytes(transaction).subspan(1), &status);
    reader.List("transaction");
    reader.Finish("transaction");
    EXPECT_TRUE(status.ok()) << status;
  }
}

TEST(Blocks, PayloadIdsLeadBack) {
  auto recorded = ParseRecordedBlock(Fixture());
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  const BlockSource source(Config(7), *recorded), other(Config(8), {});
  for (uint64_t block : {0, 1, 77}) EXPECT_EQ(source.BlockOf(source.Plan(block).payload_id), block);
  EXPECT_EQ(source.BlockOf(other.Plan(1).payload_id), std::nullopt);
  EXPECT_EQ(source.BlockOf("short"), std::nullopt);
}

TEST(Recorded, TheUnichainBlock) {
  auto recorded = ParseRecordedBlock(Fixture());
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  ASSERT_EQ(recorded->deltas.size(), 5u);
  const Flashblock &first = recorded->deltas.front(), &last = recorded->deltas.back();
  EXPECT_EQ(first.base().block_number(), 35535698u);
  EXPECT_EQ(first.base().timestamp(), 0x690be89eu);
  EXPECT_EQ(first.base().base_fee_per_gas(), "\x33");
  EXPECT_EQ(ToHex(AsBytes(first.payload_id())), "03c446f063e3735a");
  EXPECT_EQ(ToHex(AsBytes(last.diff().block_hash())).substr(0, 8), "c463a312");
  EXPECT_EQ(last.diff().gas_used(), 0x32138u);
  int transactions = 0;
  for (const Flashblock& delta : recorded->deltas) transactions += delta.diff().transactions_size();
  EXPECT_EQ(transactions, 6);
  EXPECT_THAT(first.metadata_json(), HasSubstr("\"block_number\":35535698"));
}

TEST(Recorded, IsTheFirstBlockByteForByte) {
  auto recorded = ParseRecordedBlock(Fixture());
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  const BlockSource source(Config(7), *recorded);
  EXPECT_TRUE(source.Plan(0).recorded);
  EXPECT_EQ(source.Plan(0).flashblocks, 5u);
  EXPECT_EQ(source.Plan(0).slot, 0x690be89eu);
  EXPECT_EQ(source.Make(0, 4).SerializeAsString(), recorded->deltas[4].SerializeAsString());
  EXPECT_EQ(source.Make(1, 0).base().parent_hash(), recorded->deltas[4].diff().block_hash());
}

TEST(Recorded, ErrorsNameElementAndField) {
  struct Edit {
    const char *what, *with, *message;
  };
  const Edit edits[] = {
      {"\"payload_id\":\"0x03", "\"payload_id\":\"0xzz",
       "element 0: flashblock: payload_id: not hex"},
      {"\"index\":1", "\"index\":2", "element 1: index: not its position"},
      {"\"gas_used\":\"0x10994\"", "\"gas_used\":\"0x1g\"",
       "element 0: flashblock: diff.gas_used: not a number"},
      {"\"base\":{", "\"bass\":{", "element 0: base: must be present exactly at index 0"},
  };
  for (const Edit& edit : edits) {
    std::string json = Fixture();
    const size_t at = json.find(edit.what);
    ASSERT_NE(at, std::string::npos) << edit.what;
    json.replace(at, std::string(edit.what).size(), edit.with);
    EXPECT_THAT(std::string(ParseRecordedBlock(json).status().message()), HasSubstr(edit.message))
        << edit.what;
  }
  EXPECT_THAT(ParseRecordedBlock("{}").status().message(), HasSubstr("not a JSON array"));
  EXPECT_FALSE(ParseRecordedBlock("[").ok());
}

}  // namespace
}  // namespace flblk::harness
