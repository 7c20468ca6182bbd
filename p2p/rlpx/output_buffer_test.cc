#include "p2p/rlpx/output_buffer.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace flblk::rlpx {
namespace {

Bytes Pending(const OutputBuffer& buffer) {
  return {buffer.pending().begin(), buffer.pending().end()};
}

TEST(OutputBuffer, IsAQueueOfBytes) {
  OutputBuffer buffer;
  std::deque<uint8_t> model;
  std::mt19937_64 random(7);
  for (int i = 0; i < 5000; ++i) {
    if (random() % 2 == 0) {
      Bytes chunk(random() % 700);
      for (uint8_t& b : chunk) b = static_cast<uint8_t>(random());
      buffer.Append(chunk);
      model.insert(model.end(), chunk.begin(), chunk.end());
    } else {
      const size_t n = random() % (model.size() + 1);
      buffer.Consume(n);
      model.erase(model.begin(), model.begin() + static_cast<long>(n));
    }
    if (random() % 50 == 0) buffer.Trim();
    ASSERT_EQ(Pending(buffer), Bytes(model.begin(), model.end()));
  }
}

TEST(OutputBuffer, ReusesItsMemory) {
  OutputBuffer buffer;
  buffer.Append(Bytes(100000));
  const size_t capacity = buffer.capacity();
  for (int i = 0; i < 100; ++i) {
    buffer.Consume(100000);
    buffer.Append(Bytes(100000));
  }
  EXPECT_EQ(buffer.capacity(), capacity);
}

TEST(OutputBuffer, TradesMemoryWhereItIsEmptyAndCopiesElse) {
  OutputBuffer buffer;
  buffer.Append(Bytes(1000, 1));
  buffer.Consume(1000);
  OutputBuffer::Block block{std::make_unique<uint8_t[]>(5000), 5000};
  const uint8_t* const memory = block.data.get();
  block.data[2] = 7;
  buffer.Adopt(block, 3);
  EXPECT_EQ(buffer.pending().data(), memory);
  EXPECT_EQ(buffer.capacity(), 5000u);
  EXPECT_GE(block.capacity, 1000u);  // the buffer's own, for the next
  block.data[0] = 9;
  buffer.Adopt(block, 1);
  EXPECT_EQ(Pending(buffer), (Bytes{0, 0, 7, 9}));
  EXPECT_EQ(buffer.pending().data(), memory);
}

// A reader that always leaves a little behind does not make the buffer grow.
TEST(OutputBuffer, StaysBoundedWhenNeverEmpty) {
  OutputBuffer buffer;
  for (int i = 0; i < 10000; ++i) {
    buffer.Append(Bytes(1000));
    if (buffer.pending().size() > 5000) buffer.Consume(4000);
  }
  EXPECT_LE(buffer.capacity(), size_t{32768});
}

TEST(OutputBuffer, TrimGivesBackWhatWasNotUsed) {
  OutputBuffer buffer;
  buffer.Append(Bytes(1 << 20));
  buffer.Consume(1 << 20);
  buffer.Trim();  // it was used since the last
  EXPECT_GE(buffer.capacity(), size_t{1} << 20);
  buffer.Append(Bytes{1, 2, 3});
  buffer.Trim();
  EXPECT_LE(buffer.capacity(), size_t{4096});
  EXPECT_EQ(Pending(buffer), (Bytes{1, 2, 3}));
}

}  // namespace
}  // namespace flblk::rlpx
