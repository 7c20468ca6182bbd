#include "plugin/convert.h"

#include <gmock/gmock.h>

#include "flblk/v1/admin.pb.h"
#include "flblk/v1/builder.pb.h"
#include "flblk/v1/types.pb.h"
#include "p2p/wire/envelope.h"
#include "p2p/wire/json.h"
#include "p2p/wire/limits.h"
#include "p2p/wire/metadata.h"
#include "plugin/testing/samples.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

using testing::HasSubstr;

constexpr int64_t kNow = 1'700'000'000'123'456'789;

v1::FlashblocksPayloadV1 Valid(uint64_t index = 0) {
  v1::FlashblocksPayloadV1 out;
  ToProto(TestFlashblock(TestAuthorization(1700000002), index), out);
  return out;
}

absl::Status StatusOf(const v1::FlashblocksPayloadV1& in) {
  return FromProto("flashblock", in, kNow).status();
}

std::string ErrorOf(const v1::FlashblocksPayloadV1& in) {
  const absl::Status status = StatusOf(in);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(Convert, AFlashblockGoesOutAndInUnchanged) {
  wire::FlashblocksPayloadV1 original = TestFlashblock(TestAuthorization(1700000002), 0);
  original.base->extra_data = {1, 2, 3};
  original.base->base_fee_per_gas[31] = 7;
  original.base->base_fee_per_gas[30] = 1;
  original.diff.withdrawals = {{1, 2, Address{3}, 4}};
  original.diff.logs_bloom[5] = 9;
  original.diff.withdrawals_root[0] = 1;
  v1::FlashblocksPayloadV1 proto;
  ToProto(original, proto);
  EXPECT_EQ(proto.base().base_fee_per_gas(), std::string("\x01\x07"));
  const auto back = FromProto("flashblock", proto, kNow);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, original);
}

TEST(Convert, WhatMayBeEmptyIsZero) {
  v1::FlashblocksPayloadV1 in = Valid();
  in.clear_payload_id();
  in.mutable_diff()->clear_logs_bloom();
  in.mutable_diff()->clear_withdrawals_root();
  in.mutable_base()->clear_base_fee_per_gas();
  const auto out = FromProto("flashblock", in, kNow);
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(out->payload_id, PayloadId{});
  EXPECT_EQ(out->base->base_fee_per_gas, Hash32{});
}

TEST(Convert, MetadataIsStampedWhereTheHostDidNot) {
  v1::FlashblocksPayloadV1 in = Valid();
  in.clear_metadata_kind();
  EXPECT_EQ(FromProto("flashblock", in, kNow)->metadata,
            "{\"fees\":\"0x0\",\"flashblock_timestamp\":1700000000123456789}");
  in.mutable_metadata()->set_fees(std::string("\x01\x00", 2));
  EXPECT_EQ(FromProto("flashblock", in, kNow)->metadata,
            "{\"fees\":\"0x100\",\"flashblock_timestamp\":1700000000123456789}");
  in.mutable_metadata()->set_flashblock_timestamp(5);
  EXPECT_EQ(FromProto("flashblock", in, kNow)->metadata,
            "{\"fees\":\"0x100\",\"flashblock_timestamp\":5}");
  in.set_metadata_json("{ \"x\" : 1 }");
  EXPECT_EQ(FromProto("flashblock", in, kNow)->metadata, "{ \"x\" : 1 }");
}

