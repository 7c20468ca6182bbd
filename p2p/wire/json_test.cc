#include "p2p/wire/json.h"

#include <gtest/gtest.h>

#include "p2p/wire/envelope.h"
#include "p2p/wire/testing/flashblocks.h"
#include "p2p/wire/testing/vectors.h"

namespace flblk::wire {
namespace {

using Json = nlohmann::ordered_json;

Json Fixture(const std::string& name) {
  std::ifstream file(std::string(FLBLK_TEST_DATA "/fixtures/") + name);
  return Json::parse(file);
}

// The verdict on a fixture after `edit`.
std::string Verdict(const std::function<void(Json&)>& edit) {
  Json json = Fixture("op-rbuilder_flashblock_index0.json");
  edit(json);
  absl::Status status = ReadFlashblockJson(json.dump()).status();
  return status.ok() ? "ok" : std::string(status.message());
}

TEST(FlashblockJson, FixturesReadAndWriteBack) {
  for (const char* name :
       {"op-rbuilder_flashblock_index0.json", "op-rbuilder_flashblock_index3.json",
        "op-rbuilder_flashblock_index3_legacy_receipt_tag.json"}) {
    Json json = Fixture(name);
    absl::StatusOr<FlashblocksPayloadV1> flashblock = ReadFlashblockJson(json.dump(2));
    ASSERT_TRUE(flashblock.ok()) << flashblock.status();
    EXPECT_EQ(flashblock->metadata, json["metadata"].dump()) << "order kept, white space gone";
    json["diff"].erase("blob_gas_used");
    EXPECT_EQ(WriteFlashblockJson(*flashblock), json.dump());
  }
}

TEST(FlashblockJson, Index0HasItsFields) {
  absl::StatusOr<FlashblocksPayloadV1> flashblock =
      ReadFlashblockJson(Fixture("op-rbuilder_flashblock_index0.json").dump());
  ASSERT_TRUE(flashblock.ok()) << flashblock.status();
  EXPECT_EQ(ToHex(flashblock->payload_id), "0a0a0a0a0a0a0a0a");
  EXPECT_EQ(flashblock->base->gas_limit, 0x1c9c380u);
  EXPECT_EQ(ToHex(flashblock->base->extra_data), "000102");
  EXPECT_EQ(ToHex(flashblock->base->base_fee_per_gas), std::string(56, '0') + "3b9aca00");
  EXPECT_EQ(flashblock->diff.gas_used, 50000u);
  EXPECT_EQ(ToHex(flashblock->diff.transactions.at(0)), "7e010203");
  EXPECT_EQ(flashblock->diff.access_list_data, std::nullopt) << "blob_gas_used is dropped";
}

TEST(FlashblockJson, WholeUnichainBlockAndNullBase) {
  const Json sequence = Fixture("op-alloy_unichain_sepolia_block_35535698_sequence.json");
  ASSERT_EQ(sequence.size(), 5u);
  for (Json message : sequence) {
    absl::StatusOr<FlashblocksPayloadV1> flashblock = ReadFlashblockJson(message.dump());
    ASSERT_TRUE(flashblock.ok()) << flashblock.status();
    EXPECT_EQ(flashblock->base.has_value(), flashblock->index == 0);
    if (message["base"].is_null()) message.erase("base");
    EXPECT_EQ(Json::parse(WriteFlashblockJson(*flashblock)), message);
    EXPECT_EQ(*DecodeFlashblock(EncodeFlashblock(*flashblock)), *flashblock);
  }
}

TEST(FlashblockJson, RandomRoundTrip) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 200; ++i) {
    const FlashblocksPayloadV1 flashblock = testing::RandomFlashblock(random);
    absl::StatusOr<FlashblocksPayloadV1> read = ReadFlashblockJson(WriteFlashblockJson(flashblock));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, flashblock);
  }
}

TEST(FlashblockJson, MetadataThatIsNoJsonBecomesNull) {
  FlashblocksPayloadV1 flashblock;
  flashblock.metadata = "{\"a\":";
  EXPECT_EQ(Json::parse(WriteFlashblockJson(flashblock))["metadata"], Json());
}

TEST(FlashblockJson, TolerantWhereDialectsDiffer) {
  EXPECT_EQ(Verdict([](Json& j) { j["index"] = "0x0"; }), "ok");
  EXPECT_EQ(Verdict([](Json& j) { j["base"]["gas_limit"] = 30000000; }), "ok");
  EXPECT_EQ(Verdict([](Json& j) { j["base"]["gas_limit"] = "30000000"; }), "ok");
  EXPECT_EQ(Verdict([](Json& j) { j["new_key"] = {1, 2, {{"a", nullptr}}}; }), "ok");
  EXPECT_EQ(Verdict([](Json& j) { j["diff"]["post_exec_tx"] = "0x7d00"; }), "ok");
  EXPECT_EQ(Verdict([](Json& j) { j["diff"]["access_list_data"] = nullptr; }), "ok");
  EXPECT_EQ(Verdict([](Json& j) { j["metadata"] = "text"; }), "ok");
  for (const char* name : {"validatorIndex", "validator_index"}) {
    EXPECT_EQ(Verdict([&](Json& j) {
                j["diff"]["withdrawals"] = Json::array({{{"index", "0x1"},
                                                         {name, 2},
                                                         {"address", "0x" + std::string(40, '1')},
                                                         {"amount", "0x3"}}});
              }),
              "ok");
  }
}

