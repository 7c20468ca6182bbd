// One named test for every cell of the hand-off table that has no time limit in it.
#include "p2p/core/handoff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/hash/hash_testing.h"
#include "p2p/core/testing/handoff_bench.h"

namespace flblk::core::handoff {
namespace {

using namespace testing;  // NOLINT: the bench
using ::testing::HasSubstr;
using S = PublishState;

// ---- FCU with attributes and Authorization

TEST(HandoffFcu, IdleWithoutRivalStartsAndPublishes) {
  Bench b;
  EXPECT_EQ(b.Fcu(10), "start(10) idle->publishing:started");
  EXPECT_EQ(b.machine().authorization(), Auth(10));
}

TEST(HandoffFcu, IdleWithLiveRivalStartsAndWaits) {
  Bench b;
  b.Flashblock(7, 10);
  EXPECT_EQ(b.Fcu(10), "start(10) idle->waiting:waiting for rival[7]");
  EXPECT_EQ(b.machine().rival(), Key(7));
}

TEST(HandoffFcu, IdleWithAnnouncedRivalWaits) {
  Bench b;
  b.Start(7, 10);
  EXPECT_EQ(b.Fcu(10), "start(10) idle->waiting:waiting for rival[7]");
}

TEST(HandoffFcu, IdleWithStoppedRivalPublishes) {
  Bench b;
  b.Flashblock(7, 10);
  b.Stop(7, 10);
  EXPECT_EQ(b.Fcu(10), "start(10) idle->publishing:started");
}

TEST(HandoffFcu, IdleWithRivalOfThePreviousSlotWaits) {
  Bench b;
  b.Flashblock(7, 10);
  EXPECT_EQ(b.Fcu(12), "start(12) idle->waiting:waiting for rival[7]");
}

TEST(HandoffFcu, IdleWithRivalTwoSlotsOldPublishes) {
  Bench b;
  b.Flashblock(7, 10);
  EXPECT_EQ(b.Fcu(14), "start(14) idle->publishing:started");
  EXPECT_TRUE(b.machine().rivals().all().empty());
}

TEST(HandoffFcu, IdleOlderThanTheNewestSlotHeardIsRefused) {
  Bench b;
  b.Flashblock(7, 12);
  EXPECT_EQ(b.Fcu(10), "error");
  EXPECT_EQ(b.last().status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(b.last().status.message(),
              HasSubstr("timestamp 10 is older than the newest slot heard 12"));
  EXPECT_EQ(b.state(), S::kIdle);
}

TEST(HandoffFcu, YieldedStartsAgain) {
  Bench b = Yielded(10, 7);
  EXPECT_EQ(b.Fcu(12), "start(12) yielded->waiting:waiting for rival[7]");
  b = Yielded(10, 7);
  b.Stop(7, 10);
  ASSERT_EQ(b.state(), S::kPublishing);  // the lower key resumed
  b = Yielded(10, 4);
  b.Stop(4, 10);
  EXPECT_EQ(b.Fcu(12), "start(12) yielded->publishing:started");
}

TEST(HandoffFcu, WaitingNewerSlotAndSilentRivalPublishesAndStartsAgain) {
  Bench b = Waiting(10, 7);
  EXPECT_EQ(b.Fcu(12), "start(12) waiting->publishing:rival silent[7]");
}

TEST(HandoffFcu, TheSilentRivalDoesNotHoldUsBackLater) {
  Bench b = Waiting(10, 7);
  b.Fcu(12);
  b.Wait(2 * kInterval);
  b.Start(8, 12);
  ASSERT_EQ(b.state(), S::kYielded);
  EXPECT_EQ(b.Stop(8, 12), "start(12) yielded->publishing:tie break[8]");
}

// Found by the explicit-state search: without a StartPublish of its own for the new slot, a builder
// that waits is overheard by whoever started behind the last one.
TEST(HandoffFcu, WaitingNewerSlotAndRivalHeardInItStartsAgainAndKeepsWaiting) {
  Bench b = Waiting(10, 7);
  b.Flashblock(7, 12);
  EXPECT_EQ(b.Fcu(12), "start(12) waiting->waiting:authorization renewed[7]");
  EXPECT_EQ(b.machine().authorization().timestamp, 12u);
}

// Found by the explicit-state search: 7 started when it had forgotten us, so it never had to answer
// our StartPublish; its silence in the new slot says nothing.
TEST(HandoffFcu, WaitingAndForgottenForTwoSlotsBeginsAnew) {
  Bench b = Waiting(10, 6);
  b.Start(7, 14);
  ASSERT_EQ(b.state(), S::kWaiting);
  EXPECT_EQ(b.Fcu(16), "start(16) waiting->waiting:authorization renewed[7]");
  EXPECT_EQ(b.Stop(7, 14), "waiting->publishing:rival stopped[7]");
}

TEST(HandoffFcu, WaitingAndForgottenWithoutRivalPublishes) {
  Bench b = Waiting(10, 7);
  EXPECT_EQ(b.Fcu(20), "start(20) waiting->publishing:rival silent");
}

TEST(HandoffFcu, WaitingSameSlotOtherPayloadIsRenewed) {
  Bench b = Waiting(10, 7);
  EXPECT_EQ(b.Fcu(10, 2), "waiting->waiting:authorization renewed[7]");
  EXPECT_EQ(b.machine().authorization(), Auth(10, 2));
}

TEST(HandoffFcu, WaitingOlderSlotIsRefused) {
  Bench b = Waiting(10, 7);
  EXPECT_EQ(b.Fcu(8), "error");
  EXPECT_THAT(b.last().status.message(),
              HasSubstr("timestamp 8 is older than the current slot 10"));
  EXPECT_EQ(b.state(), S::kWaiting);
}

TEST(HandoffFcu, PublishingNewerSlotIsRenewedWithoutStart) {
  Bench b = Publishing(10);
  EXPECT_EQ(b.Fcu(12), "publishing->publishing:authorization renewed");
  EXPECT_EQ(b.machine().authorization().timestamp, 12u);
}

// Found by the explicit-state search: rivals forget a publisher after two silent slots, and one
// authorized then would start at index 0 of a block that is being published.
TEST(HandoffFcu, PublishingSilentForTwoSlotsStartsAgain) {
  Bench b = Publishing(10);
  b.Fcu(12);
  EXPECT_EQ(b.Fcu(14), "start(14) publishing->publishing:authorization renewed");
}

TEST(HandoffFcu, PublishingWithFlashblocksIsRenewedWithoutStart) {
  Bench b = Publishing(10);
  b.Fcu(12);
  b.Do(OwnFlashblock{});
  EXPECT_EQ(b.Fcu(14), "publishing->publishing:authorization renewed");
}

TEST(HandoffFcu, PublishingSameSlotOtherPayloadIsRenewed) {
  Bench b = Publishing(10);
  EXPECT_EQ(b.Fcu(10, 2), "publishing->publishing:authorization renewed");
  EXPECT_EQ(b.machine().authorization(), Auth(10, 2));
}

TEST(HandoffFcu, PublishingSameAuthorizationChangesNothing) {
  Bench b = Publishing(10);
  const Machine before = b.machine();
  EXPECT_EQ(b.Fcu(10), "");
  EXPECT_EQ(b.machine(), before);
}

TEST(HandoffFcu, PublishingOlderSlotIsRefused) {
  Bench b = Publishing(12);
  EXPECT_EQ(b.Fcu(10), "error");
  EXPECT_EQ(b.last().status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(b.machine().authorization().timestamp, 12u);
}

// ---- FCU with attributes, no Authorization

TEST(HandoffNotAuthorized, PublishingStops) {
  Bench b = Publishing(10);
  EXPECT_EQ(b.NoAuth(), "stop(10) publishing->idle:not authorized");
}
TEST(HandoffNotAuthorized, WaitingStops) {
  Bench b = Waiting(10, 7);
  EXPECT_EQ(b.NoAuth(), "stop(10) waiting->idle:not authorized");
}
TEST(HandoffNotAuthorized, YieldedGoesIdleSilently) {
  Bench b = Yielded(10, 7);
  EXPECT_EQ(b.NoAuth(), "yielded->idle:not authorized");
}
TEST(HandoffNotAuthorized, IdleStays) {
  Bench b;
  EXPECT_EQ(b.NoAuth(), "");
}

// ---- FCU without attributes

TEST(HandoffBare, ChangesNothingByDefault) {
  for (Bench b : {Bench(), Publishing(10), Waiting(10, 7), Yielded(10, 7)}) {
    const Machine before = b.machine();
    EXPECT_EQ(b.Bare(), "");
    EXPECT_EQ(b.machine(), before);
  }
}
TEST(HandoffBare, StopsWhereTheNetworkWantsIt) {
  const Config config{.stop_on_bare_fcu = true};
  EXPECT_EQ(Publishing(10, config).Bare(), "stop(10) publishing->idle:not authorized");
  EXPECT_EQ(Waiting(10, 7, config).Bare(), "stop(10) waiting->idle:not authorized");
  EXPECT_EQ(Bench(config).Bare(), "");
}

// ---- seal

TEST(HandoffSealed, NothingFurtherOfThatPayloadMayLeave) {
  Bench b = Publishing(10);
  EXPECT_TRUE(b.machine().MayPublish().ok());
  PayloadId id = Auth(10).payload_id;
  id[0] = 4;  // the host's own version
  EXPECT_EQ(b.Do(Sealed{id}), "");
  EXPECT_EQ(b.machine().MayPublish().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(b.machine().MayPublish().message(), HasSubstr("payload 0300000000000a01 is sealed"));
  b.Fcu(12);
  EXPECT_TRUE(b.machine().MayPublish().ok());
}
TEST(HandoffSealed, MemoryHoldsTheLastFour) {
  Bench b;
  for (uint8_t i = 0; i < 5; ++i) b.Do(Sealed{Auth(10, i).payload_id});
  b.Do(Sealed{Auth(10, 4).payload_id});
  EXPECT_FALSE(b.machine().IsSealed(Auth(10, 0).payload_id));
  for (uint8_t i = 1; i < 5; ++i) EXPECT_TRUE(b.machine().IsSealed(Auth(10, i).payload_id));
}

// ---- shutdown, host disconnects

TEST(HandoffHostStopped, PublishingAndWaitingStop) {
  EXPECT_EQ(Publishing(10).HostStop(), "stop(10) publishing->idle:host stopped");
  EXPECT_EQ(Waiting(10, 7).HostStop(), "stop(10) waiting->idle:host stopped");
}
TEST(HandoffHostStopped, IdleAndYieldedSendNothing) {
  EXPECT_EQ(Bench().HostStop(), "");
  EXPECT_EQ(Yielded(10, 7).HostStop(), "yielded->idle:host stopped");
}

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
  EXPECT_EQ(b.Stop(7, 10), "");
  EXPECT_EQ(b.state(), S::kWaiting);
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
TEST(HandoffRivalStop, YieldedSameSlotLowerKeyResumesAtOnce) {
  Bench b = Yielded(10, 7);
  EXPECT_EQ(b.Stop(7, 10), "start(10) yielded->publishing:tie break[7]");
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

// ---- the machine as a value

TEST(HandoffValue, EqualHistoriesAreEqualAndHashEqual) {
  Bench a = Waiting(10, 7), b;
  b.Flashblock(7, 10);
  b.Fcu(10);
  EXPECT_EQ(a.machine(), b.machine());
  Bench stopped = Waiting(10, 7);
  stopped.Stop(7, 10);
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly(
      {Bench().machine(), a.machine(), b.machine(), stopped.machine(), Yielded(10, 7).machine(),
       Publishing(10).machine(), Publishing(12).machine()}));
}
TEST(HandoffValue, OrderOfArrivalOfRivalsDoesNotShow) {
  Bench a, b;
  a.Start(7, 10), a.Start(3, 10), a.Start(9, 10);
  b.Start(9, 10), b.Start(7, 10), b.Start(3, 10);
  EXPECT_EQ(a.machine(), b.machine());
}
TEST(HandoffValue, RebaseForgetsHowLongAgo) {
  Bench a = Publishing(10), b = Publishing(10);
  b.Wait(std::chrono::hours(1));
  a.machine().Rebase(a.now());
  b.machine().Rebase(b.now());
  EXPECT_EQ(a.machine(), b.machine());
}
TEST(HandoffValue, RebaseKeepsBehaviour) {
  Bench a = Yielded(10, 4);
  a.Stop(4, 10);
  Machine m = a.machine();
  m.Rebase(a.now());
  ASSERT_TRUE(m.NextDeadline().has_value());
  EXPECT_EQ(*m.NextDeadline() - MonoTime{}, *a.machine().NextDeadline() - a.now());
}

}  // namespace
}  // namespace flblk::core::handoff
