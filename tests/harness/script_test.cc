#include "tests/harness/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flblk::harness {
namespace {

using ::testing::HasSubstr;

Step One(absl::string_view text) {
  auto steps = ParseScript(text, 3);
  EXPECT_TRUE(steps.ok()) << steps.status();
  return steps.ok() && steps->size() == 1 ? steps->front() : Step{};
}

TEST(Script, MidBlockGraceful) {
  Step step = One("3.4 active graceful");
  EXPECT_EQ(step.block, 3u);
  EXPECT_EQ(step.index, 4u);
  EXPECT_EQ(step.offset_ns, 0);
  EXPECT_FALSE(step.builder.has_value());
  EXPECT_EQ(step.how, How::kGraceful);
  EXPECT_FALSE(step.successor.has_value());
}

TEST(Script, NamedSuccessorAndBoundary) {
  Step step = One("12 B graceful C");
  EXPECT_EQ(step.block, 12u);
  EXPECT_FALSE(step.index.has_value());
  EXPECT_EQ(step.builder, 1u);
  EXPECT_EQ(step.successor, 2u);
}

TEST(Script, StopNeedsItsTime) {
  Step step = One("7.5+20ms A stop 800ms");
  EXPECT_EQ(step.offset_ns, 20 * kNsPerMs);
  EXPECT_EQ(step.how, How::kStop);
  EXPECT_EQ(step.duration_ns, 800 * kNsPerMs);
  EXPECT_THAT(ParseScript("7.5 A stop", 3).status().message(), HasSubstr("needs a time"));
}

TEST(Script, RestartHasADefault) {
  EXPECT_EQ(One("2500ms A restart").duration_ns, 1000 * kNsPerMs);
  EXPECT_EQ(One("2500ms A restart 5ms").duration_ns, 5 * kNsPerMs);
  EXPECT_FALSE(One("2500ms A restart").block.has_value());
}

TEST(Script, HeldFaults) {
  EXPECT_TRUE(One("3.4 active held kill").held);
  const Step cut = One("3.4 active held cut 300ms");
  EXPECT_TRUE(cut.held);
  EXPECT_EQ(cut.how, How::kCut);
  EXPECT_EQ(cut.duration_ns, 300 * kNsPerMs);
  EXPECT_FALSE(One("3.4 active cut 300ms").held);
  EXPECT_EQ(One("3 active respawn").how, How::kRespawn);
  const Step waiter = One("3.4 active waiter stop 300ms");
  EXPECT_TRUE(waiter.waiter);
  EXPECT_FALSE(waiter.held);
  EXPECT_EQ(waiter.how, How::kStop);
}

TEST(Script, ManyStepsLinesAndComments) {
  auto steps = ParseScript("# a day\n1.2 A kill; 3 active term\n\n ;;4.1 B graceful # done\n", 2);
  ASSERT_TRUE(steps.ok()) << steps.status();
  ASSERT_EQ(steps->size(), 3u);
  EXPECT_EQ((*steps)[0].how, How::kKill);
  EXPECT_EQ((*steps)[1].how, How::kTerm);
  EXPECT_EQ((*steps)[2].text, "4.1 B graceful");
}

TEST(Script, WrongWordsAreNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"1.2 A", "when who how"},
      {"x A kill", "\"x\" is not a time"},
      {"1. A kill", "\"1.\" is not a time"},
      {"1.2+5 A kill", "is not a time"},
      {"1.2+ A kill", "is not a time"},
      {"-1 A kill", "is not a time"},
      {"9999999999 A kill", "is not a time"},
      {"1.2 D kill", "\"D\" is not a builder"},
      {"1.2 A explode", "\"explode\" is not graceful"},
      {"1.2 A kill 5ms", "\"5ms\" is not expected"},
      {"1.2 A graceful Z", "\"Z\" is not a builder"},
      {"1.2 A stop soon", "\"soon\" is not a time"},
      {"1.2 A restart 5ms now", "\"now\" is not expected"},
      {"1.2 A held restart 5ms now", "when who how"},
      {"1.2 A held stop 5ms", "\"stop\" is not kill, cut or restart"},
      {"1.2 A held graceful", "\"graceful\" is not graceful, kill"},
      {"1.2 A held", "\"held\" is not graceful, kill"},
      {"1.2 A waiter respawn", "\"respawn\" is not kill, stop, cut or restart"},
      {"1.2 A waiter graceful", "\"graceful\" is not graceful, kill"},
      {"1.2 A cut", "needs a time"},
      {"1.2 A respawn 5ms", "\"5ms\" is not expected"},
  };
  for (const auto& [text, message] : cases) {
    auto steps = ParseScript(text, 3);
    ASSERT_FALSE(steps.ok()) << text;
    EXPECT_EQ(steps.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(steps.status().message(), HasSubstr(message)) << text;
  }
}

TEST(Script, StepsAreBounded) {
  std::string text;
  for (size_t i = 0; i <= kMaxScriptSteps; ++i) text += "1.2 A kill;";
  EXPECT_THAT(ParseScript(text, 1).status().message(), HasSubstr("more than 10000 steps"));
}

TEST(Script, FireTimes) {
  const Timing timing{.slot_ns = 1000 * kNsPerMs, .interval_ns = 100 * kNsPerMs, .flashblocks = 10};
  EXPECT_EQ(FireTime(One("3 A kill"), timing), 3000 * kNsPerMs);
  EXPECT_EQ(FireTime(One("3.0 A kill"), timing), 3000 * kNsPerMs);
  EXPECT_EQ(FireTime(One("3.4 A kill"), timing), 3400 * kNsPerMs);
  EXPECT_EQ(FireTime(One("3.4+60ms A kill"), timing), 3460 * kNsPerMs);
  EXPECT_EQ(FireTime(One("77ms A kill"), timing), 77 * kNsPerMs);
  EXPECT_EQ(timing.Due(3, 4), 3450 * kNsPerMs);
}

TEST(Script, BuilderNames) {
  EXPECT_EQ(BuilderName(0), "A");
  EXPECT_EQ(BuilderName(25), "Z");
  EXPECT_EQ(BuilderName(26), "B26");
}

}  // namespace
}  // namespace flblk::harness
