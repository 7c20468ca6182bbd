#include "p2p/wire/access_list_json.h"

#include <gtest/gtest.h>

#include "p2p/wire/access_list.h"
#include "p2p/wire/testing/vectors.h"

namespace flblk::wire {
namespace {

using Json = nlohmann::json;
using testing::Unhex;

const std::string kHash = "0x" + std::string(64, '5');
const std::string kSlot = "0x" + std::string(62, '0') + "04";

// As a World Chain node writes the access list of the pinned flashblock.
Json Sample() {
  const Json account = {
      {"address", "0x" + std::string(38, '0') + "42"},
      {"storageChanges",
       {{{"slot", "0x2"}, {"changes", {{{"blockAccessIndex", "0x1"}, {"newValue", "0x3"}}}}}}},
      {"storageReads", {kSlot}},
      {"balanceChanges", {{{"blockAccessIndex", "0x3"}, {"postBalance", "0xf4240"}}}},
      {"nonceChanges", {{{"blockAccessIndex", "0x4"}, {"newNonce", "0x2a"}}}},
      {"codeChanges", {{{"blockAccessIndex", "0x2"}, {"newCode", "0xcafe"}}}}};
  return {{"access_list", {{"changes", {account}}, {"min_tx_index", 0}, {"max_tx_index", 5}}},
          {"access_list_hash", kHash}};
}

Bytes SampleRlp() {
  const Json pinned = testing::LoadJson("vectors/flblk_pinned.json");
  const auto& data = pinned["flashblock_inputs"]["diff"]["access_list_data"];
  return RlpEncodeList([&](auto& out) {
    out.Item(Unhex(data["rlp_of_access_list"].get<std::string>()));
    out.String(Unhex(std::string(64, '5')));
  });
}

std::string Read(const std::string& text, Bytes* out = nullptr) {
  StrictJson in(text, "test");
  const Bytes item = ReadAccessListJson(in, "a");
  in.Finish();
  if (out != nullptr) *out = item;
  return in.ok() ? "ok" : std::string(in.status().message());
}

TEST(AccessListJson, BecomesTheItem) {
  Bytes item;
  ASSERT_EQ(Read(Sample().dump(), &item), "ok");
  EXPECT_EQ(ToHex(item), ToHex(SampleRlp()));
  EXPECT_TRUE(CheckAccessListData(item).ok());
}

TEST(AccessListJson, TheNamesOfOtherReleasesAreRead) {
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"blockAccessIndex", "txIndex"},
                                                        {"blockAccessIndex", "index"},
                                                        {"newValue", "value"},
                                                        {"newValue", "postValue"},
                                                        {"postBalance", "balance"},
                                                        {"newNonce", "nonce"},
                                                        {"newCode", "code"}}) {
    std::string text = Sample().dump();
    for (size_t at; (at = text.find(from)) != std::string::npos;) text.replace(at, from.size(), to);
    Bytes item;
    EXPECT_EQ(Read(text, &item), "ok") << to;
    EXPECT_EQ(item, SampleRlp()) << to;
  }
}

TEST(AccessListJson, AnEmptyListIsTheItemToo) {
  Json json = Sample();
  json["access_list"]["changes"] = Json::array();
  Bytes item;
  ASSERT_EQ(Read(json.dump(), &item), "ok");
  EXPECT_EQ(ToHex(item), "e5c3c08005a0" + std::string(64, '5'));
}

TEST(AccessListJson, ErrorsNameTheMember) {
  const auto verdict = [](const auto& change) {
    Json json = Sample();
    change(json, json["access_list"]["changes"][0]);
    const std::string text = Read(json.dump());
    return text.substr(0, text.find(" (at byte"));
  };
  EXPECT_EQ(verdict([](Json& j, Json&) { j.erase("access_list_hash"); }),
            "test: a.access_list_hash is missing");
  EXPECT_EQ(verdict([](Json& j, Json&) { j["access_list_hash"] = "0x00"; }),
            "test: a.access_list_hash: has 1 bytes, must have 32");
  EXPECT_EQ(verdict([](Json& j, Json&) { j["access_list"]["max_tx_index"] = -1; }),
            "test: a.access_list.max_tx_index: negative");
  EXPECT_EQ(verdict([](Json&, Json& account) { account["address"] = "0x42"; }),
            "test: a.access_list.changes.address: has 1 bytes, must have 20");
  EXPECT_EQ(verdict([](Json&, Json& account) { account["storageReads"][0] = "0xzz"; }),
            "test: a.access_list.changes.storageReads: not a number of at most 256 bits");
  EXPECT_EQ(verdict([](Json&, Json& account) {
              account["nonceChanges"][0]["newNonce"] = "0x1" + std::string(16, '0');
            }),
            "test: a.access_list.changes.nonceChanges.newNonce: exceeds 64 bits");
  EXPECT_EQ(verdict([](Json&, Json& account) { account["codeChanges"][0].erase("newCode"); }),
            "test: a.access_list.changes.codeChanges.newCode is missing");
  EXPECT_EQ(verdict([](Json&, Json& account) { account["balanceChanges"][0]["wei"] = 1; }),
            "test: a.access_list.changes.balanceChanges has a member that is none of: "
            "blockAccessIndex, postBalance");
}

TEST(AccessListJson, CutAtEveryByteIsAnError) {
  const std::string text = Sample().dump();
  for (size_t n = 0; n < text.size(); ++n) EXPECT_NE(Read(text.substr(0, n)), "ok") << n;
}

}  // namespace
}  // namespace flblk::wire
