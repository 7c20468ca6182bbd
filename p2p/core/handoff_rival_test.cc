// One named test for every cell of the hand-off table that is about rivals and has no time limit in
// it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "p2p/core/handoff.h"
#include "p2p/core/testing/handoff_bench.h"

namespace flblk::core::handoff {
namespace {

using namespace testing;  // NOLINT: the bench
using ::testing::HasSubstr;
using S = PublishState;
using std::chrono::milliseconds;

// ---- StartPublish of a rival

TEST(HandoffRivalStart, IdleEntersIt) {
  Bench b;
  EXPECT_EQ(b.Start(7, 10), "");
  ASSERT_EQ(b.machine().rivals().all().size(), 1u);
  EXPECT_EQ(b.machine().rivals().all()[0].kind, RivalKind::kAnnounced);
}
TEST(HandoffRivalStart, PublishingSameSlotYields) {
  Bench b = Publishing(10);
  EXPECT_EQ(b.Start(7, 10), "stop(10) publishing->yielded:yielded to rival[7]");
  EXPECT_EQ(b.machine().rival(), Key(7));
  EXPECT_EQ(b.machine().MayPublish().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(b.machine().MayPublish().message(),
              HasSubstr("the hand-off is yielded to builder 07070707"));
}
TEST(HandoffRivalStart, PublishingNewerSlotYields) {
  EXPECT_EQ(Publishing(10).Start(7, 12), "stop(10) publishing->yielded:yielded to rival[7]");
}
// Found by search: a Start on its way while both are renewed. Unheard of each other, both would go
// on.
TEST(HandoffRivalStart, PublishingOlderSlotIsToldOfUsOnce) {
  Bench b = Publishing(12);
  EXPECT_EQ(b.Start(7, 10), "start(12)");
  EXPECT_EQ(b.Start(7, 10), "");  // a replay
  EXPECT_EQ(b.Start(8, 10), "");  // once per Authorization
  EXPECT_EQ(b.state(), S::kPublishing);
}
TEST(HandoffRivalStart, OlderSlotIsIgnoredElsewhere) {
  for (Bench b : {Bench(), Waiting(12, 6), Yielded(12, 6)}) {
    b.Flashblock(6, 12);
    const Machine before = b.machine();
    EXPECT_EQ(b.Start(7, 10), "");
    EXPECT_EQ(b.machine(), before);
  }
}
TEST(HandoffRivalStart, DeadSlotIsIgnored) {
  Bench b = Publishing(14);
  EXPECT_EQ(b.Start(7, 10), "");
}
TEST(HandoffRivalStart, WaitingKeepsWaiting) {
  Bench b = Waiting(10, 7);
  EXPECT_EQ(b.Start(6, 10), "");
  EXPECT_EQ(b.Start(7, 12), "");
  EXPECT_EQ(b.state(), S::kWaiting);
  EXPECT_THAT(b.machine().MayPublish().message(),
              HasSubstr("the hand-off is waiting for builder 07070707"));
}
TEST(HandoffRivalStart, YieldedEntersIt) {
  Bench b = Yielded(10, 7);
  EXPECT_EQ(b.Start(6, 12), "");
  EXPECT_EQ(b.machine().rivals().all().size(), 2u);
}
TEST(HandoffRivalStart, ReplayNeverStopsAPublisher) {
  Bench b;
  b.Start(7, 10);
  b.Stop(7, 10);
  b.Fcu(10);
  ASSERT_EQ(b.state(), S::kPublishing);
  EXPECT_EQ(b.Start(7, 10), "");
  EXPECT_EQ(b.state(), S::kPublishing);
}
TEST(HandoffRivalStart, OvertakenByItsOwnStopIsIgnored) {
  Bench b = Publishing(10);
  b.Stop(7, 10);
  EXPECT_EQ(b.Start(7, 10), "");
  EXPECT_EQ(b.state(), S::kPublishing);
}
TEST(HandoffRivalStart, AfterItsFlashblockStillYields) {
  Bench b;
  b.Fcu(10);
  b.Flashblock(4, 10);  // in flight, relayed by a quicker way
  EXPECT_EQ(b.Start(4, 10), "stop(10) publishing->yielded:yielded to rival[4]");
  EXPECT_EQ(b.machine().rivals().all()[0].kind, RivalKind::kPublishing);  // never backwards
}

// ---- StopPublish of a rival

TEST(HandoffRivalStop, WaitingAndLastRivalClears) {
  Bench b = Waiting(10, 7);
  EXPECT_EQ(b.Stop(7, 10), "waiting->publishing:rival stopped[7]");
}
TEST(HandoffRivalStop, WaitingAndAnotherLiveRivalKeepsWaiting) {
  Bench b = Waiting(10, 7);
  b.Flashblock(6, 10);
  EXPECT_EQ(b.Stop(7, 10), "");
  EXPECT_EQ(b.Stop(6, 10), "waiting->publishing:rival stopped[6]");
}
TEST(HandoffRivalStop, AboutAnOlderSlotOfThatRivalIsIgnored) {
  Bench b = Waiting(10, 7);
  b.Flashblock(7, 12);
  EXPECT_EQ(b.Stop(7, 10), "");
  EXPECT_EQ(b.state(), S::kWaiting);
}
TEST(HandoffRivalStop, AboutANewerSlotThanHeardCounts) {
  Bench b = Waiting(10, 7);
  EXPECT_EQ(b.Stop(7, 12), "waiting->publishing:rival stopped[7]");
}
TEST(HandoffRivalStop, LateButHonestCounts) {
  Bench b;
  b.Flashblock(7, 10);
  b.Fcu(12);  // our newer slot does not make the old builder's Stop stale
  EXPECT_EQ(b.Stop(7, 10), "waiting->publishing:rival stopped[7]");
}
TEST(HandoffRivalStop, OfSomeoneUnknownStartsNothing) {
  Bench b = Waiting(10, 7);
  EXPECT_EQ(b.Stop(6, 10), "");
  EXPECT_EQ(b.state(), S::kWaiting);
}
TEST(HandoffRivalStop, ReplayNeverStartsAWaitingBuilder) {
  Bench b;
  b.Flashblock(7, 10);
  b.Stop(7, 10);
  b.Wait(2 * kInterval);
  b.Flashblock(7, 10);  // it resumed
  b.Fcu(10);
  ASSERT_EQ(b.state(), S::kWaiting);
  for (int i = 0; i < 10; ++i) {  // while it publishes
    EXPECT_EQ(b.Stop(7, 10), "");
    EXPECT_EQ(b.Wait(kInterval), "");
    b.Flashblock(7, 10);
  }
  EXPECT_EQ(b.state(), S::kWaiting);
}
// Found by the explicit-state search, two builders, one link behind once: A and B tied in slot 1, A
// resumed, B is authorized for slot 2. A yields by the same StopPublish as in the tie, and B waited
// for it until slot 3.
TEST(HandoffRivalStop, OfWhoResumedAfterATieCountsBehindTwoIntervalsOfSilence) {
  Bench b = Yielded(10, 4);
  b.Stop(4, 10);
  b.Start(4, 10);  // resumed
  b.Wait(2 * kInterval);
  b.Flashblock(4, 10);
  EXPECT_EQ(b.Fcu(12), "start(12) yielded->waiting:waiting for rival[4]");
  EXPECT_EQ(b.Stop(4, 10), "");
  EXPECT_EQ(b.Wait(2 * kInterval - milliseconds(1)), "");
  EXPECT_EQ(b.Wait(milliseconds(1)), "start(12) waiting->publishing:tie break[4]");
}
// The same with three builders: B yielded when A stopped for the second time.
TEST(HandoffRivalStop, OfWhoResumedAfterATieCountsForTheNextSlotToo) {
  Bench b = Yielded(10, 4);
  b.Stop(4, 10);
  b.Start(4, 10);
  b.Start(7, 12);
  b.Wait(2 * kInterval);
  b.Flashblock(4, 10);
  b.Stop(4, 10);
  b.Fcu(12);
  EXPECT_EQ(b.Stop(7, 12), "");
  EXPECT_EQ(b.Wait(2 * kInterval), "start(12) waiting->publishing:tie break[4]");
}
// Found by the explicit-state search, three builders: two that had waited since slots 10 and 12
// were both cleared, each for its own, by the StopPublish of one that began and ended slot 16.
TEST(HandoffRivalStop, DoesNotClearForASlotThatIsOver) {
  Bench b = Waiting(10, 7);
  b.Start(7, 12);
  EXPECT_EQ(b.Stop(7, 12), "");
  EXPECT_EQ(b.Wait(milliseconds(5000)), "");
  EXPECT_EQ(b.state(), S::kWaiting);
  EXPECT_EQ(b.Fcu(12), "start(12) waiting->publishing:rival silent");
}
TEST(HandoffRivalStop, PublishingAndIdleOnlyNoteIt) {
  Bench b = Publishing(10);
  EXPECT_EQ(b.Stop(7, 10), "");
  EXPECT_EQ(b.state(), S::kPublishing);
  b = Bench();
  b.Flashblock(7, 10);
  EXPECT_EQ(b.Stop(7, 10), "");
  EXPECT_FALSE(b.machine().rivals().AnyLive());
}
TEST(HandoffRivalStop, YieldedSameSlotLowerKeyResumesAfterTwoIntervals) {
  Bench b = Yielded(10, 7);
  EXPECT_EQ(b.Stop(7, 10), "");
  EXPECT_EQ(b.Wait(2 * kInterval - milliseconds(1)), "");
  EXPECT_EQ(b.Wait(milliseconds(1)), "start(10) yielded->publishing:tie break[7]");
}
// Found by the explicit-state search, three builders: B stopped because of C's StartPublish for the
// next slot, which had not reached A. A resumed at once, published into the slot that was over, and
// C waited for it until the slot after.
TEST(HandoffRivalStop, YieldedDoesNotResumeBeforeAThirdCanBeHeard) {
  Bench b = Yielded(10, 7);
  EXPECT_EQ(b.Stop(7, 10), "");
  b.Wait(kInterval);
  EXPECT_EQ(b.Start(8, 12), "");
  EXPECT_EQ(b.Wait(milliseconds(5000)), "");
  EXPECT_EQ(b.state(), S::kYielded);
}
TEST(HandoffRivalStop, YieldedWithAnotherLiveRivalStays) {
  Bench b = Yielded(10, 7);
  b.Start(6, 10);
  EXPECT_EQ(b.Stop(7, 10), "");
  EXPECT_EQ(b.state(), S::kYielded);
}
TEST(HandoffRivalStop, YieldedToANewerSlotStays) {
  Bench b = Publishing(10);
  b.Start(7, 12);
  EXPECT_EQ(b.Stop(7, 12), "");
  EXPECT_EQ(b.state(), S::kYielded);
  EXPECT_EQ(b.machine().NextDeadline(), std::nullopt);
}

// ---- flashblock of a rival

TEST(HandoffRivalFlashblock, IsEnteredAsPublishing) {
  for (Bench b : {Bench(), Waiting(10, 6), Yielded(10, 6)}) {
    EXPECT_EQ(b.Flashblock(7, 12), "");
    EXPECT_EQ(b.machine().rivals().all().back().kind, RivalKind::kPublishing);
    EXPECT_EQ(b.machine().newest_slot(), 12u);
  }
}
TEST(HandoffRivalFlashblock, PublishingNewerSlotYields) {
  EXPECT_EQ(Publishing(10).Flashblock(7, 12), "stop(10) publishing->yielded:yielded to rival[7]");
}
TEST(HandoffRivalFlashblock, PublishingOlderSlotChangesNothing) {
  Bench b = Publishing(12);
  EXPECT_EQ(b.Flashblock(7, 10), "");
  EXPECT_EQ(b.state(), S::kPublishing);
}
TEST(HandoffRivalFlashblock, EntryNeverMovesBackwards) {
  Bench b;
  b.Flashblock(7, 12);
  b.Flashblock(7, 10);
  EXPECT_EQ(b.machine().rivals().all()[0].slot, 12u);
  b.Start(7, 12);
  EXPECT_EQ(b.machine().rivals().all()[0].kind, RivalKind::kPublishing);
}
TEST(HandoffRivalFlashblock, OfADeadSlotIsNotEntered) {
  Bench b = Publishing(14);
  b.Flashblock(7, 10);
  EXPECT_TRUE(b.machine().rivals().all().empty());
}

// ---- both waiting for a third

// Found by the explicit-state search, three builders, one link behind once: the third one's
// StopPublish came before we were authorized, so nothing would have ended our waiting.
TEST(HandoffBothWaiting, OneThatOnlyAnnouncedItselfIsGivenTwoIntervals) {
  Bench b;
  b.Start(7, 10);
  EXPECT_EQ(b.Fcu(10), "start(10) idle->waiting:waiting for rival[7]");
  EXPECT_EQ(b.Wait(2 * kInterval - milliseconds(1)), "");
  EXPECT_EQ(b.Wait(milliseconds(1)), "start(10) waiting->publishing:tie break[7]");
}
// Found by simulation: back and forth between two builders in one slot. The second StartPublish of
// the slot looks like a replay, so the silence behind it is no answer.
TEST(HandoffBothWaiting, TheSecondTimeInASlotSilenceIsNoAnswer) {
  Bench b = Yielded(10, 7);
  EXPECT_EQ(b.Fcu(10), "start(10) yielded->waiting:waiting for rival[7]");
  EXPECT_EQ(b.Wait(milliseconds(5000)), "");
  EXPECT_EQ(b.Fcu(12), "start(12) waiting->publishing:rival silent[7]");
}
TEST(HandoffBothWaiting, ItsFlashblockEndsThat) {
  Bench b;
  b.Start(7, 10);
  b.Fcu(10);
  b.Wait(kInterval);
  b.Flashblock(7, 10);
  EXPECT_EQ(b.Wait(milliseconds(5000)), "");
}
TEST(HandoffBothWaiting, OneThatComesFirstIsWaitedFor) {
  Bench b;
  b.Start(4, 10);
  b.Fcu(10);
  EXPECT_EQ(b.Wait(milliseconds(5000)), "");
  b = Bench();
  b.Start(7, 12);
  b.Start(4, 12);
  b.Fcu(12);
  EXPECT_EQ(b.Wait(milliseconds(5000)), "");
}

// Found by the explicit-state search: the same StopPublish may have cleared the other before it
// heard of us. Then it answers our StartPublish; if it waits as we do it says nothing.
TEST(HandoffBothWaiting, LowerKeyGoesOnAfterTwoIntervalsOfSilence) {
  Bench b = Waiting(10, 7);
  b.Start(6, 10);
  EXPECT_EQ(b.Stop(7, 10), "");
  EXPECT_EQ(b.Wait(2 * kInterval), "start(10) waiting->publishing:tie break[6]");
}
TEST(HandoffBothWaiting, LowerKeyGoesOnAtOnceWhenTheOtherStops) {
  Bench b = Waiting(10, 7);
  b.Start(6, 10);
  b.Stop(7, 10);
  EXPECT_EQ(b.Stop(6, 10), "waiting->publishing:rival stopped[6]");
  EXPECT_EQ(b.machine().NextDeadline(), std::nullopt);
}
TEST(HandoffBothWaiting, LowerKeyKeepsWaitingWhenTheOtherPublishes) {
  Bench b = Waiting(10, 7);
  b.Start(6, 10);
  b.Stop(7, 10);
  b.Flashblock(6, 10);
  EXPECT_EQ(b.Wait(std::chrono::seconds(5)), "");
  EXPECT_EQ(b.Stop(6, 10), "waiting->publishing:rival stopped[6]");
}
TEST(HandoffBothWaiting, AThirdThatIsOutrankedDoesNotPutItOff) {
  Bench b = Waiting(10, 7);
  b.Start(6, 10);
  b.Stop(7, 10);
  b.Wait(kInterval);
  b.Start(9, 10);
  EXPECT_EQ(b.Wait(kInterval), "start(10) waiting->publishing:tie break[6]");
}
TEST(HandoffBothWaiting, AThirdThatOutranksUsEndsIt) {
  Bench b = Waiting(10, 7);
  b.Start(6, 10);
  b.Stop(7, 10);
  b.Start(4, 10);
  EXPECT_EQ(b.Wait(std::chrono::seconds(5)), "");
}
TEST(HandoffBothWaiting, HigherKeyCountsTheAnnouncedOther) {
  Bench b = Waiting(10, 7);
  b.Start(4, 10);
  EXPECT_EQ(b.Stop(7, 10), "");
  EXPECT_EQ(b.Wait(std::chrono::seconds(5)), "");
}
TEST(HandoffBothWaiting, NewerAuthorizationGoesFirst) {
  Bench b = Waiting(10, 7);
  b.Start(4, 10);
  b.Flashblock(7, 12);
  b.Fcu(12);  // ours is newer than that of 4 now, and announced
  b.Stop(7, 12);
  EXPECT_EQ(b.Wait(2 * kInterval), "start(12) waiting->publishing:tie break[4]");
  b = Waiting(10, 7);
  b.Start(6, 12);  // theirs is newer
  b.Stop(7, 10);
  EXPECT_EQ(b.Wait(2 * kInterval), "");
}
TEST(HandoffBothWaiting, APublishingOtherAlwaysCounts) {
  Bench b = Waiting(10, 7);
  b.Flashblock(8, 10);
  EXPECT_EQ(b.Stop(7, 10), "");
  EXPECT_EQ(b.Wait(2 * kInterval), "");
}

}  // namespace
}  // namespace flblk::core::handoff
