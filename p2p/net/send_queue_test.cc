#include "p2p/net/send_queue.h"

#include <map>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace flblk::net {
namespace {

using core::SendClass;
using Verdict = SendQueue::Verdict;

// The body tells slot and index, so that what comes out can be recognised.
wire::FramePtr Flashblock(uint64_t slot, uint8_t index, size_t size) {
  auto frame = std::make_shared<wire::Frame>();
  frame->body = {static_cast<uint8_t>(slot), index};
  frame->snappy.resize(size);
  return frame;
}

wire::FramePtr Control(uint8_t tag) {
  auto frame = std::make_shared<wire::Frame>();
  frame->id = wire::MessageId::kAcceptFlashblocks;
  frame->body = {tag};
  frame->snappy = {0};
  return frame;
}

constexpr size_t kCost = 1000;
constexpr size_t kSize = kCost - SendQueue::kFrameOverhead;

Verdict PushFb(SendQueue& q, uint64_t slot, uint8_t index, size_t size = kSize) {
  return q.Push(Flashblock(slot, index, size), SendClass::kFlashblock, slot);
}
Verdict PushControl(SendQueue& q, uint8_t tag) {
  return q.Push(Control(tag), SendClass::kControl, 0);
}

std::vector<Bytes> Drain(SendQueue& q) {
  std::vector<Bytes> out;
  for (; !q.empty(); q.Pop()) out.push_back(q.front()->body);
  return out;
}

TEST(SendQueueTest, KeepsTheOrderOfTheEngine) {
  SendQueue q(100 * kCost);
  PushControl(q, 0xaa);
  PushFb(q, 10, 0);
  PushControl(q, 0xbb);
  PushFb(q, 10, 1);
  EXPECT_EQ(q.frames(), 4u);
  EXPECT_EQ(q.bytes(), 2 * kCost);
  EXPECT_EQ(Drain(q), (std::vector<Bytes>{{0xaa}, {10, 0}, {0xbb}, {10, 1}}));
  EXPECT_EQ(q.bytes(), 0u);
  EXPECT_EQ(q.dropped(), 0u);
}

TEST(SendQueueTest, SharesTheFrame) {
  SendQueue q(100 * kCost);
  const wire::FramePtr frame = Flashblock(1, 0, 10);
  q.Push(frame, SendClass::kFlashblock, 1);
  EXPECT_EQ(q.front().get(), frame.get());
}

TEST(SendQueueTest, OverTheBoundTheOldestBlockGoesAsAWhole) {
  SendQueue q(6 * kCost);
  for (uint8_t i = 0; i < 3; ++i) PushFb(q, 10, i);
  for (uint8_t i = 0; i < 3; ++i) PushFb(q, 12, i);
  EXPECT_EQ(PushFb(q, 12, 3), Verdict::kQueued);
  EXPECT_EQ(q.dropped(), 3u);
  EXPECT_EQ(Drain(q), (std::vector<Bytes>{{12, 0}, {12, 1}, {12, 2}, {12, 3}}));
}

TEST(SendQueueTest, OnlyAsManyBlocksGoAsNeeded) {
  SendQueue q(6 * kCost);
  for (uint64_t slot : {10, 11, 12}) {
    for (uint8_t i = 0; i < 2; ++i) PushFb(q, slot, i);
  }
  PushFb(q, 13, 0);
  EXPECT_EQ(Drain(q), (std::vector<Bytes>{{11, 0}, {11, 1}, {12, 0}, {12, 1}, {13, 0}}));
}

TEST(SendQueueTest, TheFlowingBlockKeepsItsPrefixAndLosesTheRest) {
  SendQueue q(3 * kCost);
  for (uint8_t i = 0; i < 3; ++i) EXPECT_EQ(PushFb(q, 10, i), Verdict::kQueued);
  EXPECT_EQ(PushFb(q, 10, 3), Verdict::kDropped);
  q.Pop();
  q.Pop();
  EXPECT_EQ(PushFb(q, 10, 4), Verdict::kDropped) << "a gap after index 2";
  EXPECT_EQ(PushFb(q, 11, 0), Verdict::kQueued);
  EXPECT_EQ(Drain(q), (std::vector<Bytes>{{10, 2}, {11, 0}}));
  EXPECT_EQ(q.dropped(), 2u);
}

TEST(SendQueueTest, ACutBlockStaysCut) {
  SendQueue q(2 * kCost);
  PushFb(q, 10, 0);
  PushFb(q, 10, 1);
  PushFb(q, 11, 0);  // 10 goes
  EXPECT_EQ(PushFb(q, 10, 2), Verdict::kDropped);
  EXPECT_EQ(PushFb(q, 9, 0), Verdict::kDropped);
  EXPECT_EQ(Drain(q), (std::vector<Bytes>{{11, 0}}));
}

TEST(SendQueueTest, ControlSurvivesEveryDrop) {
  SendQueue q(2 * kCost);
  PushControl(q, 1);
  PushFb(q, 10, 0);
  PushControl(q, 2);
  PushFb(q, 10, 1);
  PushControl(q, 3);
  PushFb(q, 11, 0);
  EXPECT_EQ(PushControl(q, 4), Verdict::kQueued);
  EXPECT_EQ(Drain(q), (std::vector<Bytes>{{1}, {2}, {3}, {11, 0}, {4}}));
}

TEST(SendQueueTest, StaleBlocksGoEvenBelowTheBound) {
  SendQueue q(1000 * kCost);
  PushFb(q, 100, 0);
  PushFb(q, 102, 0);
  PushFb(q, 108, 0);
  EXPECT_EQ(Drain(q), (std::vector<Bytes>{{102, 0}, {108, 0}}));
  EXPECT_EQ(PushFb(q, 101, 0), Verdict::kDropped);
  EXPECT_EQ(PushFb(q, 102, 1), Verdict::kQueued);
}

TEST(SendQueueTest, AFrameAboveTheBoundCutsItsBlockOnly) {
  SendQueue q(2 * kCost);
  PushFb(q, 10, 0);
  EXPECT_EQ(PushFb(q, 10, 1, 5 * kCost), Verdict::kDropped);
  EXPECT_EQ(PushFb(q, 11, 0), Verdict::kQueued);
  EXPECT_EQ(Drain(q), (std::vector<Bytes>{{10, 0}, {11, 0}}));
}

TEST(SendQueueTest, TooManyControlMessagesOverflow) {
  SendQueue q(kCost);
  for (size_t i = 0; i < SendQueue::kMaxControl; ++i)
    ASSERT_EQ(PushControl(q, 0), Verdict::kQueued);
  EXPECT_EQ(PushControl(q, 0), Verdict::kOverflow);
  q.Pop();
  EXPECT_EQ(PushControl(q, 0), Verdict::kQueued);
}

TEST(SendQueueTest, DropFlashblocksLeavesControl) {
  SendQueue q(100 * kCost);
  PushFb(q, 10, 0);
  PushControl(q, 7);
  q.DropFlashblocks();
  EXPECT_EQ(PushFb(q, 99, 0), Verdict::kDropped);
  EXPECT_EQ(Drain(q), (std::vector<Bytes>{{7}}));
  EXPECT_EQ(q.bytes(), 0u);
}

// Random pushes and pops: whatever happens, each block comes out as a prefix 0..k, control complete
// and in order.
TEST(SendQueueTest, AnySequenceLeavesPrefixes) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 300; ++round) {
    SendQueue q((1 + random() % 30) * kCost);
    std::map<uint64_t, uint8_t> pushed, received;
    uint8_t control_pushed = 0, control_received = 0;
    uint64_t slot = 100, dropped = 0;
    size_t popped = 0, offered = 0;
    const auto pop = [&] {
      const Bytes body = q.front()->body;
      q.Pop();
      if (body.size() == 1) {
        ASSERT_EQ(body[0], control_received++);
      } else {
        ASSERT_EQ(body[1], received[body[0]]++) << "gap in slot " << int(body[0]);
        ++popped;
      }
    };
    for (int step = 0; step < 300; ++step) {
      const uint64_t dice = random() % 100;
      if (dice < 5 && slot < 200) slot += 1 + random() % 2;
      if (dice < 55) {
        const uint64_t s = slot - (random() % 10 == 0 ? 1 : 0);
        ++offered;
        if (PushFb(q, s, pushed[s]++, random() % (3 * kCost)) == Verdict::kDropped) ++dropped;
      } else if (dice < 65) {
        ASSERT_EQ(PushControl(q, control_pushed++), Verdict::kQueued);
      } else if (!q.empty()) {
        pop();
      }
    }
    while (!q.empty()) pop();
    EXPECT_EQ(control_received, control_pushed);
    EXPECT_EQ(popped + q.dropped(), offered);
    EXPECT_GE(q.dropped(), dropped);
    EXPECT_EQ(q.bytes(), 0u);
  }
}

}  // namespace
}  // namespace flblk::net
