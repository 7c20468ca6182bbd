// I7: where a network with the reference's builder breaks an invariant, it is the reference that
// breaks it, and this is how. Each story ends with what ours does about it.
#include <gtest/gtest.h>

#include "p2p/core/testing/handoff_bench.h"
#include "tests/sim/reference_machine.h"

namespace flblk::sim {
namespace {

using core::PublishState;
using core::handoff::testing::Bench;
using RS = ReferenceMachine::State;

constexpr Key kTheirs = 1, kOurs = 0, kThird = 2;
constexpr uint8_t kAbove = 6, kBelow = 4;  // the reference's key as ours (5) sees it

uint64_t Time(Slot slot) { return 10 + 2 * slot; }

ReferenceMachine PublishingReference(Slot slot) {
  ReferenceMachine m(kTheirs);
  m.OnAuthorized(slot);
  EXPECT_EQ(m.state(), RS::kPublishing);
  return m;
}

// I3. It notes flashblocks of others while it publishes, and does not yield to them: frozen and
// thawed, it goes on in a slot that is over.
TEST(Reference, GoesOnNextToFlashblocksOfANewerSlot) {
  ReferenceMachine theirs = PublishingReference(1);
  theirs.OnFlashblock(kOurs, 2);
  theirs.OnFlashblock(kOurs, 3);
  EXPECT_EQ(theirs.state(), RS::kPublishing);
  Bench ours;
  ours.Fcu(Time(3));
  EXPECT_EQ(ours.Flashblock(kAbove, Time(1)), "");  // what it says is old: we go on
  EXPECT_EQ(ours.state(), PublishState::kPublishing);
}

// I3. It has no rule for two that publish in one slot.
TEST(Reference, HasNoTieBreak) {
  ReferenceMachine theirs = PublishingReference(1);
  for (int i = 0; i < 100; ++i) theirs.OnFlashblock(kOurs, 1);
  EXPECT_EQ(theirs.state(), RS::kPublishing);
  Bench ours;
  ours.Fcu(Time(1));
  ours.Wait(std::chrono::seconds(1));
  EXPECT_EQ(ours.Flashblock(kBelow, Time(1)),
            "stop(12) publishing->yielded:tie break[4]");  // so we give way, or
  ours = Bench();
  ours.Fcu(Time(1));
  ours.Wait(std::chrono::seconds(1));
  EXPECT_EQ(ours.Flashblock(kAbove, Time(1)), "start(12)");  // make it give way:
  EXPECT_EQ(theirs.OnStart(kOurs, 1).size(), 1u);
  EXPECT_EQ(theirs.state(), RS::kNotPublishing);
}

// I1. Out of waiting at a new slot it publishes without a word.
TEST(Reference, TakesOverInSilence) {
  ReferenceMachine theirs(kTheirs);
  theirs.OnStart(kOurs, 1);
  EXPECT_EQ(theirs.OnAuthorized(1).size(), 1u);
  EXPECT_EQ(theirs.state(), RS::kWaiting);
  EXPECT_TRUE(theirs.OnAuthorized(2).empty());
  EXPECT_EQ(theirs.state(), RS::kPublishing);
  Bench ours;
  ours.Fcu(Time(1));
  EXPECT_EQ(ours.Flashblock(kAbove, Time(2)),
            "stop(12) publishing->yielded:yielded to rival[6]");  // its first flashblock says it
}

// I6. A StartPublish once more stops it once more.
TEST(Reference, YieldsToAReplayedStart) {
  ReferenceMachine theirs(kTheirs);
  theirs.OnStart(kThird, 2);
  theirs.OnStop(kThird, 2);
  theirs.OnAuthorized(2);
  ASSERT_EQ(theirs.state(), RS::kPublishing);
  EXPECT_EQ(theirs.OnStart(kThird, 2).size(), 1u);  // the same bytes
  EXPECT_EQ(theirs.state(), RS::kNotPublishing);
  Bench ours;
  ours.Start(7, Time(2));
  ours.Stop(7, Time(2));
  ours.Fcu(Time(2));
  EXPECT_EQ(ours.Start(7, Time(2)), "");
  EXPECT_EQ(ours.state(), PublishState::kPublishing);
}

// I6. A StopPublish once more clears it while the other publishes.
TEST(Reference, StartsAtAReplayedStop) {
  ReferenceMachine theirs(kTheirs);
  theirs.OnStart(kThird, 2);
  theirs.OnStop(kThird, 2);
  theirs.OnStart(kThird, 2);  // it resumed
  theirs.OnFlashblock(kThird, 2);
  theirs.OnAuthorized(2);
  ASSERT_EQ(theirs.state(), RS::kWaiting);
  theirs.OnStop(kThird, 2);  // the same bytes
  EXPECT_EQ(theirs.state(), RS::kPublishing);
  Bench ours;
  ours.Flashblock(7, Time(2));
  ours.Stop(7, Time(2));
  ours.Wait(std::chrono::seconds(1));
  ours.Flashblock(7, Time(2));
  ours.Fcu(Time(2));
  EXPECT_EQ(ours.Stop(7, Time(2)), "");
  EXPECT_EQ(ours.state(), PublishState::kWaiting);
}

// I4. It yields to every StartPublish, also to one that crossed its own, and does not resume: ours
// of the lower key goes on, ours of the higher key resumes behind four intervals.
TEST(Reference, YieldsAtACrossingAndDoesNotResume) {
  ReferenceMachine theirs = PublishingReference(1);
  EXPECT_EQ(theirs.OnStart(kOurs, 1).size(), 1u);
  theirs.OnStop(kOurs, 1);
  EXPECT_EQ(theirs.state(), RS::kNotPublishing);
  Bench ours;
  ours.Fcu(Time(1));
  EXPECT_EQ(ours.Start(kAbove, Time(1)), "");
  ours.Stop(kAbove, Time(1));
  EXPECT_EQ(ours.state(), PublishState::kPublishing);
  ours = Bench();
  ours.Fcu(Time(1));
  EXPECT_EQ(ours.Start(kBelow, Time(1)), "stop(12) publishing->yielded:yielded to rival[4]");
  ours.Stop(kBelow, Time(1));
  EXPECT_EQ(ours.Wait(std::chrono::milliseconds(800)),
            "start(12) yielded->publishing:tie break[4]");
}

// I4. It has no way to say that its authorization ended: it publishes on, and whoever is authorized
// next announces itself.
TEST(Reference, DoesNotStopOfItself) {
  ReferenceMachine theirs = PublishingReference(1);
  EXPECT_TRUE(theirs.OnStop(kOurs, 1).empty());
  EXPECT_EQ(theirs.state(), RS::kPublishing);
  Bench ours;
  ours.Flashblock(kAbove, Time(1));
  EXPECT_EQ(ours.Fcu(Time(1)), "start(12) idle->waiting:waiting for rival[6]");
  ASSERT_EQ(theirs.OnStart(kOurs, 1).size(), 1u);
  EXPECT_EQ(ours.Stop(kAbove, Time(1)), "waiting->publishing:rival stopped[6]");
}

}  // namespace
}  // namespace flblk::sim
