#include "p2p/net/tie_break.h"

#include "gtest/gtest.h"

namespace flblk::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr NodeId kLow{1}, kHigh{2};

SessionOrigin In(Duration at) { return {.inbound = true, .established = {at.count()}}; }
SessionOrigin Out(Duration at) { return {.inbound = false, .established = {at.count()}}; }

TEST(TieBreakTest, TheDialOfTheLowerIdStaysWhicheverCameFirst) {
  // At the lower node its own dial stays, ...
  EXPECT_TRUE(NewerSessionWins(In(seconds(0)), Out(milliseconds(5)), kLow, kHigh));
  EXPECT_FALSE(NewerSessionWins(Out(seconds(0)), In(milliseconds(5)), kLow, kHigh));
  // ... which is the inbound one at the higher node.
  EXPECT_FALSE(NewerSessionWins(In(seconds(0)), Out(milliseconds(5)), kHigh, kLow));
  EXPECT_TRUE(NewerSessionWins(Out(seconds(0)), In(milliseconds(5)), kHigh, kLow));
}

TEST(TieBreakTest, BothEndsAgreeForEveryOrder) {
  for (const bool low_first_at_low : {true, false}) {
    for (const bool low_first_at_high : {true, false}) {
      // "low": the connection that the lower node dialled. At each end, does it stay?
      const bool stays_at_low =
          low_first_at_low ? !NewerSessionWins(Out(seconds(1)), In(seconds(2)), kLow, kHigh)
                           : NewerSessionWins(In(seconds(1)), Out(seconds(2)), kLow, kHigh);
      const bool stays_at_high =
          low_first_at_high ? !NewerSessionWins(In(seconds(1)), Out(seconds(2)), kHigh, kLow)
                            : NewerSessionWins(Out(seconds(1)), In(seconds(2)), kHigh, kLow);
      EXPECT_TRUE(stays_at_low);
      EXPECT_TRUE(stays_at_high);
    }
  }
}

TEST(TieBreakTest, APeerThatDialsAgainReplacesItsOldSession) {
  EXPECT_TRUE(NewerSessionWins(In(seconds(0)), In(milliseconds(5)), kLow, kHigh));
  EXPECT_TRUE(NewerSessionWins(Out(seconds(0)), Out(milliseconds(5)), kHigh, kLow));
  EXPECT_TRUE(NewerSessionWins(Out(seconds(0)), In(seconds(21)), kLow, kHigh));
  EXPECT_TRUE(NewerSessionWins(In(seconds(0)), Out(seconds(21)), kHigh, kLow));
}

}  // namespace
}  // namespace flblk::net
