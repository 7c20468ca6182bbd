// Every field of the RLP structures, spoiled one at a time: the error has the field's name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "p2p/wire/access_list.h"
#include "p2p/wire/envelope.h"
#include "p2p/wire/testing/flashblocks.h"

namespace flblk::wire {
namespace {

using ::testing::StartsWith;

struct Item {
  bool list = false;
  Bytes string;
  std::vector<Item> items;
};

Item Parse(RlpReader& in) {
  Item item{.list = in.NextIsList(), .string = {}, .items = {}};
  if (item.list) {
    RlpReader inner = in.List("list");
    while (inner.More()) item.items.push_back(Parse(inner));
  } else {
    const ByteView string = in.String("string");
    item.string.assign(string.begin(), string.end());
  }
  return item;
}

Bytes Encode(const Item& item) {
  return RlpEncode([&](auto& out) {
    if (!item.list) return out.String(item.string);
    out.List([&](auto& inner) {
      for (const Item& child : item.items) inner.Item(Encode(child));
    });
  });
}

using Path = std::vector<size_t>;
struct Case {
  Path path;
  const char* error;
};

// `good` with the item at `path` made wrong: a string becomes one of 9 bytes, or a list where 9
// bytes are right; a list becomes a string.
Bytes Spoiled(const Bytes& good, const Path& path, bool to_list) {
  absl::Status status;
  RlpReader in(good, &status);
  Item root = Parse(in);
  EXPECT_TRUE(status.ok()) << status;
  Item* at = &root;
  for (size_t i : path) at = &at->items.at(i);
  const bool was_list = at->list;
  *at = to_list && !was_list ? Item{.list = true, .string = {}, .items = {}}
                             : Item{.list = false, .string = Bytes(9, 0x99), .items = {}};
  return Encode(root);
}

FlashblocksPayloadV1 Whole() {
  std::mt19937_64 random(7);
  FlashblocksPayloadV1 flashblock;
  flashblock.payload_id = testing::RandomFixed<8>(random);
  flashblock.diff = testing::RandomDiff(random);
  flashblock.diff.transactions = {{1}, {2}};
  flashblock.diff.withdrawals = {{1, 2, Address{3}, 4}};
  flashblock.diff.access_list_data = testing::RandomAccessListData(random);
  flashblock.base = testing::RandomBase(random);
  flashblock.metadata = "{}";
  return flashblock;
}

std::string DecodeError(const Bytes& rlp) {
  return std::string(DecodeFlashblock(rlp).status().message());
}

TEST(RlpFields, OfAFlashblock) {
  const Bytes good = EncodeFlashblock(Whole());
  ASSERT_EQ(DecodeError(good), "");
  for (const auto& [path, error] : std::vector<Case>{
           {{}, "flashblock: is a string, not a list (at byte 0)"},
           {{0}, "flashblock.payload_id: has 9 bytes, must have 8"},
           {{1}, "flashblock.index: integer has 9 bytes, the limit is 8"},
           {{2}, "diff: is a string, not a list"},
           {{2, 0}, "diff.state_root: has 9 bytes, must have 32"},
           {{2, 1}, "diff.receipts_root: has 9 bytes, must have 32"},
           {{2, 2}, "diff.logs_bloom: has 9 bytes, must have 256"},
           {{2, 3}, "diff.gas_used: integer has 9 bytes, the limit is 8"},
           {{2, 4}, "diff.block_hash: has 9 bytes, must have 32"},
           {{2, 5}, "diff.transactions: is a string, not a list"},
           {{2, 6}, "diff.withdrawals: is a string, not a list"},
           {{2, 6, 0}, "withdrawal: is a string, not a list"},
           {{2, 6, 0, 0}, "withdrawal.index: integer has 9 bytes, the limit is 8"},
           {{2, 6, 0, 1}, "withdrawal.validator_index: integer has 9 bytes, the limit is 8"},
           {{2, 6, 0, 2}, "withdrawal.address: has 9 bytes, must have 20"},
           {{2, 6, 0, 3}, "withdrawal.amount: integer has 9 bytes, the limit is 8"},
           {{2, 7}, "diff.withdrawals_root: has 9 bytes, must have 32"},
           {{2, 8}, "access_list_data: is a string, not a list"},
           {{4}, "base: is a string, not a list"},
           {{4, 0}, "base.parent_beacon_block_root: has 9 bytes, must have 32"},
           {{4, 1}, "base.parent_hash: has 9 bytes, must have 32"},
           {{4, 2}, "base.fee_recipient: has 9 bytes, must have 20"},
           {{4, 3}, "base.prev_randao: has 9 bytes, must have 32"},
           {{4, 4}, "base.block_number: integer has 9 bytes, the limit is 8"},
           {{4, 5}, "base.gas_limit: integer has 9 bytes, the limit is 8"},
           {{4, 6}, "base.timestamp: integer has 9 bytes, the limit is 8"},
       }) {
    EXPECT_THAT(DecodeError(Spoiled(good, path, false)), StartsWith(error));
  }
  for (const auto& [path, error] : std::vector<Case>{
           {{2, 5, 1}, "diff.transactions: is a list, not a string"},
           {{3}, "flashblock.metadata: is a list, not a string"},
           {{4, 7}, "base.extra_data: is a list, not a string"},
           {{4, 8}, "base.base_fee_per_gas: is a list, not a string"},
       }) {
    EXPECT_THAT(DecodeError(Spoiled(good, path, true)), StartsWith(error));
  }
}

TEST(RlpFields, ThatAreTooMany) {
  const Bytes good = EncodeFlashblock(Whole());
  const auto longer = [&](const Path& path) {
    absl::Status status;
    RlpReader in(good, &status);
    Item root = Parse(in);
    Item* at = &root;
    for (size_t i : path) at = &at->items.at(i);
    at->items.push_back({.list = false, .string = {1}, .items = {}});
    return DecodeError(Encode(root));
  };
  EXPECT_THAT(longer({2}), StartsWith("diff: 1 surplus bytes"));
  EXPECT_THAT(longer({2, 6, 0}), StartsWith("withdrawal: 1 surplus bytes"));
  EXPECT_THAT(longer({4}), StartsWith("base: 1 surplus bytes"));
  EXPECT_THAT(longer({2, 8}), StartsWith("access_list_data: 1 surplus bytes"));
  EXPECT_THAT(longer({2, 8, 0}), StartsWith("AccessList: 1 surplus bytes"));
  EXPECT_THAT(longer({2, 8, 0, 0, 0, 1, 0}), StartsWith("storage_changes: 1 surplus bytes"));
  EXPECT_EQ(longer({}), "") << "a newer protocol may have more";
}

TEST(RlpFields, OfAnAccessList) {
  std::mt19937_64 random(3);
  const Bytes good = testing::RandomAccessListData(random);
  const auto error_of = [](const Bytes& rlp) {
    return std::string(CheckAccessListData(rlp).message());
  };
  ASSERT_EQ(error_of(good), "");
  for (const auto& [path, error] : std::vector<Case>{
           {{}, "access_list_data: is a string, not a list"},
           {{0}, "AccessList: is a string, not a list"},
           {{0, 0}, "AccessList changes: is a string, not a list"},
           {{0, 0, 0}, "AccountChanges: is a string, not a list"},
           {{0, 0, 0, 0}, "AccountChanges address: has 9 bytes, must have 20"},
           {{0, 0, 0, 1}, "storage_changes: is a string, not a list"},
           {{0, 0, 0, 1, 0}, "storage_changes: is a string, not a list"},
           {{0, 0, 0, 1, 0, 1}, "storage_changes values: is a string, not a list"},
           {{0, 0, 0, 1, 0, 1, 0, 0}, "access list block_access_index: integer has 9 bytes"},
           {{0, 0, 0, 2}, "storage_reads: is a string, not a list"},
           {{0, 0, 0, 3}, "balance_changes: is a string, not a list"},
           {{0, 0, 0, 4}, "nonce_changes: is a string, not a list"},
           {{0, 0, 0, 4, 0, 1}, "nonce: integer has 9 bytes, the limit is 8"},
           {{0, 0, 0, 5}, "code_changes: is a string, not a list"},
           {{0, 1}, "min_tx_index: integer has 9 bytes, the limit is 8"},
           {{0, 2}, "max_tx_index: integer has 9 bytes, the limit is 8"},
           {{1}, "access_list_hash: has 9 bytes, must have 32"},
       }) {
    EXPECT_THAT(error_of(Spoiled(good, path, false)), StartsWith(error));
  }
  for (const auto& [path, error] : std::vector<Case>{
           {{0, 0, 0, 1, 0, 0}, "storage_changes slot: is a list, not a string"},
           {{0, 0, 0, 1, 0, 1, 0, 1}, "value: is a list, not a string"},
           {{0, 0, 0, 2, 0}, "storage_reads slot: is a list, not a string"},
           {{0, 0, 0, 3, 0, 1}, "balance: is a list, not a string"},
           {{0, 0, 0, 5, 0, 1}, "code: is a list, not a string"},
       }) {
    EXPECT_THAT(error_of(Spoiled(good, path, true)), StartsWith(error));
  }
}

TEST(RlpFields, OfAnAuthorizedMessage) {
  const Bytes message = EncodeMarkerMessage(MessageKind::kStartPublish);
  Authorization authorization;  // its key, 32 zero bytes, is a point
  const Bytes good = EncodeAuthorized(message, EncodeAuthorization(authorization), Signature());
  const auto error_of = [](const Bytes& rlp) {
    return std::string(SplitAuthorized(rlp).status().message());
  };
  ASSERT_EQ(error_of(good), "");
  for (const auto& [path, error] : std::vector<Case>{
           {{}, "authorized: is a string, not a list (at byte 0)"},
           {{0}, "message: is a string, not a list"},
           {{1}, "authorization: is a string, not a list"},
           {{1, 0}, "authorization.payload_id: has 9 bytes, must have 8"},
           {{1, 1}, "authorization.timestamp: integer has 9 bytes, the limit is 8"},
           {{1, 2}, "authorization.builder_vk: has 9 bytes, must have 32"},
           {{1, 3}, "authorization.authorizer_sig: has 9 bytes, must have 64"},
           {{2}, "actor_sig: has 9 bytes, must have 64"},
       }) {
    EXPECT_THAT(error_of(Spoiled(good, path, false)), StartsWith(error));
  }
  EXPECT_EQ(error_of({}), "authorized: missing (at byte 0)");
  EXPECT_EQ(error_of({0xc0}), "message: missing (at byte 1)");
  EXPECT_EQ(error_of({0xc2, 0xc1, 0x01}), "authorization: missing (at byte 3)");
}

}  // namespace
}  // namespace flblk::wire
