// One named test for every cell of the hand-off table that is about the host; and the machine as a
// value.
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
  EXPECT_EQ(b.Fcu(12), "start(12) yielded->publishing:started");
}

TEST(HandoffFcu, YieldedOlderThanTheNewestSlotHeardIsRefused) {
  Bench b = Yielded(10, 7);
  b.Flashblock(7, 12);
  EXPECT_EQ(b.Fcu(10), "error");
  EXPECT_EQ(b.last().status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(b.state(), S::kYielded);
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
  b.Stop(8, 12);
  EXPECT_EQ(b.Wait(2 * kInterval), "start(12) yielded->publishing:tie break[8]");
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
  EXPECT_EQ(Yielded(10, 7, config).Bare(), "yielded->idle:not authorized");
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
TEST(HandoffSealed, IsNotedInEveryState) {
  for (Bench b : {Bench(), Waiting(10, 7), Yielded(10, 4)}) {
    const S before = b.state();
    EXPECT_EQ(b.Do(Sealed{Auth(12).payload_id}), "");
    EXPECT_EQ(b.state(), before);
    EXPECT_TRUE(b.machine().IsSealed(Auth(12).payload_id));
    b.Stop(7, 10);
    b.Stop(4, 10);
    b.Fcu(12);
    ASSERT_EQ(b.state(), S::kPublishing);
    EXPECT_THAT(b.machine().MayPublish().message(), HasSubstr("is sealed"));
  }
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
