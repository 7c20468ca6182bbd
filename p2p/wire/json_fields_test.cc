// Every member of the JSON structures, left out or spoiled one at a time: the error has its name.
#include "p2p/wire/json_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "p2p/wire/json.h"
#include "p2p/wire/limits.h"
#include "p2p/wire/testing/flashblocks.h"
#include "p2p/wire/testing/vectors.h"

namespace flblk::wire {
namespace {

using ::testing::StartsWith;
using Json = nlohmann::json;

Json Whole() {
  std::mt19937_64 random(5);
  FlashblocksPayloadV1 flashblock;
  flashblock.diff.transactions = {{1}};
  flashblock.diff.withdrawals = {{1, 2, Address{3}, 4}};
  flashblock.base = testing::RandomBase(random);
  flashblock.metadata = "{}";
  return Json::parse(WriteFlashblockJson(flashblock));
}

std::string Error(const Json& json) {
  return std::string(ReadFlashblockJson(json.dump()).status().message());
}

struct Member {
  const char* pointer;  // where it is
  const char* name;     // how errors call it
  Json bad;
  const char* problem;
};

const Json kShort = "0x00", kOdd = "0xabc", kMinus = -1;
const std::vector<Member> kMembers = {
    {"/payload_id", "payload_id", kShort, "has 1 bytes, must have 8"},
    {"/index", "index", kMinus, "negative"},
    {"/base/parent_beacon_block_root", "base.parent_beacon_block_root", kShort,
     "has 1 bytes, must have 32"},
    {"/base/parent_hash", "base.parent_hash", kShort, "has 1 bytes, must have 32"},
    {"/base/fee_recipient", "base.fee_recipient", kShort, "has 1 bytes, must have 20"},
    {"/base/prev_randao", "base.prev_randao", kShort, "has 1 bytes, must have 32"},
    {"/base/block_number", "base.block_number", kMinus, "negative"},
    {"/base/gas_limit", "base.gas_limit", kMinus, "negative"},
    {"/base/timestamp", "base.timestamp", kMinus, "negative"},
    {"/base/extra_data", "base.extra_data", kOdd, "not hex"},
    {"/base/base_fee_per_gas", "base.base_fee_per_gas", kMinus, "negative"},
    {"/diff/state_root", "diff.state_root", kShort, "has 1 bytes, must have 32"},
    {"/diff/receipts_root", "diff.receipts_root", kShort, "has 1 bytes, must have 32"},
    {"/diff/logs_bloom", "diff.logs_bloom", kShort, "has 1 bytes, must have 256"},
    {"/diff/gas_used", "diff.gas_used", kMinus, "negative"},
    {"/diff/block_hash", "diff.block_hash", kShort, "has 1 bytes, must have 32"},
    {"/diff/transactions", "diff.transactions", Json::array({kOdd}), "not hex"},
    {"/diff/withdrawals_root", "diff.withdrawals_root", kShort, "has 1 bytes, must have 32"},
    {"/diff/withdrawals/0/index", "diff.withdrawals.index", kMinus, "negative"},
    {"/diff/withdrawals/0/validatorIndex", "diff.withdrawals.validatorIndex", kMinus, "negative"},
    {"/diff/withdrawals/0/address", "diff.withdrawals.address", kShort,
     "has 1 bytes, must have 20"},
    {"/diff/withdrawals/0/amount", "diff.withdrawals.amount", kMinus, "negative"},
};

TEST(JsonFields, ThatAreSpoiledAreNamed) {
  ASSERT_EQ(Error(Whole()), "");
  for (const Member& member : kMembers) {
    Json json = Whole();
    json[Json::json_pointer(member.pointer)] = member.bad;
    EXPECT_THAT(Error(json),
                StartsWith("flashblock: " + std::string(member.name) + ": " + member.problem));
  }
}

TEST(JsonFields, ThatAreMissingAreNamed) {
  std::vector<std::pair<std::string, std::string>> required = {
      {"/diff", "diff"}, {"/metadata", "metadata"}, {"/diff/withdrawals", "diff.withdrawals"}};
  for (const Member& member : kMembers) required.emplace_back(member.pointer, member.name);
  for (const auto& [pointer, name] : required) {
    Json json = Whole();
    const Json::json_pointer at(pointer);
    json[at.parent_pointer()].erase(at.back());
    EXPECT_THAT(Error(json), StartsWith("flashblock: " + name + " is missing"));
  }
}

TEST(JsonFields, OfAnotherKindOfValue) {
  const std::vector<std::tuple<const char*, Json, const char*>> cases = {
      {"/payload_id", true, "flashblock: string expected"},
      {"/index", nullptr, "flashblock: integer expected"},
      {"/index", 1.5, "flashblock: number is not an integer"},
      {"/index", "1.5", "flashblock: index: not a number of at most 256 bits"},
      {"/index", "0x1" + std::string(16, '0'), "flashblock: index: exceeds 64 bits"},
      {"/base", 1, "flashblock: '{' expected"},
      {"/base", "null", "flashblock: '{' expected"},
      {"/diff", nullptr, "flashblock: '{' expected"},
      {"/diff/transactions", "0x", "flashblock: '[' expected"},
      {"/diff/withdrawals", Json::object(), "flashblock: '[' expected"},
      {"/diff/withdrawals/0", Json::array(), "flashblock: '{' expected"},
  };
  for (const auto& [pointer, value, error] : cases) {
    Json json = Whole();
    json[Json::json_pointer(pointer)] = value;
    EXPECT_THAT(Error(json), StartsWith(error)) << pointer;
  }
}

TEST(JsonFields, BrokenText) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"{\"base\":nil}", "flashblock: not a JSON value (at byte 8)"},
      {"{\"index\":1 \"diff\":{}}", "flashblock: '}' expected (at byte 11)"},
      {"{\"index\" 1}", "flashblock: ':' expected (at byte 9)"},
      {"{\"diff\":{\"transactions\":[\"0x\" \"0x\"]}}", "flashblock: ']' expected (at byte 30)"},
      {"{\"payload_id\":\"a\nb\"}", "flashblock: control character in a string (at byte 16)"},
      {"{\"metadata\":{\"a\":01}}", "flashblock: number has a leading zero (at byte 19)"},
      {"{\"unknown\":[1,]}", "flashblock: not a JSON value (at byte 14)"},
  };
  for (const auto& [text, error] : cases) {
    EXPECT_EQ(ReadFlashblockJson(text).status().message(), std::string(error)) << text;
  }
  std::string trailing = Whole().dump();
  const size_t size = trailing.size();
  trailing += ",";
  EXPECT_EQ(ReadFlashblockJson(trailing).status().message(),
            "flashblock: text after the value (at byte " + std::to_string(size) + ")");
}

