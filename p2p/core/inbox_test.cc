#include "p2p/core/inbox.h"

#include <gtest/gtest.h>

#include <random>

#include "p2p/wire/limits.h"

namespace flblk::core {
namespace {

using V = Inbox::Verdict;

PublicKey Key(uint8_t n) {
  PublicKey key;
  key.bytes.fill(n);
  return key;
}

FlashblockDelivered Item(uint64_t slot, uint64_t index, uint8_t builder = 1, uint8_t payload = 1,
                         uint64_t content = 0, size_t bytes = 100) {
  FlashblockDelivered item;
  item.authorization.timestamp = slot;
  item.authorization.payload_id = {3, payload};
  item.authorization.builder_vk = Key(builder);
  wire::FlashblocksPayloadV1 f;
  f.payload_id = item.authorization.payload_id;
  f.index = index;
  f.diff.gas_used = content;
  item.flashblock = std::make_shared<const wire::FlashblocksPayloadV1>(std::move(f));
  auto frame = std::make_shared<wire::Frame>();
  frame->body.resize(bytes);
  item.frame = std::move(frame);
  return item;
}

Authorization Auth(uint64_t slot, uint8_t payload = 1) {
  return Item(slot, 0, 9, payload).authorization;
}

TEST(Inbox, AnyOrderOfArrivalIsDeliveredInOrderOnce) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<uint64_t> arrival(40);
    for (size_t i = 0; i < arrival.size(); ++i) arrival[i] = i;
    std::shuffle(arrival.begin(), arrival.end(), random);
    Inbox inbox;
    uint64_t next = 0;
    for (const uint64_t index : arrival) {
      const Inbox::Offered offered = inbox.Offer(Item(10, index));
      EXPECT_EQ(offered.verdict, V::kAccepted);
      for (const FlashblockDelivered& item : offered.delivered)
        EXPECT_EQ(item.flashblock->index, next++);
    }
    EXPECT_EQ(next, arrival.size());
    EXPECT_EQ(inbox.block().size(), arrival.size());
    EXPECT_TRUE(inbox.ahead().empty());
  }
}

TEST(Inbox, NewestSlotOpensItsBlockAndOldOnesAreLate) {
  Inbox inbox;
  inbox.Offer(Item(10, 0));
  inbox.Offer(Item(10, 5));
  EXPECT_EQ(inbox.Offer(Item(12, 1, 1, 2)).verdict, V::kAccepted);
  EXPECT_EQ(inbox.slot(), 12u);
  EXPECT_TRUE(inbox.block().empty());
  EXPECT_EQ(inbox.ahead().size(), 1u);
  EXPECT_EQ(inbox.Offer(Item(10, 1)).verdict, V::kLate);
}

TEST(Inbox, FirstWinsForIndexAndPayload) {
  Inbox inbox;
  const FlashblockDelivered first = Item(10, 0);
  inbox.Offer(first);
  EXPECT_EQ(inbox.Offer(Item(10, 0)).verdict, V::kDuplicate);
  Inbox::Offered offered = inbox.Offer(Item(10, 0, 1, 1, 7));
  EXPECT_EQ(offered.verdict, V::kEvidence);
  EXPECT_EQ(offered.kind, Evidence::kTwoFlashblocks);
  EXPECT_EQ(offered.first, first.frame);
  EXPECT_EQ(inbox.Offer(Item(10, 0, 2)).kind, Evidence::kTwoBuilders);
  offered = inbox.Offer(Item(10, 0, 1, 2));
  EXPECT_EQ(offered.verdict, V::kEvidence);
  EXPECT_EQ(offered.kind, Evidence::kTwoPayloads);
  EXPECT_EQ(inbox.Offer(Item(10, 0, 2, 2)).verdict, V::kOtherPayload);
  EXPECT_EQ(inbox.block().size(), 1u);
}

TEST(Inbox, EvidenceIsFoundBehindAGapToo) {
  Inbox inbox;
  inbox.Offer(Item(10, 3));
  EXPECT_EQ(inbox.Offer(Item(10, 3, 1, 1, 7)).verdict, V::kEvidence);
  EXPECT_EQ(inbox.Offer(Item(10, 0, 1, 2)).kind, Evidence::kTwoPayloads);
}

TEST(Inbox, SuccessorGoesOnUnderTheSamePayloadId) {
  Inbox inbox;
  inbox.Offer(Item(10, 0, 1));
  inbox.Offer(Item(10, 1, 1));
  EXPECT_EQ(inbox.Offer(Item(10, 2, 2)).delivered.size(), 1u);
  EXPECT_EQ(inbox.block().back().authorization.builder_vk, Key(2));
}

TEST(Inbox, ResumePoint) {
  Inbox inbox;
  EXPECT_TRUE(inbox.ResumePoint(Auth(10)).possible);
  EXPECT_EQ(inbox.ResumePoint(Auth(10)).next_index, 0u);
  inbox.Offer(Item(10, 0));
  inbox.Offer(Item(10, 1));
  inbox.Offer(Item(10, 4));
  const Inbox::Resume resume = inbox.ResumePoint(Auth(10));
  EXPECT_EQ(resume.next_index, 5u);
  EXPECT_EQ(resume.missing, 2u);
  EXPECT_EQ(inbox.ResumePoint(Auth(12)).next_index, 0u);
  EXPECT_FALSE(inbox.ResumePoint(Auth(8)).possible);
  EXPECT_FALSE(inbox.ResumePoint(Auth(10, 2)).possible);
}

TEST(Inbox, BoundsOfIndexAndBytes) {
  Inbox inbox;
  EXPECT_EQ(inbox.Offer(Item(10, wire::kMaxFlashblockIndex + 1)).verdict, V::kFull);
  EXPECT_EQ(inbox.Offer(Item(10, wire::kMaxFlashblockIndex)).verdict, V::kAccepted);
  const size_t quarter = Inbox::kMaxBlockBytes / 4;
  for (uint64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(inbox.Offer(Item(10, i, 1, 1, 0, quarter)).verdict, V::kAccepted);
  }
  EXPECT_EQ(inbox.Offer(Item(10, 3, 1, 1, 0, quarter)).verdict, V::kFull);
  EXPECT_EQ(inbox.Offer(Item(10, 3)).verdict, V::kAccepted);
  EXPECT_EQ(inbox.Offer(Item(12, 0, 1, 2, 0, quarter)).verdict,
            V::kAccepted);  // a new block, a new bound
}

}  // namespace
}  // namespace flblk::core
