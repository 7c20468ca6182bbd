#include "p2p/wire/known_frames.h"

#include <gtest/gtest.h>

namespace flblk::wire {
namespace {

FramePtr MakeFrame(size_t size, uint8_t fill, MessageId id = MessageId::kAuthorized) {
  return std::make_shared<const Frame>(Frame{id, Bytes(size, 1), Bytes(size, fill)});
}

TEST(KnownFramesTest, FindsTheSameBytesOnly) {
  KnownFrames known;
  const FramePtr frame = MakeFrame(500, 7);
  EXPECT_EQ(known.Find(frame->id, frame->snappy), nullptr);
  known.Add(frame);
  EXPECT_EQ(known.Find(frame->id, Bytes(frame->snappy)), frame);
  EXPECT_EQ(known.Find(MessageId::kCancelFlashblocks, frame->snappy), nullptr);
  for (size_t i = 0; i < frame->snappy.size(); ++i) {  // whichever byte differs
    Bytes other = frame->snappy;
    other[i] ^= 1;
    ASSERT_EQ(known.Find(frame->id, other), nullptr) << i;
  }
  EXPECT_EQ(known.Find(frame->id, ByteView(frame->snappy).first(499)), nullptr);
  EXPECT_EQ(known.Find(frame->id, {}), nullptr);
}

TEST(KnownFramesTest, TheOldestMakesRoom) {
  KnownFrames known;
  const FramePtr first = MakeFrame(100, 0);
  known.Add(first);
  for (size_t i = 1; i < KnownFrames::kCapacity; ++i) known.Add(MakeFrame(100 + i, 0));
  known.Add(first);  // in there: moves nothing out
  EXPECT_EQ(known.Find(first->id, first->snappy), first);
  known.Add(MakeFrame(50, 0));
  EXPECT_EQ(known.Find(first->id, first->snappy), nullptr);
}

TEST(KnownFramesTest, HoldsNoMoreThanItsBytes) {
  KnownFrames known;
  std::vector<FramePtr> frames;
  for (uint8_t i = 0; i < 5; ++i) {
    frames.push_back(MakeFrame(KnownFrames::kMaxBytes / 8, i));  // twice that each
    known.Add(frames.back());
  }
  EXPECT_EQ(known.Find(frames[0]->id, frames[0]->snappy), nullptr);
  for (int i = 1; i < 5; ++i) EXPECT_EQ(known.Find(frames[i]->id, frames[i]->snappy), frames[i]);
  const FramePtr huge = MakeFrame(KnownFrames::kMaxBytes / 2 + 1, 9);
  known.Add(huge);
  EXPECT_EQ(known.Find(huge->id, huge->snappy), nullptr);
  EXPECT_EQ(known.Find(frames[4]->id, frames[4]->snappy), frames[4]);
  frames.clear();
}

}  // namespace
}  // namespace flblk::wire