TEST(FlashblockJson, ErrorsNameTheField) {
  auto starts = [](const std::string& text, const std::string& prefix) {
    EXPECT_EQ(text.substr(0, prefix.size()), prefix);
  };
  starts(Verdict([](Json& j) { j.erase("index"); }), "flashblock: index is missing");
  starts(Verdict([](Json& j) { j.erase("metadata"); }), "flashblock: metadata is missing");
  starts(Verdict([](Json& j) { j["base"].erase("timestamp"); }),
         "flashblock: base.timestamp is missing");
  starts(Verdict([](Json& j) { j["diff"]["state_root"] = "0x00"; }),
         "flashblock: diff.state_root: has 1 bytes, must have 32");
  starts(Verdict([](Json& j) { j["diff"]["transactions"][0] = "0xabc"; }),
         "flashblock: diff.transactions: not hex");
  starts(Verdict([](Json& j) { j["diff"]["gas_used"] = "0x1" + std::string(16, '0'); }),
         "flashblock: diff.gas_used: exceeds 64 bits");
  starts(Verdict([](Json& j) { j["diff"]["gas_used"] = "0xzz"; }),
         "flashblock: diff.gas_used: not a number of at most 256 bits");
  starts(Verdict([](Json& j) { j["index"] = -1; }), "flashblock: index: negative");
  starts(Verdict([](Json& j) { j["diff"]["access_list_data"] = "0x01"; }),
         "flashblock: diff.access_list_data: access_list_data: is a string, not a list");
  starts(Verdict([](Json& j) { j["diff"]["access_list_data"] = Json::object(); }),
         "flashblock: diff.access_list_data.access_list is missing");
  starts(Verdict([](Json& j) { j["diff"]["access_list_data"] = 5; }),
         "flashblock: diff.access_list_data: neither World Chain's object, nor hex of its RLP, nor "
         "null");
  EXPECT_EQ(ReadFlashblockJson("{\"index\":1,\"index\":1}").status().message(),
            std::string("flashblock: index stands there twice (at byte 19)"));
  EXPECT_EQ(ReadFlashblockJson("{\"metadata\":\"\xff\"}").status().message(),
            std::string("flashblock: metadata: not UTF-8 (at byte 1) (at byte 15)"));
  EXPECT_EQ(ReadFlashblockJson("[]").status().message(),
            std::string("flashblock: '{' expected (at byte 0)"));
}

TEST(FlashblockJson, CutAtEveryByteIsAnError) {
  const std::string json = Fixture("op-rbuilder_flashblock_index0.json").dump();
  for (size_t n = 0; n < json.size(); ++n)
    EXPECT_FALSE(ReadFlashblockJson(json.substr(0, n)).ok()) << n;
}

TEST(AuthorizationJson, TheReferenceForm) {
  const auto vectors = testing::LoadJson("vectors/flblk_derived.json");
  const auto& in = vectors["authorization"];
  const std::string json = in["json_for_flashblocks_forkchoiceUpdatedV3"].get<std::string>();
  absl::StatusOr<Authorization> read = ReadAuthorizationJson(json);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(ToHex(EncodeAuthorization(*read)), in["rlp"].get<std::string>());
  EXPECT_EQ(WriteAuthorizationJson(*read), json);
  const std::string hex = "{\"payload_id\":\"" + ToHex(read->payload_id) +
                          "\",\"timestamp\":\"0x6a64f042\"," + "\"builder_vk\":\"0x" +
                          ToHex(read->builder_vk.bytes) + "\",\"authorizer_sig\":\"" +
                          ToHex(read->authorizer_sig.bytes) + "\"}";
  absl::StatusOr<Authorization> from_hex = ReadAuthorizationJson(hex);
  ASSERT_TRUE(from_hex.ok()) << from_hex.status();
  EXPECT_EQ(*from_hex, *read);
}

TEST(AuthorizationJson, ErrorsNameTheField) {
  auto error = [](const std::string& json) {
    return std::string(ReadAuthorizationJson(json).status().message());
  };
  EXPECT_EQ(error("{}"), "authorization: payload_id is missing (at byte 2)");
  EXPECT_EQ(error("{\"builder_vk\":[1,2]}"),
            "authorization: builder_vk: has 2 bytes, must have 32 (at byte 19)");
  EXPECT_EQ(error("{\"builder_vk\":[256]}"), "authorization: builder_vk: not a byte (at byte 18)");
  EXPECT_EQ(error("{\"timestamp\":-5}"), "authorization: timestamp: negative (at byte 15)");
}

}  // namespace
}  // namespace flblk::wire
