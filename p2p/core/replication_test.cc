#include "p2p/core/replication.h"

#include <gtest/gtest.h>

namespace flblk::core {
namespace {

using std::chrono::milliseconds;

constexpr MonoTime kStart{1'000'000};
constexpr Duration kLimit = milliseconds(50);

MonoTime After(int ms) { return kStart + milliseconds(ms); }

FlashblockDelivered Item(uint64_t slot, uint64_t index) {
  FlashblockDelivered item;
  item.authorization.timestamp = slot;
  auto flashblock = std::make_shared<wire::FlashblocksPayloadV1>();
  flashblock->index = index;
  item.flashblock = std::move(flashblock);
  return item;
}

// "0:confirmed@3": index, why, waited ms.
std::string Text(const std::optional<Replication::Released>& released) {
  if (!released) return "-";
  const Replicated& how = *released->item.replicated;
  return std::to_string(released->item.flashblock->index) + ":" + Name(how.why) + "@" +
         std::to_string(how.waited / milliseconds(1));
}

TEST(Replication, LetsGoOnceEnoughConfirmed) {
  Replication r;
  r.Hold(Item(10, 0), true, {1, 2, 3}, 2, kStart, kLimit);
  EXPECT_EQ(Text(r.Take(After(1))), "-");
  r.Confirm(2, 1);
  r.Confirm(2, 1);  // the same once more
  r.Confirm(9, 1);  // nobody asked it
  EXPECT_EQ(Text(r.Take(After(2))), "-");
  r.Confirm(3, 1);
  EXPECT_EQ(Text(r.Take(After(3))), "0:confirmed@3");
  EXPECT_EQ(Text(r.Take(After(3))), "-");
  EXPECT_EQ(r.NextDeadline(), std::nullopt);
}

TEST(Replication, TimeLimitLetsGo) {
  Replication r;
  r.Hold(Item(10, 0), true, {1}, 1, kStart, kLimit);
  EXPECT_EQ(r.NextDeadline(), kStart + kLimit);
  EXPECT_EQ(Text(r.Take(After(49))), "-");
  EXPECT_EQ(Text(r.Take(After(50))), "0:timed out@50");
}

TEST(Replication, KeepsTheOrder) {
  Replication r;
  EXPECT_EQ(r.next_number(), 1u);
  r.Hold(Item(10, 0), true, {1}, 1, kStart, kLimit);
  r.Hold(Item(10, 1), true, {}, 1, After(1), kLimit);  // nobody to wait for, but behind the first
  EXPECT_EQ(r.next_number(), 3u);
  EXPECT_EQ(Text(r.Take(After(2))), "-");
  r.Confirm(1, 1);
  EXPECT_EQ(Text(r.Take(After(3))), "0:confirmed@3");
  EXPECT_EQ(Text(r.Take(After(3))), "1:fewer standbys@2");
}

TEST(Replication, AConfirmationCountsForAllBefore) {
  Replication r;
  for (uint64_t i = 0; i < 3; ++i) r.Hold(Item(10, i), true, {1}, 1, kStart, kLimit);
  r.Confirm(1, 2);
  EXPECT_EQ(Text(r.Take(After(1))), "0:confirmed@1");
  EXPECT_EQ(Text(r.Take(After(1))), "1:confirmed@1");
  EXPECT_EQ(Text(r.Take(After(1))), "-");
}

TEST(Replication, NobodyIsWaitedForInVain) {
  Replication r;
  r.Hold(Item(10, 0), true, {1, 2}, 2, kStart, kLimit);
  r.Confirm(1, 1);
  r.Lose(2);
  EXPECT_EQ(Text(r.Take(After(1))), "0:fewer standbys@1");
  r.Hold(Item(10, 1), true, {1}, 1, kStart, kLimit);
  r.Confirm(1, 2);
  r.Lose(1);  // it had confirmed
  EXPECT_EQ(Text(r.Take(After(1))), "1:confirmed@1");
}

TEST(Replication, TakeAnyEmptiesIt) {
  Replication r;
  r.Hold(Item(10, 0), true, {1}, 1, kStart, kLimit);
  r.Hold(Item(10, 1), true, {1}, 1, kStart, kLimit);
  r.Confirm(1, 1);
  EXPECT_EQ(Text(r.TakeAny(After(4))), "0:confirmed@4");
  EXPECT_EQ(Text(r.TakeAny(After(4))), "1:released@4");
  EXPECT_EQ(Text(r.TakeAny(After(4))), "-");
}

TEST(Replication, KnowsWhatTheHostHasNotSeen) {
  Replication r;
  r.Hold(Item(10, 4), true, {1}, 1, kStart, kLimit);
  r.Hold(Item(12, 0), true, {1}, 1, kStart, kLimit);
  r.Hold(Item(12, 5), false, {1}, 1, kStart, kLimit);  // behind a gap
  EXPECT_EQ(r.HiddenOf(10), 1u);
  EXPECT_EQ(r.HiddenOf(12), 1u);
  EXPECT_TRUE(r.Holds(12, 5));
  EXPECT_FALSE(r.Holds(10, 5));
  EXPECT_TRUE(r.TakeAny(kStart)->deliver);
  r.TakeAny(kStart);
  EXPECT_FALSE(r.TakeAny(kStart)->deliver);
}

}  // namespace
}  // namespace flblk::core
