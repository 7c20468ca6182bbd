// The cells of the hand-off table that have a time limit in them, and short stories of two
// machines.
#include <gtest/gtest.h>

#include "p2p/core/testing/handoff_bench.h"

namespace flblk::core::handoff {
namespace {

using namespace testing;  // NOLINT: the bench
using S = PublishState;
using std::chrono::milliseconds;

const Config kTakeover{.takeover_after = milliseconds(300)};

// ---- Yielded, and the rival gave up

TEST(HandoffSilence, HigherKeyResumesAfterFourIntervals) {
  Bench b = Yielded(10, 4);
  EXPECT_EQ(b.Stop(4, 10), "");
  EXPECT_EQ(b.Wait(milliseconds(799)), "");
  EXPECT_EQ(b.Wait(milliseconds(1)), "start(10) yielded->publishing:tie break[4]");
}
TEST(HandoffSilence, AFlashblockEndsIt) {
  Bench b = Yielded(10, 4);
  b.Stop(4, 10);
  b.Wait(milliseconds(300));  // past what may be in flight
  b.Flashblock(4, 10);
  EXPECT_EQ(b.Wait(milliseconds(2000)), "");
  EXPECT_EQ(b.state(), S::kYielded);
}
TEST(HandoffSilence, AFlashblockInFlightDoesNot) {
  Bench b = Yielded(10, 4);
  b.Stop(4, 10);
  b.Wait(milliseconds(100));
  b.Flashblock(4, 10);
  EXPECT_EQ(b.Wait(milliseconds(700)), "start(10) yielded->publishing:tie break[4]");
}
TEST(HandoffSilence, TheResumedLowerKeyEndsIt) {
  Bench b = Yielded(10, 4);
  b.Stop(4, 10);
  EXPECT_EQ(b.Start(4, 10), "");  // the same bytes once more
  EXPECT_EQ(b.Wait(milliseconds(2000)), "");
  EXPECT_EQ(b.state(), S::kYielded);
}
// Found by search, three builders: the lower key may resume while we still count another as live.
TEST(HandoffSilence, TheResumedLowerKeyIsLiveAgain) {
  Bench b = Yielded(10, 4);
  b.Start(7, 10);
  b.Stop(4, 10);
  b.Start(4, 10);
  EXPECT_EQ(b.Stop(7, 10), "");
  EXPECT_EQ(b.Wait(milliseconds(2000)), "");
}
TEST(HandoffSilence, AReplayOfAHigherKeyDoesNot) {
  Bench b = Yielded(10, 4);
  b.Start(7, 10);
  b.Stop(7, 10);
  b.Stop(4, 10);
  b.Start(7, 10);
  EXPECT_EQ(b.Wait(milliseconds(800)), "start(10) yielded->publishing:tie break[4]");
}
TEST(HandoffSilence, ANewRivalEndsIt) {
  Bench b = Yielded(10, 4);
  b.Stop(4, 10);
  b.Start(7, 10);
  EXPECT_EQ(b.Wait(milliseconds(2000)), "");
}
TEST(HandoffSilence, ANewAuthorizationEndsIt) {
  Bench b = Yielded(10, 4);
  b.Stop(4, 10);
  EXPECT_EQ(b.Fcu(10), "start(10) yielded->publishing:started");
  EXPECT_EQ(b.Wait(milliseconds(2000)), "");
}

// ---- two publishers in one slot

TEST(HandoffConflict, FlashblockOneIntervalAfterItsStopIsFine) {
  Bench b = Waiting(10, 4);
  b.Stop(4, 10);
  b.Wait(milliseconds(200));
  EXPECT_EQ(b.Flashblock(4, 10), "");
  EXPECT_EQ(b.state(), S::kPublishing);
}
TEST(HandoffConflict, FlashblockBeforeOurStartCouldBeHeardIsFine) {
  Bench b;
  b.Fcu(10);
  b.Wait(milliseconds(200));
  EXPECT_EQ(b.Flashblock(4, 10), "");
  EXPECT_EQ(b.state(), S::kPublishing);
}
TEST(HandoffConflict, PastThatTheHigherKeyYields) {
  Bench b = Publishing(10);
  EXPECT_EQ(b.Flashblock(4, 10), "stop(10) publishing->yielded:tie break[4]");
  b = Waiting(10, 4);
  b.Stop(4, 10);
  b.Wait(milliseconds(201));
  EXPECT_EQ(b.Flashblock(4, 10), "stop(10) publishing->yielded:tie break[4]");
}
TEST(HandoffConflict, PastThatTheLowerKeyStartsOnceMore) {
  Bench b = Publishing(10);
  EXPECT_EQ(b.Flashblock(7, 10), "start(10)");
  b.Wait(milliseconds(600));
  EXPECT_EQ(b.Flashblock(7, 10), "");  // once
  EXPECT_EQ(b.state(), S::kPublishing);
  b.Fcu(12);
  b.Wait(milliseconds(600));
  EXPECT_EQ(b.Flashblock(7, 12), "start(12)");  // once per Authorization
}

// ---- Starts that cross

// Found by simulation: where both yielded, the resumed one had only a Stop left that the other had
// heard before, and a graceful hand-off at the next slot cost the whole block.
TEST(HandoffCrossing, LowerKeyThatHasJustStartedAwaitsTheStop) {
  Bench b;
  b.Fcu(10);
  b.Wait(kInterval);
  EXPECT_EQ(b.Start(7, 10), "");
  EXPECT_EQ(b.state(), S::kPublishing);
  EXPECT_EQ(b.Stop(7, 10), "");
  EXPECT_EQ(b.machine().NextDeadline(), std::nullopt);
}
TEST(HandoffCrossing, WithoutTheStopItWasNoCrossing) {
  Bench b;
  b.Fcu(10);
  b.Start(7, 10);
  EXPECT_EQ(b.Wait(2 * kInterval - milliseconds(1)), "");
  EXPECT_EQ(b.Wait(milliseconds(1)), "stop(10) publishing->yielded:yielded to rival[7]");
}
TEST(HandoffCrossing, AFlashblockThatCrossedToo) {
  Bench b;
  b.Fcu(10);
  b.Start(7, 10);
  b.Flashblock(7, 10);
  EXPECT_EQ(b.state(), S::kPublishing);
  EXPECT_EQ(b.Wait(2 * kInterval), "stop(10) publishing->yielded:yielded to rival[7]");
}
TEST(HandoffCrossing, HigherKeyYieldsAtOnce) {
  Bench b;
  b.Fcu(10);
  EXPECT_EQ(b.Start(4, 10), "stop(10) publishing->yielded:yielded to rival[4]");
}
TEST(HandoffCrossing, NewerSlotIsYieldedToAtOnce) {
  Bench b;
  b.Fcu(10);
  EXPECT_EQ(b.Start(7, 12), "stop(10) publishing->yielded:yielded to rival[7]");
}
TEST(HandoffCrossing, LaterThanAnIntervalIsNoCrossing) {
  Bench b;
  b.Fcu(10);
  b.Wait(kInterval + milliseconds(1));
  EXPECT_EQ(b.Start(7, 10), "stop(10) publishing->yielded:yielded to rival[7]");
}
TEST(HandoffCrossing, ANewerSlotOfOursEndsIt) {
  Bench b;
  b.Fcu(10);
  b.Start(7, 10);
  b.Fcu(12);
  EXPECT_EQ(b.Wait(2 * kInterval), "");
  EXPECT_EQ(b.state(), S::kPublishing);
}

// ---- takeover timer

TEST(HandoffTakeover, IsOffByDefault) {
  Bench b = Waiting(10, 7);
  EXPECT_EQ(b.machine().NextDeadline(), std::nullopt);
  EXPECT_EQ(b.Wait(std::chrono::hours(1)), "");
}
TEST(HandoffTakeover, OnlyAWaitingBuilderTakesOver) {
  for (Bench b : {Bench(kTakeover), Publishing(10, kTakeover), Yielded(10, 7, kTakeover)}) {
    const S before = b.state();
    EXPECT_EQ(b.Wait(std::chrono::hours(1)), "");
    EXPECT_EQ(b.state(), before);
  }
}
TEST(HandoffTakeover, SilenceAfterOurStartClears) {
  Bench b = Waiting(10, 7, kTakeover);
  EXPECT_EQ(b.Wait(milliseconds(299)), "");
  EXPECT_EQ(b.Wait(milliseconds(1)), "start(10) waiting->publishing:takeover timeout[7]");
}
// Found by simulation: who was taken over from and lived (its block was complete) took the repeated
// StartPublish for a replay, and in the next slot both published.
TEST(HandoffTakeover, IsAnnouncedOnceMoreWithTheNextSlot) {
  Bench b = Waiting(10, 7, kTakeover);
  b.Wait(milliseconds(300));
  EXPECT_EQ(b.state(), S::kPublishing);
  EXPECT_EQ(b.Fcu(12), "start(12) publishing->publishing:authorization renewed");
  EXPECT_EQ(b.Fcu(14), "publishing->publishing:authorization renewed");
}
// Whoever was given up and starts within the slot is alive: both would publish, or it would wait
// the slot out.
TEST(HandoffTakeover, ARivalThatStartsAfterwardsIsLive) {
  Bench b = Waiting(10, 7, kTakeover);
  b.Wait(milliseconds(300));
  b.Wait(milliseconds(201));
  EXPECT_EQ(b.Start(7, 10), "stop(10) publishing->yielded:yielded to rival[7]");
  EXPECT_EQ(b.Fcu(10), "start(10) yielded->waiting:waiting for rival[7]");
}
// Found by flblk_sim --replay 203260432079: the rival had been silent because its block was full.
TEST(HandoffTakeover, WhoeverWasGivenUpMayBuildTheNextBlock) {
  Bench b = Waiting(10, 7, kTakeover);
  b.Wait(milliseconds(300));
  EXPECT_EQ(b.NoAuth(), "stop(10) publishing->idle:not authorized");
  EXPECT_EQ(b.Fcu(12), "start(12) idle->waiting:waiting for rival[7]");
  EXPECT_EQ(b.Stop(7, 12), "waiting->publishing:rival stopped[7]");
  Bench stopped = Waiting(10, 7, kTakeover);
  stopped.Wait(milliseconds(300));
  EXPECT_EQ(stopped.HostStop(), "stop(10) publishing->idle:host stopped");
  EXPECT_EQ(stopped.Fcu(12), "start(12) idle->waiting:waiting for rival[7]");
  Bench dead = Waiting(10, 7, kTakeover);  // nobody is there: it costs one more wait
  dead.Wait(milliseconds(300));
  dead.NoAuth();
  dead.Fcu(12);
  EXPECT_EQ(dead.Wait(milliseconds(300)), "start(12) waiting->publishing:takeover timeout[7]");
}
TEST(HandoffTakeover, ARivalThatStartsInTheSameMomentIsYieldedTo) {
  Bench b = Waiting(10, 7, kTakeover);
  b.Wait(milliseconds(300));
  EXPECT_EQ(b.Start(7, 10), "");
  EXPECT_EQ(b.Wait(milliseconds(400)), "stop(10) publishing->yielded:yielded to rival[7]");
}
TEST(HandoffTakeover, AFlashblockPutsItOff) {
  Bench b = Waiting(10, 7, kTakeover);
  b.Wait(milliseconds(200));
  b.Flashblock(7, 10);
  EXPECT_EQ(b.Wait(milliseconds(299)), "");
  EXPECT_EQ(b.Wait(milliseconds(1)), "start(10) waiting->publishing:takeover timeout[7]");
}
TEST(HandoffTakeover, AStopOfAnotherPutsItOff) {
  Bench b = Waiting(10, 7, kTakeover);
  b.Flashblock(8, 10);
  b.Wait(milliseconds(200));
  b.Stop(8, 10);
  EXPECT_EQ(b.Wait(milliseconds(299)), "");
}
TEST(HandoffTakeover, AReplayedStopDoesNot) {
  Bench b = Waiting(10, 7, kTakeover);
  b.Flashblock(8, 10);
  b.Stop(8, 10);
  b.Wait(milliseconds(200));
  b.Stop(8, 10);
  EXPECT_EQ(b.Wait(milliseconds(100)), "start(10) waiting->publishing:takeover timeout[7]");
}
TEST(HandoffTakeover, OutOfDateBuilderDoesNot) {
  Bench b = Waiting(10, 7, kTakeover);
  b.Flashblock(7, 12);
  EXPECT_EQ(b.Wait(milliseconds(2000)), "");
}
TEST(HandoffTakeover, OutrankedOneWaitsTwoIntervalsLonger) {
  Bench b = Waiting(10, 7, kTakeover);
  b.Start(4, 10);
  EXPECT_EQ(b.Wait(milliseconds(699)), "");
  EXPECT_EQ(b.Wait(milliseconds(1)), "start(10) waiting->publishing:takeover timeout[7]");
}
TEST(HandoffTakeover, ThePublisherGivenUpDoesNotHoldUsBackLater) {
  Bench b = Waiting(10, 7, kTakeover);
  b.Wait(milliseconds(300));
  ASSERT_EQ(b.state(), S::kPublishing);
  b.Wait(2 * kInterval);
  b.Start(8, 10);
  ASSERT_EQ(b.state(), S::kYielded);
  b.Stop(8, 10);
  EXPECT_EQ(b.Wait(2 * kInterval), "start(10) yielded->publishing:tie break[8]");
  b.Wait(2 * kInterval);
  EXPECT_EQ(b.Start(7, 10), "stop(10) publishing->yielded:yielded to rival[7]");  // a first one
}
TEST(HandoffTakeover, ThePublisherGivenUpIsHeardWhenItThaws) {
  Bench b = Waiting(10, 4, kTakeover);
  b.Wait(milliseconds(600));
  ASSERT_EQ(b.state(), S::kPublishing);
  EXPECT_EQ(b.Flashblock(4, 10), "stop(10) publishing->yielded:tie break[4]");
}
TEST(HandoffTakeover, WorksAgainAfterRenewal) {
  Bench b = Waiting(10, 7, kTakeover);
  b.Flashblock(7, 12);
  b.Fcu(12);
  EXPECT_EQ(b.Wait(milliseconds(300)), "start(12) waiting->publishing:takeover timeout[7]");
}

// ---- frozen while waiting: what is heard first may be old
// Found by tests/harness/failures.sh, case "freeze waiter".
TEST(HandoffThaw, AStopClearsBehindSilence) {
  Bench b = Waiting(10, 7);
  b.Wait(5 * kInterval);
  EXPECT_EQ(b.Thaw(), "");
  EXPECT_EQ(b.Stop(7, 10), "");
  EXPECT_EQ(b.Wait(2 * kInterval), "start(10) waiting->publishing:rival stopped");
}
TEST(HandoffThaw, WhoWasAuthorizedAgainIsWaitedFor) {
  Bench b(Waiting(10, 7));
  b.Start(7, 10);
  b.Wait(5 * kInterval);
  b.Thaw();
  b.Stop(7, 10);
  EXPECT_EQ(b.Start(7, 10), "");
  EXPECT_EQ(b.Flashblock(7, 10), "");
  EXPECT_EQ(b.Wait(5 * kInterval), "");
  EXPECT_EQ(b.state(), S::kWaiting);
}
TEST(HandoffThaw, AStopHeardLaterClearsAtOnce) {
  Bench b = Waiting(10, 7);
  b.Wait(5 * kInterval);
  b.Thaw();
  b.Wait(2 * kInterval);
  EXPECT_EQ(b.Stop(7, 10), "waiting->publishing:rival stopped[7]");
}
TEST(HandoffThaw, APublisherGoesOn) {
  Bench b = Publishing(10);
  EXPECT_EQ(b.Thaw(), "");
  EXPECT_TRUE(b.machine().MayPublish().ok());
}

// ---- stories of two machines: what one sends the other gets, at once and in order

struct Pair {
  explicit Pair(Config config = {}) : low(config, 3), high(config, 8) {}
  // Applies what `from` last sent to `to`.
  void Carry(Bench& from, Bench& to, uint8_t key) {
    const Result sent = from.last();
    for (const Action& action : sent.actions) {
      if (const auto* s = std::get_if<SendStart>(&action))
        to.Start(key, s->authorization.timestamp);
      if (const auto* s = std::get_if<SendStop>(&action)) to.Stop(key, s->authorization.timestamp);
    }
  }
  void LowToHigh() { Carry(low, high, 3); }
  void HighToLow() { Carry(high, low, 8); }
  Bench low, high;
};

TEST(HandoffStory, GracefulInTheMiddleOfASlot) {
  Pair p;
  p.low.Fcu(10);
  p.LowToHigh();
  p.low.Wait(2 * kInterval);
  p.high.Flashblock(3, 10);
  p.high.Fcu(10);
  EXPECT_EQ(p.high.state(), S::kWaiting);
  p.HighToLow();
  EXPECT_EQ(p.low.state(), S::kYielded);
  p.LowToHigh();
  EXPECT_EQ(p.high.state(), S::kPublishing);
}

TEST(HandoffStory, BothStartAtOnceTheLowerKeyGoesOn) {
  Pair p;
  p.low.Fcu(10);
  p.high.Fcu(10);
  p.HighToLow();
  EXPECT_EQ(p.low.state(), S::kPublishing);
  p.high.Start(3, 10);
  EXPECT_EQ(p.high.state(), S::kYielded);
  p.HighToLow();  // its Stop
  EXPECT_EQ(p.low.machine().NextDeadline(), std::nullopt);
  EXPECT_EQ(p.low.Wait(std::chrono::seconds(5)), "");
  EXPECT_EQ(p.low.state(), S::kPublishing);
  EXPECT_EQ(p.high.Wait(std::chrono::seconds(5)), "");
  EXPECT_EQ(p.high.state(), S::kYielded);
}

TEST(HandoffStory, CrashedPublisherIsReplacedInTheNextSlot) {
  Pair p;
  p.low.Fcu(10);
  p.LowToHigh();
  p.high.Flashblock(3, 10);
  p.high.Fcu(12);
  EXPECT_EQ(p.high.state(), S::kWaiting);
  EXPECT_EQ(p.high.Fcu(14), "start(14) waiting->publishing:rival silent");
}

TEST(HandoffStory, FrozenPublisherThawsAndYields) {
  Bench b = Publishing(10);
  b.Wait(std::chrono::seconds(10));
  EXPECT_EQ(b.Flashblock(8, 20), "stop(10) publishing->yielded:yielded to rival[8]");
}

}  // namespace
}  // namespace flblk::core::handoff
