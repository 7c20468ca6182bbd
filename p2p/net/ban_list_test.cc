#include "p2p/net/ban_list.h"

#include "gtest/gtest.h"

namespace flblk::net {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

MonoTime At(Duration t) { return MonoTime{t.count()}; }

TEST(BanListTest, EndsByItself) {
  BanList bans;
  EXPECT_FALSE(bans.Banned("a", At(seconds(0))));
  EXPECT_EQ(bans.Ban("a", minutes(10), false, At(seconds(0))), minutes(10));
  EXPECT_TRUE(bans.Banned("a", At(seconds(599))));
  EXPECT_FALSE(bans.Banned("b", At(seconds(599))));
  EXPECT_FALSE(bans.Banned("a", At(seconds(600))));
}

TEST(BanListTest, RepetitionDoublesUpToTheLongest) {
  BanList bans;
  MonoTime now = At(seconds(0));
  Duration expected = minutes(10);
  for (int i = 0; i < 12; ++i) {
    const Duration length = bans.Ban("a", minutes(10), false, now);
    EXPECT_EQ(length, expected);
    expected = std::min<Duration>(expected * 2, BanList::kLongest);
    now = now + length + minutes(1);
  }
  EXPECT_EQ(expected, hours(12));
}

TEST(BanListTest, GoodConductIsForgivenLater) {
  BanList bans;
  bans.Ban("a", minutes(10), false, At(seconds(0)));
  EXPECT_EQ(bans.Ban("a", minutes(10), false, At(minutes(71))), minutes(10));
}

TEST(BanListTest, TrustedPeersAreBackWithinFifteenSeconds) {
  BanList bans;
  for (int i = 0; i < 5; ++i) {
    EXPECT_LE(bans.Ban("a", minutes(10), true, At(seconds(20 * i))), seconds(15));
    EXPECT_FALSE(bans.Banned("a", At(seconds(20 * i + 15))));
  }
}

TEST(BanListTest, AHoldDelaysAndDoesNotCount) {
  BanList bans;
  bans.Hold("a", seconds(25), At(seconds(0)));
  bans.Hold("a", seconds(5), At(seconds(1)));
  EXPECT_TRUE(bans.Banned("a", At(seconds(24))));
  EXPECT_FALSE(bans.Banned("a", At(seconds(25))));
  EXPECT_EQ(bans.Ban("a", minutes(10), false, At(seconds(26))), minutes(10));
}

TEST(BanListTest, LiftForgets) {
  BanList bans;
  bans.Ban("a", minutes(10), false, At(seconds(0)));
  bans.Lift("a");
  EXPECT_FALSE(bans.Banned("a", At(seconds(1))));
  EXPECT_EQ(bans.Ban("a", minutes(10), false, At(seconds(1))), minutes(10));
}

TEST(BanListTest, IsBoundedAndTheFirstToEndMakesRoom) {
  BanList bans;
  bans.Ban("first", seconds(10), false, At(seconds(0)));
  for (size_t i = 0; i < BanList::kMaxEntries + 100; ++i) {
    bans.Ban(std::to_string(i), minutes(10), false, At(seconds(1)));
  }
  EXPECT_EQ(bans.size(), BanList::kMaxEntries);
  EXPECT_FALSE(bans.Banned("first", At(seconds(2))));
  EXPECT_TRUE(bans.Banned(std::to_string(BanList::kMaxEntries + 99), At(seconds(2))));
}

}  // namespace
}  // namespace flblk::net
