#include "tests/harness/live.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flblk::harness {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Shape kShape{.builders = 2, .relays = 0, .subscribers = 1};

TEST(Live, BlocksAndStepsAreNews) {
  LiveView live(kShape);
  live.Apply({0, BlockStarted{.block = 0, .number = 50, .planned = 2}});
  live.Apply({10 * kNsPerMs, Published{.builder = 0, .block = 0, .index = 0}});
  live.Apply({12 * kNsPerMs, Received{.node = 2, .block = 0, .index = 0, .publisher = 0}});
  EXPECT_THAT(live.TakeNews(), IsEmpty());
  live.Apply({100 * kNsPerMs, StepFired{.how = How::kKill, .victim = 0, .successor = 1}});
  live.Apply({100 * kNsPerMs, NodeLife{.node = 0, .life = Life::kKilled}});
  live.Apply({200 * kNsPerMs, BlockStarted{.block = 1, .number = 51, .planned = 2}});
  EXPECT_THAT(live.TakeNews(), ElementsAre("   0.1s  A: kill, B follows", "   0.1s  A is killed",
                                           "   0.2s  block 50: 0 A, p50 2.00 ms, max 2.00 ms"));
  EXPECT_THAT(live.TakeNews(), IsEmpty());
  live.Finish();
  EXPECT_THAT(live.TakeNews(), ElementsAre("   0.2s  block 51: nothing, p50 0.00 ms, max 0.00 ms"));
}

TEST(Live, TheTableHasARowPerNode) {
  LiveView live(kShape);
  live.Apply({0, BlockStarted{.block = 0, .number = 50, .planned = 2}});
  live.Apply({0, StateChanged{
                     .builder = 0, .publishing = true, .state = "publishing", .cause = "started"}});
  live.Apply({10 * kNsPerMs, Published{.builder = 0, .block = 0, .index = 0}});
  live.Apply({13 * kNsPerMs, Received{.node = 2, .block = 0, .index = 0, .publisher = 0}});
  const std::string table = live.Table(500 * kNsPerMs);
  EXPECT_THAT(table, HasSubstr("   0.5s  block 50  0 A\n"));
  EXPECT_THAT(table, HasSubstr("A     up       publishing"));
  EXPECT_THAT(table, HasSubstr("3.00"));
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 5);
}

TEST(Live, FailuresAreNews) {
  LiveView live(kShape);
  live.Apply({0, CheckFailed{.what = "pending block differs"}});
  EXPECT_THAT(live.TakeNews(), ElementsAre("FAILED  pending block differs"));
}

}  // namespace
}  // namespace flblk::harness