TEST(Convert, EachFieldNamesItselfAndItsLimit) {
  using Edit = std::function<void(v1::FlashblocksPayloadV1&)>;
  const std::pair<Edit, std::string> cases[] = {
      {[](auto& f) { f.set_payload_id("1234567"); },
       "flashblock.payload_id: 7 bytes, expected 8 or none"},
      {[](auto& f) { f.set_index(101); }, "flashblock.index: 101, at most 100"},
      {[](auto& f) { f.clear_diff(); }, "flashblock.diff: missing"},
      {[](auto& f) { f.mutable_diff()->set_state_root(std::string(31, 'x')); },
       "flashblock.diff.state_root: 31 bytes, expected 32"},
      {[](auto& f) { f.mutable_diff()->set_receipts_root(""); },
       "flashblock.diff.receipts_root: 0 bytes, expected 32"},
      {[](auto& f) { f.mutable_diff()->set_logs_bloom(std::string(255, 'x')); },
       "flashblock.diff.logs_bloom: 255 bytes, expected 256 or none"},
      {[](auto& f) { f.mutable_diff()->set_block_hash(std::string(33, 'x')); },
       "flashblock.diff.block_hash: 33 bytes, expected 32"},
      {[](auto& f) { f.mutable_diff()->set_withdrawals_root("x"); },
       "flashblock.diff.withdrawals_root: 1 bytes, expected 32 or none"},
      {[](auto& f) { f.mutable_diff()->add_transactions(""); },
       "flashblock.diff.transactions[2]: empty"},
      {[](auto& f) { f.mutable_diff()->add_withdrawals()->set_address("x"); },
       "flashblock.diff.withdrawals[0].address: 1 bytes, expected 20"},
      {[](auto& f) { f.mutable_diff()->set_access_list_data("\x05"); },
       "flashblock.diff.access_list_data: "},
      {[](auto& f) { f.clear_base(); }, "flashblock.base: missing, index 0 has one"},
      {[](auto& f) { f.set_index(1); }, "flashblock.base: present, but only index 0 has one"},
      {[](auto& f) { f.mutable_base()->set_parent_hash("x"); },
       "flashblock.base.parent_hash: 1 bytes, expected 32"},
      {[](auto& f) { f.mutable_base()->set_parent_beacon_block_root("x"); },
       "flashblock.base.parent_beacon_block_root: 1 bytes, expected 32"},
      {[](auto& f) { f.mutable_base()->set_fee_recipient("x"); },
       "flashblock.base.fee_recipient: 1 bytes, expected 20"},
      {[](auto& f) { f.mutable_base()->set_prev_randao("x"); },
       "flashblock.base.prev_randao: 1 bytes, expected 32"},
      {[](auto& f) { f.mutable_base()->set_extra_data(std::string(1025, 'x')); },
       "flashblock.base.extra_data: 1025 bytes, at most 1024"},
      {[](auto& f) { f.mutable_base()->set_base_fee_per_gas(std::string(33, 'x')); },
       "flashblock.base.base_fee_per_gas: 33 bytes, at most 32"},
      {[](auto& f) { f.mutable_metadata()->set_fees(std::string(33, 'x')); },
       "flashblock.metadata.fees: 33 bytes, at most 32"},
      {[](auto& f) { f.set_metadata_json(""); },
       "flashblock.metadata_json: 0 bytes, expected 1..4194304"},
      {[](auto& f) { f.set_metadata_json("\xFF"); }, "flashblock.metadata_json: not UTF-8"},
  };
  for (const auto& [edit, message] : cases) {
    v1::FlashblocksPayloadV1 in = Valid();
    edit(in);
    EXPECT_THAT(ErrorOf(in), testing::StartsWith(message));
  }
}

TEST(Convert, ADeltaComesInThreeForms) {
  const wire::FlashblocksPayloadV1 original = TestFlashblock(TestAuthorization(1700000002), 0);
  v1::PublishRequest request;
  ToProto(original, *request.mutable_flashblock());
  EXPECT_EQ(*FromProto(request, kNow), original);
  const Bytes rlp = wire::EncodeFlashblock(original);
  request.set_flashblock_rlp(std::string(rlp.begin(), rlp.end()));
  EXPECT_EQ(*FromProto(request, kNow), original);
  request.set_flashblock_json(wire::WriteFlashblockJson(original));
  EXPECT_EQ(*FromProto(request, kNow), original);
}

TEST(Convert, ADeltaThatIsNoneOrTooBigIsRefused) {
  v1::PublishRequest request;
  EXPECT_THAT(std::string(FromProto(request, kNow).status().message()),
              HasSubstr("delta: missing"));
  request.set_flashblock_rlp("\xc0");
  EXPECT_THAT(std::string(FromProto(request, kNow).status().message()),
              testing::StartsWith("flashblock_rlp: "));
  request.set_flashblock_json("{");
  EXPECT_THAT(std::string(FromProto(request, kNow).status().message()),
              testing::StartsWith("flashblock_json: "));
  request.set_flashblock_rlp(std::string(wire::kMaxMessageBytes, 'x'));
  const auto status = FromProto(request, kNow).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("at most 16777215 fit a frame"));
}

