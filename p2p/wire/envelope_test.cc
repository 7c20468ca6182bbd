#include "p2p/wire/envelope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "p2p/wire/limits.h"
#include "p2p/wire/testing/flashblocks.h"
#include "p2p/wire/testing/vectors.h"

namespace flblk::wire {
namespace {

using testing::Unhex;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(Envelope, RandomFlashblocksRoundTrip) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 500; ++i) {
    FlashblocksPayloadV1 flashblock = testing::RandomFlashblock(random);
    Bytes item = EncodeFlashblock(flashblock);
    EXPECT_EQ(item.capacity(), item.size());
    absl::StatusOr<FlashblocksPayloadV1> decoded = DecodeFlashblock(item);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, flashblock);
    Bytes message = EncodeFlashblockMessage(flashblock);
    EXPECT_EQ(*DecodeFlashblockMessage(message), flashblock);
    EXPECT_EQ(PeekMessage(message)->index, flashblock.index);
  }
}

// Builds bodies out of parts for the error cases.
struct Parts {
  Bytes message = EncodeMarkerMessage(MessageKind::kStartPublish);
  PayloadId payload_id{};
  uint64_t timestamp = 1;
  Bytes builder_vk = Unhex("8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394");
  Bytes authorizer_sig = Bytes(64, 1);
  Bytes actor_sig = Bytes(64, 2);
  Bytes surplus{};  // after the last item of both hand-written lists

  Bytes Body() const {
    return RlpEncodeList([&](auto& out) {
      out.Item(message);
      out.List([&](auto& a) {
        a.String(payload_id);
        a.Uint(timestamp);
        a.String(builder_vk);
        a.String(authorizer_sig);
        a.Item(surplus);
      });
      out.String(actor_sig);
      out.Item(surplus);
    });
  }
  std::string Error() const {
    Bytes body = Body();
    absl::Status status = SplitAuthorized(body).status();
    if (status.ok()) return "ok";
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  }
};

TEST(Envelope, EachFieldIsChecked) {
  EXPECT_EQ(Parts().Error(), "ok");
  EXPECT_EQ((Parts{.message = Unhex("01")}.Error()),
            "message: is a string, not a list (at byte 2)");
  EXPECT_EQ((Parts{.builder_vk = Bytes(31, 1)}.Error()),
            "authorization.builder_vk: has 31 bytes, must have 32 (at byte 16)");
  Bytes no_point(32, 0);
  no_point[0] = 2;
  EXPECT_EQ((Parts{.builder_vk = no_point}.Error()),
            "authorization.builder_vk: is not a point of the curve (at byte 49)");
  EXPECT_EQ((Parts{.authorizer_sig = Bytes(63, 1)}.Error()),
            "authorization.authorizer_sig: has 63 bytes, must have 64 (at byte 49)");
  EXPECT_EQ((Parts{.actor_sig = Bytes(65, 1)}.Error()),
            "actor_sig: has 65 bytes, must have 64 (at byte 115)");
}

TEST(Envelope, TheKnownKeyIsNotAskedAgain) {
  PublicKey no_point;
  no_point.bytes[0] = 2;
  Parts parts{.builder_vk = Bytes(no_point.bytes.begin(), no_point.bytes.end())};
  Bytes body = parts.Body();
  EXPECT_TRUE(SplitAuthorized(body, &no_point).ok());
  PublicKey other;
  EXPECT_FALSE(SplitAuthorized(body, &other).ok());
}

TEST(Envelope, SurplusItemsOfHandWrittenListsAreIgnored) {
  EXPECT_EQ((Parts{.message = Unhex("c601846a756e6b"), .surplus = Unhex("c3010203")}.Error()),
            "ok");
  EXPECT_EQ(PeekMessage(Unhex("c601846a756e6b"))->kind, MessageKind::kStartPublish);
  EXPECT_EQ(PeekMessage(Unhex("c202ff"))->kind, MessageKind::kStopPublish)
      << "not even a whole item";
}

