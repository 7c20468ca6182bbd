#include "p2p/rlpx/liveness.h"

#include <gtest/gtest.h>

namespace flblk::rlpx {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

MonoTime T(Duration d) { return MonoTime{5} + d; }

TEST(Liveness, PingsEvery15SecondsButNeverTwoAtATime) {
  Liveness live(T({}));
  EXPECT_EQ(live.NextDeadline(), T(seconds(15)));
  EXPECT_FALSE(live.PingDue(T(seconds(14))));
  EXPECT_TRUE(live.PingDue(T(seconds(15))));
  EXPECT_FALSE(live.PingDue(T(seconds(16))));
  EXPECT_FALSE(live.PingDue(T(seconds(30))));  // no Pong yet
  live.Pong();
  EXPECT_FALSE(live.PingDue(T(seconds(31))));
  EXPECT_TRUE(live.PingDue(T(seconds(45))));
}

TEST(Liveness, IdleAfter45SecondsOfSilence) {
  Liveness live(T({}));
  EXPECT_FALSE(live.Idle(T(seconds(44))));
  EXPECT_TRUE(live.Idle(T(seconds(45))));
  live.Heard(T(seconds(44)));
  EXPECT_FALSE(live.Idle(T(seconds(88))));
  EXPECT_TRUE(live.Idle(T(seconds(89))));
}

TEST(Liveness, PingBucketHoldsFiveAndRefillsOnePerSecond) {
  Liveness live(T({}));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(live.PingAllowed(T(milliseconds(i))));
  EXPECT_FALSE(live.PingAllowed(T(milliseconds(900))));
  EXPECT_TRUE(live.PingAllowed(T(milliseconds(1000))));
  EXPECT_FALSE(live.PingAllowed(T(milliseconds(1999))));
  EXPECT_TRUE(live.PingAllowed(T(milliseconds(2000))));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(live.PingAllowed(T(seconds(100))));  // never more than 5
  EXPECT_FALSE(live.PingAllowed(T(seconds(100))));
}

TEST(Liveness, OnePingPerSecondIsAlwaysAllowed) {
  Liveness live(T({}));
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(live.PingAllowed(T(milliseconds(1000 * i + i % 7))));
}

}  // namespace
}  // namespace flblk::rlpx