TEST(Convert, ForkchoiceSizesAndPresence) {
  v1::ForkchoiceUpdatedRequest request;
  EXPECT_FALSE(FromProto(request)->attributes.has_value());
  ToProto(TestAuthorization(1700000002), *request.mutable_authorization());
  EXPECT_EQ(FromProto(request).status(),
            absl::InvalidArgumentError("authorization: given without attributes"));
  request.mutable_attributes()->set_timestamp(1700000002);
  const auto update = FromProto(request);
  ASSERT_TRUE(update.ok()) << update.status();
  EXPECT_EQ(*update->authorization, TestAuthorization(1700000002));
  EXPECT_FALSE(update->attributes->payload_id.has_value());
  request.mutable_attributes()->set_payload_id("123");
  EXPECT_EQ(FromProto(request).status(),
            absl::InvalidArgumentError("attributes.payload_id: 3 bytes, expected 8 or none"));
  request.mutable_attributes()->clear_payload_id();
  request.mutable_authorization()->set_builder_vk("x");
  EXPECT_EQ(FromProto(request).status(),
            absl::InvalidArgumentError("authorization.builder_vk: 1 bytes, expected 32"));
  request.mutable_authorization()->set_payload_id("");
  EXPECT_EQ(FromProto(request).status(),
            absl::InvalidArgumentError("authorization.payload_id: 0 bytes, expected 8"));
}

TEST(Convert, EnumsKeepTheirNames) {
  for (const auto state : {core::PublishState::kIdle, core::PublishState::kWaiting,
                           core::PublishState::kPublishing, core::PublishState::kYielded}) {
    std::string name = v1::PublishState_Name(static_cast<v1::PublishState>(ToProtoState(state)));
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    EXPECT_EQ(name, Cat("publish_state_", Name(state)));
  }
  for (int cause = 0; cause <= static_cast<int>(core::Cause::kHostStopped); ++cause) {
    std::string name =
        v1::Cause_Name(static_cast<v1::Cause>(ToProtoCause(static_cast<core::Cause>(cause))));
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    EXPECT_EQ(name, Cat("cause_", Word(Name(static_cast<core::Cause>(cause)))));
  }
}

TEST(Convert, TextOfPeersBecomesUtf8) {
  net::PeerInfo peer;
  peer.client_id = "evil\xFF";
  v1::Peer out;
  ToProto(peer, out);
  EXPECT_EQ(out.client_id(), "evil\xEF\xBF\xBD");
}

TEST(Convert, AnEventCarriesEverything) {
  core::PublishingChanged change;
  change.from = core::PublishState::kWaiting;
  change.to = core::PublishState::kPublishing;
  change.cause = core::Cause::kRivalStopped;
  change.authorization = TestAuthorization(1700000002);
  change.rival = TestKey(3).public_key();
  change.in_previous_state = std::chrono::milliseconds(5);
  change.next_index = 3;
  change.missing = 1;
  v1::PublishingEvent event;
  ToProto(change, kNow, event);
  EXPECT_EQ(event.state(), v1::PUBLISH_STATE_PUBLISHING);
  EXPECT_EQ(event.previous(), v1::PUBLISH_STATE_WAITING);
  EXPECT_EQ(event.cause(), v1::CAUSE_RIVAL_STOPPED);
  EXPECT_EQ(event.authorization().timestamp(), 1700000002u);
  EXPECT_EQ(event.rival_vk().size(), 32u);
  EXPECT_EQ(event.in_previous_state_ns(), 5'000'000u);
  EXPECT_EQ(event.next_index(), 3u);
  EXPECT_EQ(event.missing(), 1u);
  EXPECT_EQ(event.unix_ns(), kNow);
  v1::HandoffEntry entry;
  ToProto(net::HistoryEntry{kNow, change}, entry);
  EXPECT_EQ(entry.slot(), 1700000002u);
  EXPECT_EQ(entry.next_index(), 3u);
  EXPECT_EQ(entry.missing(), 1u);
}

}  // namespace
}  // namespace flblk::plugin
