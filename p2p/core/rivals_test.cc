#include "p2p/core/rivals.h"

#include <gtest/gtest.h>

#include "p2p/core/testing/handoff_bench.h"

namespace flblk::core::handoff {
namespace {

using testing::Key;

Rival& Put(RivalTable& table, uint8_t key, uint64_t slot, RivalKind kind) {
  Rival* rival = table.Enter(Key(key), slot);
  rival->kind = kind;
  return *rival;
}

TEST(Rivals, EnterKeepsKeysSortedAndUnique) {
  RivalTable table;
  for (uint8_t key : {7, 2, 9, 2}) Put(table, key, 10, RivalKind::kAnnounced);
  ASSERT_EQ(table.all().size(), 3u);
  EXPECT_EQ(table.all()[0].key, Key(2));
  EXPECT_EQ(table.all()[2].key, Key(9));
}

TEST(Rivals, EnterNeverMovesBackwardsAndClearsMarksForwards) {
  RivalTable table;
  Put(table, 7, 10, RivalKind::kStopped).stop_seen = true;
  EXPECT_EQ(table.Enter(Key(7), 9), nullptr);
  EXPECT_TRUE(table.Enter(Key(7), 10)->stop_seen);
  EXPECT_FALSE(table.Enter(Key(7), 12)->stop_seen);
  EXPECT_TRUE(table.all()[0].live());
}

TEST(Rivals, PruneRemovesWhatIsTwoSlotsOld) {
  RivalTable table;
  Put(table, 1, 10, RivalKind::kPublishing);
  Put(table, 2, 12, RivalKind::kPublishing);
  table.Prune(13, 2);
  EXPECT_EQ(table.all().size(), 2u);
  table.Prune(14, 2);
  ASSERT_EQ(table.all().size(), 1u);
  EXPECT_EQ(table.all()[0].key, Key(2));
  RivalTable same;
  Put(same, 2, 12, RivalKind::kPublishing);
  EXPECT_EQ(table, same);  // nothing is left behind in unused places
}

TEST(Rivals, FullTableGivesUpTheOldestStoppedFirst) {
  RivalTable table;
  for (uint8_t i = 0; i < RivalTable::kCapacity; ++i)
    Put(table, 10 + i, 20 + i, RivalKind::kPublishing);
  table.Find(Key(15))->kind = RivalKind::kStopped;
  EXPECT_NE(table.Enter(Key(1), 30), nullptr);
  EXPECT_EQ(table.Find(Key(15)), nullptr);
  EXPECT_NE(table.Enter(Key(2), 30), nullptr);
  EXPECT_EQ(table.Find(Key(10)), nullptr);
  EXPECT_EQ(table.Enter(Key(3), 5), nullptr);  // older than all
  EXPECT_EQ(table.all().size(), RivalTable::kCapacity);
}

TEST(Rivals, LiveAgainst) {
  RivalTable table;
  Put(table, 7, 10, RivalKind::kAnnounced);
  EXPECT_FALSE(table.AnyLiveAgainst(10, Key(5)));  // lower key outranks
  EXPECT_TRUE(table.AnyLiveAgainst(10, Key(8)));
  EXPECT_FALSE(table.AnyLiveAgainst(12, Key(8)));  // newer slot outranks
  EXPECT_TRUE(table.AnyLiveAgainst(9, Key(5)));
  table.Find(Key(7))->kind = RivalKind::kPublishing;
  EXPECT_TRUE(table.AnyLiveAgainst(12, Key(5)));
  table.Find(Key(7))->kind = RivalKind::kStopped;
  EXPECT_FALSE(table.AnyLiveAgainst(9, Key(8)));
  EXPECT_FALSE(table.AnyLive());
}

TEST(Rivals, TopPrefersPublishingThenNewestThenLowest) {
  RivalTable table;
  EXPECT_EQ(table.Top(), std::nullopt);
  Put(table, 4, 10, RivalKind::kAnnounced);
  Put(table, 3, 12, RivalKind::kAnnounced);
  EXPECT_EQ(table.Top(), Key(3));
  Put(table, 9, 10, RivalKind::kPublishing);
  Put(table, 8, 10, RivalKind::kPublishing);
  EXPECT_EQ(table.Top(), Key(8));
}

}  // namespace
}  // namespace flblk::core::handoff
