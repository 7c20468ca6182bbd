#include "p2p/net/backoff.h"

#include "gtest/gtest.h"

namespace flblk::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

MonoTime At(Duration t) { return MonoTime{t.count()}; }

TEST(BackoffTest, DoublesUpToTheCapAndNeverEnds) {
  Backoff backoff;
  EXPECT_EQ(backoff.Next(0), milliseconds(500));
  EXPECT_EQ(backoff.Next(0), seconds(1));
  EXPECT_EQ(backoff.Next(0), seconds(2));
  EXPECT_EQ(backoff.Next(0), seconds(4));
  EXPECT_EQ(backoff.Next(0), seconds(8));
  EXPECT_EQ(backoff.Next(0), seconds(16));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(backoff.Next(0), seconds(30));
}

TEST(BackoffTest, JitterTakesAwayAtMostHalf) {
  uint64_t random = 0x9e3779b97f4a7c15;
  Duration least = seconds(100), most{};
  for (int i = 0; i < 2000; ++i) {
    Backoff backoff;
    random = random * 6364136223846793005ull + 1442695040888963407ull;
    const Duration wait = backoff.Next(random);
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_GE(least, milliseconds(250));
  EXPECT_LE(most, milliseconds(500));
  EXPECT_LT(least, milliseconds(260));  // the whole half is used
  EXPECT_GT(most, milliseconds(490));
}

TEST(BackoffTest, AStableSessionStartsTheSeriesAnew) {
  Backoff backoff;
  for (int i = 0; i < 8; ++i) backoff.Next(0);
  backoff.Up(At(seconds(100)));
  backoff.Down(At(seconds(130)));
  EXPECT_EQ(backoff.Next(0), milliseconds(500));
}

TEST(BackoffTest, AShortSessionOrAFailedDialDoesNot) {
  Backoff backoff;
  for (int i = 0; i < 8; ++i) backoff.Next(0);
  backoff.Up(At(seconds(100)));
  backoff.Down(At(seconds(129)));
  EXPECT_EQ(backoff.Next(0), seconds(30));
  backoff.Down(At(seconds(5000)));
  EXPECT_EQ(backoff.Next(0), seconds(30));
}

TEST(BackoffTest, DiscourageGoesToTheCapAtOnce) {
  Backoff backoff;
  backoff.Discourage();
  EXPECT_EQ(backoff.Next(0), seconds(30));
}

TEST(BackoffTest, SmallCapIsHonoured) {
  Backoff backoff(
      {.initial = milliseconds(20), .cap = milliseconds(50), .stable_after = seconds(1)});
  EXPECT_EQ(backoff.Next(0), milliseconds(20));
  EXPECT_EQ(backoff.Next(0), milliseconds(40));
  EXPECT_EQ(backoff.Next(0), milliseconds(50));
}

}  // namespace
}  // namespace flblk::net
