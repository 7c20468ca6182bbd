#include "p2p/wire/validate.h"

#include <gtest/gtest.h>

#include "p2p/wire/envelope.h"
#include "p2p/wire/limits.h"
#include "p2p/wire/testing/flashblocks.h"

namespace flblk::wire {
namespace {

struct Validate : ::testing::Test {
  Validate() {
    flashblock.payload_id = authorization.payload_id = {3, 1, 2};
    flashblock.base.emplace();
    flashblock.base->timestamp = authorization.timestamp = 1785000002;
    flashblock.diff.transactions = {{0x02, 0x01}};
    flashblock.metadata = "{\"fees\":\"0x0\"}";
  }
  std::string Received() { return Text(CheckReceived(flashblock, authorization)); }
  std::string BaseVerdict() { return Text(CheckBase(flashblock, authorization)); }
  std::string Publish(MetadataRule rule = MetadataRule::kWorldChain) {
    return Text(CheckPublish(flashblock, authorization, rule));
  }
  static std::string Text(const absl::Status& status) {
    return status.ok()
               ? "ok"
               : absl::StatusCodeToString(status.code()) + " " + std::string(status.message());
  }
  FlashblocksPayloadV1 flashblock;
  Authorization authorization;
};

TEST_F(Validate, AWellFormedFlashblockPasses) {
  EXPECT_EQ(Received(), "ok");
  EXPECT_EQ(BaseVerdict(), "ok");
  EXPECT_EQ(Publish(), "ok");
  flashblock.index = kMaxFlashblockIndex;
  flashblock.base.reset();
  EXPECT_EQ(Publish(), "ok");
}

TEST_F(Validate, Index) {
  flashblock.index = 101;
  EXPECT_EQ(Received(), "OUT_OF_RANGE index: 101, the limit is 100");
  EXPECT_EQ(Publish(), Received());
}

TEST_F(Validate, PayloadId) {
  authorization.payload_id[0] = 4;
  EXPECT_EQ(
      Received(),
      "INVALID_ARGUMENT payload_id: 0301020000000000, the Authorization is for 0401020000000000");
  EXPECT_EQ(Publish(), Received());
}

TEST_F(Validate, BaseStandsExactlyAtIndexZero) {
  flashblock.index = 1;
  EXPECT_EQ(BaseVerdict(),
            "INVALID_ARGUMENT base: present at index 1, must stand exactly at index 0");
  EXPECT_EQ(Received(), "ok") << "the reference takes it";
  EXPECT_EQ(Publish(), BaseVerdict());
  flashblock.index = 0;
  flashblock.base.reset();
  EXPECT_EQ(BaseVerdict(),
            "INVALID_ARGUMENT base: missing at index 0, must stand exactly at index 0");
}

TEST_F(Validate, BaseTimestamp) {
  flashblock.base->timestamp += 2;
  EXPECT_EQ(BaseVerdict(),
            "INVALID_ARGUMENT base.timestamp: 1785000004, the Authorization is for 1785000002");
  EXPECT_EQ(Received(), "ok");
}

TEST_F(Validate, Transactions) {
  flashblock.diff.transactions.clear();
  EXPECT_EQ(Publish(), "ok") << "a flashblock without transactions is legal";
  flashblock.diff.transactions = {{1}, {}};
  EXPECT_EQ(Publish(), "INVALID_ARGUMENT diff.transactions[1]: is empty");
  flashblock.diff.transactions.assign(kMaxTransactions + 1, {1});
  EXPECT_EQ(Publish(), "RESOURCE_EXHAUSTED diff.transactions: 262145, the limit is 262144");
}

TEST_F(Validate, ExtraData) {
  flashblock.base->extra_data.resize(kMaxExtraDataBytes);
  EXPECT_EQ(Publish(), "ok");
  flashblock.base->extra_data.push_back(0);
  EXPECT_EQ(Publish(), "RESOURCE_EXHAUSTED base.extra_data: 1025 bytes, the limit is 1024");
}

TEST_F(Validate, MetadataByItsRule) {
  flashblock.metadata = "{\"fees\": 0}";
  EXPECT_EQ(Publish(), "INVALID_ARGUMENT metadata: not canonical, must be {\"fees\":\"0x0\"}");
  EXPECT_EQ(Publish(MetadataRule::kAnyJson), "ok");
  flashblock.metadata = "{\"block_number\":1}";
  EXPECT_EQ(Publish(), "INVALID_ARGUMENT metadata: fees is missing (at byte 18)");
  EXPECT_EQ(Publish(MetadataRule::kAnyJson), "ok");
  flashblock.metadata = "{";
  EXPECT_EQ(Publish(MetadataRule::kAnyJson), "INVALID_ARGUMENT metadata: key expected (at byte 1)");
  flashblock.metadata = std::string(kMaxMetadataBytes + 1, ' ');
  EXPECT_EQ(Publish(), "RESOURCE_EXHAUSTED metadata: 4194305 bytes, the limit is 4194304");
}

TEST_F(Validate, AccessList) {
  std::mt19937_64 random(1);
  flashblock.diff.access_list_data = testing::RandomAccessListData(random);
  EXPECT_EQ(Publish(), "ok");
  flashblock.diff.access_list_data = Bytes{0x01};
  EXPECT_EQ(Publish(), "INVALID_ARGUMENT access_list_data: is a string, not a list (at byte 0)");
}

TEST_F(Validate, MessageSizeIsExactAtTheLimit) {
  flashblock.diff.transactions = {Bytes(kMaxMessageBytes - 2000, 1)};
  const size_t room = kMaxMessageBytes - AuthorizedSize(flashblock, authorization);
  flashblock.diff.transactions[0].resize(flashblock.diff.transactions[0].size() + room);
  EXPECT_EQ(Publish(), "ok");
  Bytes body =
      EncodeAuthorized(EncodeFlashblockMessage(flashblock), EncodeAuthorization(authorization), {});
  EXPECT_EQ(body.size() + 1, kMaxMessageBytes);
  flashblock.diff.transactions[0].push_back(1);
  EXPECT_EQ(Publish(), "RESOURCE_EXHAUSTED message: 16777216 bytes, the limit is 16777215");
}

}  // namespace
}  // namespace flblk::wire