TEST(JsonFields, TextHasALimit) {
  const std::string text(kMaxJsonBytes + 1, ' ');
  EXPECT_EQ(
      ReadFlashblockJson(text).status(),
      absl::ResourceExhaustedError("flashblock: 67108865 bytes of JSON, the limit is 67108864"));
  EXPECT_EQ(ReadFlashblockJson(std::string_view(text).substr(1)).status(),
            absl::InvalidArgumentError("flashblock: '{' expected (at byte 67108864)"));
}

TEST(JsonFields, OfAnAuthorization) {
  const Json good = Json::parse(WriteAuthorizationJson({}));
  const std::vector<std::tuple<const char*, Json, const char*>> cases = {
      {"payload_id", kShort, "payload_id: has 1 bytes, must have 8"},
      {"payload_id", Json::array({1}), "payload_id: has 1 bytes, must have 8"},
      {"payload_id", Json::array({-1}), "payload_id: not a byte"},
      {"timestamp", "soon", "timestamp: not a number of at most 256 bits"},
      {"builder_vk", kOdd, "builder_vk: not hex"},
      {"builder_vk", Json(std::vector<int>(33)), "builder_vk: has 33 bytes, must have 32"},
      {"authorizer_sig", kShort, "authorizer_sig: has 1 bytes, must have 64"},
      {"authorizer_sig", Json::array({"1"}), "integer expected"},
  };
  const auto error_of = [](const Json& json) {
    return std::string(ReadAuthorizationJson(json.dump()).status().message());
  };
  ASSERT_EQ(error_of(good), "");
  for (const auto& [name, value, error] : cases) {
    Json json = good;
    json[name] = value;
    EXPECT_THAT(error_of(json), StartsWith("authorization: " + std::string(error)));
    json.erase(name);
    EXPECT_THAT(error_of(json), StartsWith("authorization: " + std::string(name) + " is missing"));
  }
}

}  // namespace
}  // namespace flblk::wire
