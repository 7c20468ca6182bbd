#include "tests/harness/campaign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace flblk::harness {
namespace {

using ::testing::HasSubstr;

RunSetup Clock() {
  RunSetup setup;
  setup.timing = {.slot_ns = 800 * kNsPerMs, .interval_ns = 50 * kNsPerMs, .flashblocks = 14};
  setup.takeover_ns = 200 * kNsPerMs;
  setup.detect_ns = 50 * kNsPerMs;
  return setup;
}

TEST(Campaign, EveryCaseComesAsOftenAsAsked) {
  auto campaign = MakeCampaign({.repeats = 7}, Clock());
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  std::map<std::string, int> counts;
  for (const Step& step : campaign->script) ++counts[step.label];
  EXPECT_EQ(counts.size(), 19u);
  for (const auto& [label, count] : counts) EXPECT_EQ(count, 7) << label;
  for (const char* how : {"kill", "freeze", "cut", "restart"}) {
    for (const char* moment : {" mid", " boundary", " waiting"}) {
      EXPECT_EQ(counts.count(std::string(how) + moment), 1u) << how << moment;
    }
  }
  for (const char* how : {"kill", "freeze", "cut"}) {
    EXPECT_EQ(counts.count(std::string(how) + " waiter"), 1u) << how;
  }
}

TEST(Campaign, StepsLeaveRoomForEachOther) {
  const RunSetup setup = Clock();
  auto campaign = MakeCampaign({.repeats = 20}, setup);
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  uint64_t block = 2;
  for (const Step& step : campaign->script) {
    EXPECT_EQ(step.block, block) << step.text;
    EXPECT_LE(step.duration_ns, 2 * setup.timing.slot_ns) << step.text;
    if (step.index) {
      EXPECT_LT(*step.index, setup.timing.flashblocks / 2) << step.text;
    }
    block += kCampaignSpacing;
  }
  EXPECT_EQ(campaign->blocks, block);
}

TEST(Campaign, BriefFreezesEndBeforeTheTakeover) {
  const RunSetup setup = Clock();
  auto campaign = MakeCampaign({.repeats = 50, .only = "freeze waiting"}, setup);
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  ASSERT_EQ(campaign->script.size(), 50u);
  for (const Step& step : campaign->script) {
    EXPECT_GT(step.duration_ns, setup.detect_ns);
    EXPECT_LT(step.duration_ns, setup.detect_ns + setup.takeover_ns);
  }
}

TEST(Campaign, TheSeedDecides) {
  const auto first = MakeCampaign({.seed = 1}, Clock()), again = MakeCampaign({.seed = 1}, Clock()),
             other = MakeCampaign({.seed = 2}, Clock());
  ASSERT_TRUE(first.ok() && again.ok() && other.ok());
  EXPECT_EQ(first->script, again->script);
  EXPECT_NE(first->script, other->script);
}

TEST(Campaign, WithoutNamespacesNothingIsCut) {
  auto campaign = MakeCampaign({.partitions = false}, Clock());
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  for (const Step& step : campaign->script) EXPECT_NE(step.how, How::kCut);
  EXPECT_EQ(campaign->script.size(), 150u);
}

TEST(Campaign, MistakesAreNamed) {
  EXPECT_THAT(MakeCampaign({.only = "boil"}, Clock()).status().message(), HasSubstr("\"boil\""));
  EXPECT_THAT(MakeCampaign({.repeats = 1000}, Clock()).status().message(),
              HasSubstr("more than 10000 steps"));
}

}  // namespace
}  // namespace flblk::harness
