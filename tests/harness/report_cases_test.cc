#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/report_story.h"

namespace flblk::harness {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

StepFired Fired(How how, const char* label, int successor = kB) {
  StepFired step;
  step.how = how;
  step.mid_block = true;
  step.victim = kA;
  step.successor = successor;
  step.text = label;
  step.label = label;
  return step;
}

// A publishes 0-4; after the step B goes on, `late_ms` behind the time.
Story HandOff(How how, const char* label, int64_t late_ms) {
  Story run(150);
  run.setup().crash_limit_ns = 400 * kNsPerMs;
  run.Block(0, kA);
  run.Cleared(0, 1, kA);
  run.Everywhere(0, 0, 4, kA, kAll);
  run.At(0, 500, Fired(how, label));
  if (how == How::kGraceful) run.Yields(0, 501, kA);
  if (how == How::kStop) run.At(0, 500, NodeLife{.node = kA, .life = Life::kFrozen});
  if (how == How::kCut) run.At(0, 500, NodeLife{.node = kA, .life = Life::kCutOff});
  run.Cleared(0, 502, kB);
  run.Everywhere(0, 5, 9, kB, how == How::kGraceful ? kAll : kWithoutA, late_ms);
  return run;
}

TEST(ReportCases, AGracefulHandOffMayAddOneIntervalAndOneRoundTrip) {
  const Report good = HandOff(How::kGraceful, "graceful mid", 100).Judge();
  EXPECT_THAT(good.violations, IsEmpty());
  ASSERT_EQ(good.cases.size(), 1u);
  EXPECT_EQ(good.cases[0].label, "graceful mid");
  EXPECT_EQ(good.cases[0].count, 1u);
  EXPECT_EQ(good.cases[0].same_block, 1u);
  EXPECT_EQ(good.cases[0].gap.Max(), 200 * kNsPerMs);
  EXPECT_THAT(HandOff(How::kGraceful, "graceful mid", 105).Judge().violations,
              ElementsAre("step \"graceful mid\": a silence of 205 ms, the limit is 204 ms"));
}

TEST(ReportCases, ACrashHasItsLimit) {
  EXPECT_THAT(HandOff(How::kStop, "freeze mid", 340).Judge().violations, IsEmpty());
  EXPECT_THAT(HandOff(How::kStop, "freeze mid", 360).Judge().violations,
              Contains("step \"freeze mid\": published again after 412 ms, the limit is 400 ms"));
}

TEST(ReportCases, TheNextBlockMustBeginAtItsBeginning) {
  Story run(0);
  run.Block(0, kA);
  run.Everywhere(0, 0, 4, kA, kAll);
  run.At(0, 500, Fired(How::kKill, "kill mid"));
  run.At(0, 500, NodeLife{.node = kA, .life = Life::kKilled});
  run.Block(1, kB);
  run.Everywhere(1, 2, 9, kB, kWithoutA);
  EXPECT_THAT(run.Judge().violations,
              Contains("step \"kill mid\": the next block began at index 2"));
}

TEST(ReportCases, TwoPublishersAreTheCasesOfTheirTime) {
  Story run = HandOff(How::kGraceful, "graceful mid", 0);
  run.Cleared(0, 600, kA);
  run.Yields(0, 650, kA);
  Report report = run.Judge();
  EXPECT_EQ(report.cases.at(0).two_publishers_ns, 50 * kNsPerMs);
  EXPECT_THAT(report.violations, IsEmpty());
  run.Cleared(0, 700, kA);
  run.Yields(0, 850, kA);
  EXPECT_THAT(run.Judge().violations,
              ElementsAre("step \"graceful mid\": two builders held a clearance for 150 ms"));
}

TEST(ReportCases, WhatABuilderSaysToNobodyIsUnsent) {
  Story run = HandOff(How::kCut, "cut mid", 0);
  for (uint64_t index = 5; index < 8; ++index) {
    run.Publish(0, index, kA);
    run.Receive(0, index, kA, kA);
  }
  run.At(0, 790, NodeLife{.node = kA, .life = Life::kJoined});
  run.Publish(0, 8, kA);  // joined, but not yet heard
  run.Yields(0, 855, kA);
  const Report report = run.Judge();
  EXPECT_THAT(report.violations, IsEmpty());
  EXPECT_EQ(report.cases.at(0).unsent, 4u);
}

TEST(ReportCases, ABuilderThatSucceedsItself) {
  Story run(0);
  run.Block(0, kA);
  run.Everywhere(0, 0, 4, kA, kAll);
  run.At(0, 500, Fired(How::kRespawn, "respawn mid", kA));
  run.At(0, 500, NodeLife{.node = kA, .life = Life::kKilled});
  run.Receive(0, 4, kA, kS, 60);  // still on its way: an earlier delta
  run.At(0, 700, NodeLife{.node = kA, .life = Life::kUp});
  run.Everywhere(0, 5, 9, kA, kWithoutA, 200);
  const Report report = run.Judge();
  ASSERT_EQ(report.handoffs.size(), 1u);
  EXPECT_EQ(report.handoffs[0].first_ns, 252 * kNsPerMs);
  EXPECT_EQ(report.handoffs[0].resumed_index, 5u);
}

TEST(ReportCases, AThawedBuilderMustBeSilent) {
  Story run = HandOff(How::kStop, "freeze mid", 0);
  run.At(0, 640, NodeLife{.node = kA, .life = Life::kThawed});
  run.Yields(0, 641, kA);
  EXPECT_THAT(run.Judge().violations, IsEmpty());
  Story late = run;  // acknowledged late, but out before it froze
  late.At(0, 641, Answered{.builder = kA, .block = 0, .index = 4});
  EXPECT_THAT(late.Judge().violations, IsEmpty());
  run.At(0, 642, Published{.builder = kA, .block = 0, .index = 5});
  run.At(0, 643, Answered{.builder = kA, .block = 0, .index = 5});
  EXPECT_THAT(run.Judge().violations,
              Contains("A thawed and published index 5 of block 0, handed in 142.0 ms after the "
                       "freeze, answered 3.0 ms after the thaw"));
}

TEST(ReportCases, WhatWasHalfwayOutAtTheFreezeIsCounted) {
  const auto handed_in = [](int64_t ms) {
    Story run = HandOff(How::kStop, "freeze mid", 0);
    run.At(0, ms, Published{.builder = kA, .block = 0, .index = 5});
    run.At(0, 640, NodeLife{.node = kA, .life = Life::kThawed});
    run.At(0, 641, Answered{.builder = kA, .block = 0, .index = 5});
    return run.Judge();
  };
  const Report halfway = handed_in(499);
  EXPECT_THAT(halfway.violations, Not(Contains(HasSubstr("thawed"))));
  EXPECT_EQ(halfway.frozen_halfway, 1u);
  const Report waiting = handed_in(490);  // time enough to be out before the freeze
  EXPECT_THAT(waiting.violations, Contains(HasSubstr("thawed")));
  EXPECT_EQ(waiting.frozen_halfway, 0u);
}

TEST(ReportCases, AThawedBuilderThatNobodySucceededGoesOn) {
  Story run(150);
  run.Block(0, kA);
  run.Cleared(0, 1, kA);
  run.Everywhere(0, 0, 4, kA, kAll);
  run.At(0, 500, NodeLife{.node = kA, .life = Life::kFrozen});
  run.At(0, 520, NodeLife{.node = kA, .life = Life::kThawed});
  run.Everywhere(0, 5, 9, kA, kAll);
  EXPECT_THAT(run.Judge().violations, IsEmpty());
}

// B was frozen while it waited, and is the first of two that wait; unless the other one publishes.
TEST(ReportCases, AThawedBuilderThatWaitedGoesOnWhereTheOtherOneWaits) {
  for (const bool publishes : {false, true}) {
    Story run(150);
    run.Block(0, kA);
    run.Cleared(0, 1, kA);
    run.Everywhere(0, 0, 2, kA, kAll);
    run.At(0, 300, NodeLife{.node = kB, .life = Life::kFrozen});
    run.Yields(0, 310, kA);
    run.At(0, 320,
           StateChanged{.builder = kA,
                        .publishing = publishes,
                        .slot = 7000,
                        .next_index = 3,
                        .state = "waiting"});
    run.At(0, 640, NodeLife{.node = kB, .life = Life::kThawed});
    run.Publish(0, 3, kB, 400);
    const auto told = Contains(HasSubstr("B thawed and published index 3"));
    if (publishes) {
      EXPECT_THAT(run.Judge().violations, told);
    } else {
      EXPECT_THAT(run.Judge().violations, Not(told));
    }
  }
}

TEST(ReportCases, OtherFlashblocksForAKnownIndexFail) {
  Story run = HandOff(How::kGraceful, "graceful mid", 0);
  run.At(0, 980, Replaced{.node = kS, .block = 0, .index = 3});
  EXPECT_THAT(run.Judge().violations,
              ElementsAre("other flashblocks for indices a receiver had: 1"));
}

TEST(ReportCases, Table) {
  const Story run = HandOff(How::kGraceful, "graceful mid", 0);
  const std::string table = FormatCases(run.Judge(), run.setup());
  EXPECT_THAT(table, HasSubstr("graceful mid"));
  EXPECT_THAT(table, HasSubstr("100/100/100"));
  EXPECT_THAT(table, HasSubstr("PASSED"));
}

}  // namespace
}  // namespace flblk::harness
