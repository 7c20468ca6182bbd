#include "tests/harness/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "absl/strings/str_cat.h"

namespace flblk::harness {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kFixture[] =
    FLBLK_TEST_DATA "/fixtures/op-alloy_unichain_sepolia_block_35535698_sequence.json";

absl::StatusOr<Options> Parse(std::vector<std::string> args) {
  args.push_back("--flblkd=/bin/true");
  return ParseOptions(args);
}

TEST(Options, Defaults) {
  auto options = Parse({});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->setup.shape.nodes(), 5u);
  EXPECT_EQ(options->setup.timing.flashblocks, 10u);
  EXPECT_EQ(options->setup.detect_ns, 50 * kNsPerMs);
  EXPECT_EQ(options->topology, Topology::kHa);
}

TEST(Options, BothWaysToGiveAValue) {
  auto options =
      Parse({"--slot-ms=1000", "--interval-ms", "50", "--topology", "line", "--script",
             "1.2 A kill", "--script=2.3 B graceful", "--node-flag", "--flblk1=false", "--json"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->setup.timing.slot_ns, 1000 * kNsPerMs);
  EXPECT_EQ(options->generator.flashblocks, 18u);
  EXPECT_EQ(options->topology, Topology::kLine);
  EXPECT_EQ(options->script.size(), 2u);
  EXPECT_THAT(options->node_flags, ElementsAre("--flblk1=false"));
  EXPECT_TRUE(options->json);
}

TEST(Options, TheRecordedBlockIsRead) {
  auto options = Parse({"--recorded", kFixture});
  ASSERT_TRUE(options.ok()) << options.status();
  ASSERT_TRUE(options->recorded.has_value());
  EXPECT_EQ(options->recorded->deltas.size(), 5u);
}

TEST(Options, MistakesAreNamed) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"--bilders=2"}, "--bilders=2 is no option"},
      {{"2"}, "2 is no option"},
      {{"--json=1"}, "--json takes no value"},
      {{"--builders=0"}, "--builders is not a number from 1 to 26"},
      {{"--builders=two"}, "--builders is not a number"},
      {{"--interval-ms=3000"}, "--interval-ms is above --slot-ms"},
      {{"--interval-ms=10"}, "more than 100 flashblocks"},
      {{"--netns=maybe"}, "--netns is not on, off or auto"},
      {{"--campaign=0"}, "--campaign is not a number from 1 to 1000"},
      {{"--campaign=5", "--script=1.2 A kill"}, "--campaign brings its own --script"},
      {{"--cases=kill"}, "--cases needs --campaign"},
      {{"--topology=ring"}, "\"ring\""},
      {{"--script=1.2 Q kill"}, "\"Q\" is not a builder"},
      {{"--script-file=/nonexistent"}, "/nonexistent: cannot be read"},
      {{"--recorded=/nonexistent"}, "/nonexistent: cannot be read"},
      {{"--relays=0", "--topology=star"}, "at least one relay"},
      {{"--interval-ms=500", "--recorded", kFixture}, "has 5 flashblocks, a slot holds 4"},
  };
  for (const auto& [args, message] : cases) {
    EXPECT_THAT(Parse(args).status().message(), HasSubstr(message)) << args[0];
  }
  EXPECT_THAT(ParseOptions({"--builders"}).status().message(),
              HasSubstr("--builders needs a value"));
  EXPECT_THAT(ParseOptions({}).status().message(), HasSubstr("--flblkd is required"));
}

TEST(Options, NumbersHaveTheirLimits) {
  const std::tuple<const char*, uint64_t, uint64_t> limits[] = {
      {"builders", 1, 26},         {"relays", 0, 100},
      {"subscribers", 0, 100},     {"slot-ms", 200, 60'000},
      {"interval-ms", 10, 60'000}, {"blocks", 1, 100'000},
      {"transactions", 0, 10'000}, {"transaction-bytes", 0, 1'000'000},
      {"detect-ms", 0, 60'000},    {"takeover-after-ms", 0, 60'000},
      {"campaign", 1, 1000},       {"seed", 0, UINT64_MAX},
  };
  for (const auto& [name, min, max] : limits) {
    const std::string message =
        absl::StrCat("--", name, " is not a number from ", min, " to ", max);
    for (const std::string& value : {std::to_string(max) + "0", std::string("-1"), std::string("x"),
                                     min == 0 ? std::string() : std::to_string(min - 1)}) {
      EXPECT_EQ(Parse({absl::StrCat("--", name, "=", value)}).status(),
                absl::InvalidArgumentError(message))
          << value;
    }
  }
}

TEST(Options, EveryOptionWithAValueNeedsIt) {
  for (const char* name :
       {"flblkd", "topology", "recorded", "script", "script-file", "netns", "cases", "node-flag",
        "report", "takeover-after-ms", "detect-ms", "slot-ms", "blocks", "seed"}) {
    EXPECT_EQ(ParseOptions({absl::StrCat("--", name)}).status(),
              absl::InvalidArgumentError(absl::StrCat("--", name, " needs a value")));
  }
  for (const char* name : {"json", "quiet", "keep", "help"}) {
    EXPECT_EQ(ParseOptions({absl::StrCat("--", name, "=yes")}).status(),
              absl::InvalidArgumentError(absl::StrCat("--", name, " takes no value")));
  }
}

TEST(Options, HelpNeedsNothingElse) {
  auto options = ParseOptions({"--help"});
  ASSERT_TRUE(options.ok());
  EXPECT_TRUE(options->help);
  EXPECT_THAT(HelpText(), HasSubstr("--takeover-after-ms T"));
}

}  // namespace
}  // namespace flblk::harness
