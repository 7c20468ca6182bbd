#include "p2p/rlpx/capability.h"

#include <gtest/gtest.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "p2p/wire/testing/vectors.h"

namespace flblk::rlpx {
namespace {

using wire::testing::LoadJson;

std::vector<Capability> ListOf(const nlohmann::json& names) {
  std::vector<Capability> out;
  for (const std::string text : names) {
    const size_t slash = text.find('/');
    out.push_back({text.substr(0, slash), std::stoull(text.substr(slash + 1))});
  }
  return out;
}

TEST(Capability, OffsetsOfVectors) {
  for (const auto& v :
       nlohmann::json(LoadJson("vectors/p2p_base.json")["capability_offsets_derived"])) {
    nlohmann::json shared = nlohmann::json::object();
    for (const SharedCapability& c : MatchCapabilities(ListOf(v["ours"]), ListOf(v["theirs"]))) {
      shared[absl::StrFormat("%s/%d", c.name, c.version)] =
          absl::StrFormat("0x%02x..0x%02x", c.offset, c.offset + c.length - 1);
    }
    EXPECT_EQ(shared, v["shared"]) << v["ours"] << v["theirs"];
  }
}

TEST(Capability, FlblkBesideEveryEth) {
  for (auto [eth, offset] : {std::pair{66, 0x21},
                             {67, 0x21},
                             {68, 0x21},
                             {69, 0x22},
                             {70, 0x22},
                             {71, 0x24},
                             {72, 0x26}}) {
    const std::vector<Capability> both = {{"flblk", 2}, {"eth", static_cast<uint64_t>(eth)}};
    EXPECT_EQ(FindCapability(MatchCapabilities(both, both), "flblk")->offset, offset) << eth;
  }
}

TEST(Capability, UnknownAndRepeatedOnesOfThePeerDoNotCount) {
  const auto shared = MatchCapabilities(
      {{"flblk", 2}},
      {{"aaa", 1}, {"flblk", 2}, {"flblk", 2}, {"flblk", 3}, {"flblk", 1ull << 63}});
  ASSERT_EQ(shared.size(), 1u);
  EXPECT_EQ(shared[0], (SharedCapability{"flblk", 2, 0x10, 5}));
  EXPECT_TRUE(MatchCapabilities({{"other", 1}}, {{"other", 1}}).empty());
  EXPECT_EQ(FindCapability(shared, "eth"), nullptr);
}

TEST(Capability, OwnsItsRangeOnly) {
  const SharedCapability c{"flblk", 2, 0x22, 5};
  EXPECT_FALSE(c.Owns(0x21));
  EXPECT_TRUE(c.Owns(0x22));
  EXPECT_TRUE(c.Owns(0x26));
  EXPECT_FALSE(c.Owns(0x27));
}

}  // namespace
}  // namespace flblk::rlpx
