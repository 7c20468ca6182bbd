#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/harness/report_story.h"

namespace flblk::harness {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Story GracefulRun() {
  Story run;
  run.Block(0, kA);
  run.Cleared(0, 1, kA);
  run.Everywhere(0, 0, 4, kA, kAll);
  run.At(
      0, 500,
      StepFired{
          .block = 0, .mid_block = true, .victim = kA, .successor = kB, .text = "0.5 A graceful"});
  run.Yields(0, 501, kA);
  run.Cleared(0, 502, kB);
  run.Everywhere(0, 5, 9, kB, kAll);
  run.Block(1, kB);
  run.Cleared(1, 1, kB);
  run.Everywhere(1, 0, 9, kB, kAll);
  return run;
}

TEST(Report, GracefulHandoffMidBlock) {
  Report report = GracefulRun().Judge();
  EXPECT_THAT(report.violations, IsEmpty());
  ASSERT_EQ(report.blocks.size(), 2u);
  EXPECT_EQ(FormatSequence(report.blocks[0].publishers), "0-4 A, 5-9 B");
  EXPECT_EQ(report.flashblocks, 20u);
  EXPECT_EQ(report.received, 80u);
  EXPECT_EQ(report.two_publishers_ns, 0);
  ASSERT_EQ(report.handoffs.size(), 1u);
  EXPECT_EQ(report.handoffs[0].clearance_ns, 2 * kNsPerMs);
  EXPECT_EQ(report.handoffs[0].gap_ns, 100 * kNsPerMs);
  EXPECT_EQ(report.handoffs[0].resumed_index, 5u);
  EXPECT_EQ(report.latency.count(), 60u);  // not at the publisher itself
  EXPECT_EQ(report.latency.Max(), 2 * kNsPerMs);
}

TEST(Report, ALostDeltaIsNamed) {
  Story run = GracefulRun();
  run.Block(2, kB);
  run.Everywhere(2, 0, 8, kB, kAll);
  run.Everywhere(2, 9, 9, kB, {kA, kB, kR});
  Report report = run.Judge();
  EXPECT_EQ(report.lost, 1u);
  EXPECT_THAT(report.violations, Contains("block 2: index 9 of B lost at S1"));
}

TEST(Report, GapDuplicateAndOrderAtAReceiver) {
  Story run = GracefulRun();
  run.Block(2, kB);
  run.Everywhere(2, 0, 9, kB, {kA, kB, kR});
  for (uint64_t index : {0, 1, 1, 3, 4, 6, 5, 7, 8, 9}) {
    run.At(2, 980, Received{.node = kS, .block = 2, .index = index, .publisher = kB});
  }
  Report report = run.Judge();
  EXPECT_EQ(report.gaps, 1u);
  EXPECT_EQ(report.duplicates, 1u);
  EXPECT_EQ(report.out_of_order, 1u);
  EXPECT_EQ(report.lost, 1u);
  EXPECT_FALSE(report.ok());
}

TEST(Report, OtherContentAndForeignFail) {
  Story run = GracefulRun();
  run.At(1, 990, Foreign{.node = kS, .what = "unknown payload 01"});
  Report foreign = run.Judge();
  EXPECT_THAT(foreign.violations, ElementsAre("foreign: S1: unknown payload 01"));
  run.Block(2, kB);
  run.Everywhere(2, 0, 9, kB, kWithoutA);
  for (uint64_t index = 0; index < kPlanned; ++index) {
    run.At(
        2, 990,
        Received{
            .node = kA, .block = 2, .index = index, .publisher = kB, .same_content = index != 3});
  }
  EXPECT_EQ(run.Judge().different_content, 1u);
}

TEST(Report, AnUndisturbedBlockMustBeComplete) {
  Story run = GracefulRun();
  run.Block(2, kB);
  run.Everywhere(2, 0, 7, kB, kAll);
  EXPECT_THAT(run.Judge().violations, ElementsAre("block 2: incomplete: 0-7 B of 10"));
}

TEST(Report, AnUnansweredPublishFails) {
  Story run = GracefulRun();
  run.Block(2, kB);
  run.Everywhere(2, 0, 9, kB, kAll);
  run.At(2, 995, Published{.builder = kB, .block = 2, .index = 10});
  EXPECT_THAT(run.Judge().violations,
              ElementsAre("block 2: publish of index 10 by B was never answered"));
}

// A is killed after index 3; index 4 was acknowledged and reached nobody.
Story KillRun(int64_t takeover_ms, uint64_t resumed_in) {
  Story run(takeover_ms);
  run.Block(0, kA);
  run.Cleared(0, 1, kA);
  run.Everywhere(0, 0, 3, kA, kAll);
  run.Publish(0, 4, kA);
  run.Receive(0, 4, kA, kA);
  run.At(0, 455, NodeLife{.node = kA, .life = Life::kKilled});
  run.At(0, 455,
         StepFired{.how = How::kKill,
                   .block = 0,
                   .mid_block = true,
                   .victim = kA,
                   .successor = kB,
                   .text = "k"});
  if (resumed_in == 0) {
    run.Cleared(0, 480, kB);
    run.Everywhere(0, 4, 9, kB, kWithoutA, 40);
  }
  for (uint64_t block = 1; block < 4; ++block) {
    run.Block(block, kB);
    if (resumed_in > block) continue;
    run.Cleared(block, 1, kB);
    run.Everywhere(block, 0, 9, kB, kWithoutA);
  }
  return run;
}

TEST(Report, KillWithoutTakeoverResumesAtTheNextBlock) {
  Report report = KillRun(0, 1).Judge();
  EXPECT_THAT(report.violations, IsEmpty());
  EXPECT_TRUE(report.blocks[0].disturbed);
  EXPECT_EQ(FormatSequence(report.blocks[0].publishers), "0-3 A");
  EXPECT_EQ(report.excused, 1u);
  EXPECT_EQ(report.handoffs[0].resumed_block, 1u);
  EXPECT_EQ(report.handoffs[0].resumed_index, 0u);
}

TEST(Report, KillWithTakeoverResumesInTheSameBlock) {
  Report report = KillRun(150, 0).Judge();
  EXPECT_THAT(report.violations, IsEmpty());
  EXPECT_EQ(FormatSequence(report.blocks[0].publishers), "0-3 A, 4-9 B");
  EXPECT_EQ(report.handoffs[0].resumed_index, 4u);
}

TEST(Report, LateSuccessorsFail) {
  EXPECT_THAT(KillRun(150, 1).Judge().violations,
              Contains("step \"k\": B did not continue block 0"));
  EXPECT_THAT(KillRun(0, 2).Judge().violations,
              Contains("step \"k\": B published only from block 2"));
  EXPECT_THAT(KillRun(0, 9).Judge().violations, Contains("step \"k\": B never published"));
}

TEST(Report, WhatAFallenBuilderGotOutMustArriveEverywhere) {
  Story run = KillRun(0, 1);
  run.Receive(0, 4, kA, kR);
  Report report = run.Judge();
  EXPECT_EQ(report.excused, 0u);
  EXPECT_EQ(report.lost, 2u);
  EXPECT_THAT(report.violations, Contains("block 0: index 4 of A lost at S1"));
}

TEST(Report, ARestartedNodeMustReceiveAgain) {
  Story run = KillRun(0, 1);
  run.At(1, 500, NodeLife{.node = kA, .life = Life::kUp});
  EXPECT_THAT(run.Judge().violations, IsEmpty());  // too short to tell
  run.At(20, 0, CheckFailed{.what = "end"});
  EXPECT_THAT(run.Judge().violations, Contains(HasSubstr("A received nothing in the 18500 ms")));
}

TEST(Report, ARestartedNodeIsAskedAgainFromItsNextBlock) {
  Story run = KillRun(0, 1);
  run.At(1, 500, NodeLife{.node = kA, .life = Life::kUp});
  run.Receive(1, 9, kB, kA);
  EXPECT_THAT(run.Judge().violations, Contains("block 2: index 0 of B lost at A"));
}

TEST(Report, LatencyToAFrozenNodeIsNotCounted) {
  Story run = GracefulRun();
  const size_t before = run.Judge().latency.count();
  run.At(1, 990, NodeLife{.node = kA, .life = Life::kFrozen});
  EXPECT_EQ(run.Judge().latency.count(), before - 10);  // a whole block at A
}

TEST(Report, TheRecordedBlockIsConfirmedByTheEdge) {
  Story run;
  run.At(0, 0, BlockStarted{.block = 0, .planned = 1, .recorded = true});
  run.At(0, 0, BuilderAuthorized{.block = 0, .builder = kA});
  run.Everywhere(0, 0, 0, kA, kAll);
  run.At(0, 900,
         PendingChecked{
             .node = kR, .block = 0, .flashblocks = 1, .transactions = 6, .block_hash = "0xc4"});
  EXPECT_THAT(run.Judge().violations,
              ElementsAre("the recorded block was confirmed by 1 of 2 nodes"));
  run.At(0, 900,
         PendingChecked{
             .node = kS, .block = 0, .flashblocks = 1, .transactions = 6, .block_hash = "0xc4"});
  EXPECT_THAT(run.Judge().violations, IsEmpty());
  EXPECT_THAT(FormatTable(run.Judge(), run.setup()),
              HasSubstr("recorded block at S1: hash 0xc4, 6 transactions"));
}

TEST(Report, TwoPublishersAreTimedWithoutFrozenOnes) {
  Story run = GracefulRun();
  run.Cleared(1, 400, kA);
  run.Yields(1, 700, kA);
  EXPECT_EQ(run.Judge().two_publishers_ns, 300 * kNsPerMs);
  EXPECT_THAT(run.Judge().violations, ElementsAre("two builders held a clearance for 300 ms"));
  run.At(1, 450, NodeLife{.node = kA, .life = Life::kFrozen});
  run.At(1, 650, NodeLife{.node = kA, .life = Life::kThawed});
  EXPECT_EQ(run.Judge().two_publishers_ns, 100 * kNsPerMs);
}

TEST(Report, RefusalsAreCountedByCode) {
  Story run = GracefulRun();
  run.At(0, 503, Published{.builder = kA, .block = 0, .index = 5});
  run.At(0, 504, Answered{.builder = kA, .block = 0, .index = 5, .code = 9, .message = "yielded"});
  Report report = run.Judge();
  EXPECT_THAT(report.violations, IsEmpty());
  EXPECT_EQ(report.refused.at(9), 1u);
  EXPECT_THAT(FormatTable(report, run.setup()), HasSubstr("refused with FAILED_PRECONDITION: 1"));
}

TEST(Report, OtherRefusalsFail) {
  Story run = GracefulRun();
  run.At(1, 960, Published{.builder = kB, .block = 1, .index = 9});
  run.At(1, 961, Answered{.builder = kB, .block = 1, .index = 9, .code = 11});
  Report report = run.Judge();
  EXPECT_THAT(report.violations, ElementsAre("publish refused with OUT_OF_RANGE: 1"));
  EXPECT_EQ(report.flashblocks, 20u);  // the first answer counts
}

// Its last flashblock came behind its StopPublish: the successor is refused once, then goes on.
TEST(Report, AnIndexThatThePredecessorTookIsRefusedOnce) {
  Story run = GracefulRun();
  run.At(1, 960, Published{.builder = kB, .block = 1, .index = 12});
  run.At(1, 961, Answered{.builder = kB, .block = 1, .index = 12, .code = 0});
  run.At(1, 962, Published{.builder = kA, .block = 1, .index = 12});
  run.At(1, 963, Answered{.builder = kA, .block = 1, .index = 12, .code = 11});
  EXPECT_THAT(run.Judge().violations, Not(Contains(HasSubstr("OUT_OF_RANGE"))));
  run.At(1, 964, Answered{.builder = kA, .block = 1, .index = 12, .code = 11});  // and again
  EXPECT_THAT(run.Judge().violations, Contains("publish refused with OUT_OF_RANGE: 2"));
}

TEST(Report, NothingReceivedFails) {
  Story run;
  EXPECT_THAT(run.Judge().violations, ElementsAre("no subscriber received anything"));
}

TEST(Report, TableAndJson) {
  Story run = GracefulRun();
  Report report = run.Judge();
  const std::string table = FormatTable(report, run.setup());
  EXPECT_THAT(table, HasSubstr("0-4 A, 5-9 B"));
  EXPECT_THAT(table, HasSubstr("PASSED"));
  const std::string line = FormatJson(report, run.setup());
  EXPECT_EQ(line.find('\n'), std::string::npos);
  nlohmann::json json = nlohmann::json::parse(line);
  EXPECT_EQ(json["ok"], true);
  EXPECT_EQ(json["blocks"][0]["sequence"], "0-4 A, 5-9 B");
  EXPECT_EQ(json["handoffs"][0]["clearance_ms"], 2.0);
  EXPECT_EQ(json["latency_ms"]["count"], 60);
}

}  // namespace
}  // namespace flblk::harness