TEST(Envelope, UnsignedSurplusIsLimited) {
  const auto error = [](size_t bytes) {
    const Parts parts;
    Authorization authorization;
    std::ranges::copy(parts.builder_vk, authorization.builder_vk.bytes.begin());
    const Bytes body = RlpEncodeList([&](auto& out) {
      out.Item(parts.message);
      out.Item(EncodeAuthorization(authorization));
      out.String(parts.actor_sig);
      out.Item(Bytes(bytes, 5));
    });
    return Message(SplitAuthorized(body).status());
  };
  EXPECT_EQ(error(kMaxSurplusBytes), "");
  EXPECT_THAT(error(kMaxSurplusBytes + 1),
              ::testing::StartsWith("authorized surplus: has 257 bytes, the limit is 256"));
}

TEST(Envelope, TrailingBytesAreAnError) {
  Bytes body = Parts().Body();
  body.push_back(0);
  EXPECT_EQ(Message(SplitAuthorized(body).status()), "authorized: 1 surplus bytes (at byte 181)");
}

TEST(Envelope, SizeLimit) {
  Parts parts;
  parts.surplus = Bytes(kMaxMessageBytes / 2, 1);
  Bytes body = parts.Body();
  EXPECT_EQ(Message(SplitAuthorized(body).status()),
            absl::StrCat("authorized: has ", body.size(), " bytes, the limit is 16777215"));
  parts.surplus.clear();
  const auto of_bytes = [&parts](size_t n) {
    parts.message = RlpEncodeList([n](auto& out) { out.String(Bytes(n)); });
    return parts.Body();
  };
  constexpr size_t kNear = kMaxMessageBytes - 1000;  // lengths have as many bytes as there
  const Bytes longest = of_bytes(kNear + kMaxMessageBytes - of_bytes(kNear).size());
  ASSERT_EQ(longest.size(), kMaxMessageBytes);
  EXPECT_TRUE(SplitAuthorized(longest).ok());
}

TEST(Envelope, TagsAreChecked) {
  auto error = [](const std::string& hex) { return Message(PeekMessage(Unhex(hex)).status()); };
  EXPECT_EQ(error("c103"), "message tag: 3, the limit is 2 (at byte 2)");
  EXPECT_EQ(error("c100"), "message tag: integer has a leading zero (at byte 1)");
  EXPECT_EQ(error("c0"), "message tag: missing (at byte 1)");
  EXPECT_EQ(error("80"), "message: is a string, not a list (at byte 0)");
  EXPECT_EQ(error("c10101"), "message: 1 surplus bytes (at byte 2)");
  EXPECT_EQ(error("c180"), "flashblock: missing (at byte 2)");
  EXPECT_EQ(Message(DecodeFlashblockMessage(Unhex("c101")).status()),
            "message tag: is not a flashblock's (at byte 2)");
}

TEST(Envelope, EmptyStringForAccessListReadsAsAbsent) {
  std::mt19937_64 random(5);
  FlashblocksPayloadV1 flashblock = testing::RandomFlashblock(random);
  flashblock.diff.access_list_data = Unhex("80");
  absl::StatusOr<FlashblocksPayloadV1> decoded = DecodeFlashblock(EncodeFlashblock(flashblock));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->diff.access_list_data, std::nullopt);
}

TEST(Envelope, DerivedListsAreConsumedExactly) {
  std::mt19937_64 random(6);
  FlashblocksPayloadV1 flashblock = testing::RandomFlashblock(random);
  flashblock.diff.access_list_data = Unhex("8080");
  EXPECT_THAT(Message(DecodeFlashblock(EncodeFlashblock(flashblock)).status()),
              ::testing::StartsWith("diff: 1 surplus bytes"));
}

TEST(Envelope, TransactionsAreCounted) {
  FlashblocksPayloadV1 flashblock;
  flashblock.diff.transactions.resize(kMaxTransactions);
  EXPECT_TRUE(DecodeFlashblock(EncodeFlashblock(flashblock)).ok());
  flashblock.diff.transactions.emplace_back();
  EXPECT_THAT(Message(DecodeFlashblock(EncodeFlashblock(flashblock)).status()),
              ::testing::StartsWith("diff.transactions: more than 262144"));
}

}  // namespace
}  // namespace flblk::wire
