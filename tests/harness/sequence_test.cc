#include "tests/harness/sequence.h"

#include <gtest/gtest.h>

namespace flblk::harness {
namespace {

TEST(Sequence, InOrder) {
  SequenceChecker checker;
  for (uint64_t i = 0; i < 5; ++i) EXPECT_EQ(checker.Add(i, 0), Arrival::kNext);
  for (uint64_t i = 5; i < 10; ++i) EXPECT_EQ(checker.Add(i, 1), Arrival::kNext);
  EXPECT_EQ(checker.holes(), 0u);
  EXPECT_EQ(FormatSequence(checker.publishers()), "0-4 A, 5-9 B");
}

TEST(Sequence, DuplicateGapAndLateArrival) {
  SequenceChecker checker;
  EXPECT_EQ(checker.Add(0, 0), Arrival::kNext);
  EXPECT_EQ(checker.Add(0, 1), Arrival::kDuplicate);
  EXPECT_EQ(checker.Add(3, 0), Arrival::kGap);
  EXPECT_EQ(checker.holes(), 2u);
  EXPECT_TRUE(checker.Has(3));
  EXPECT_FALSE(checker.Has(2));
  EXPECT_FALSE(checker.Has(4));
  EXPECT_EQ(FormatSequence(checker.publishers()), "0 A, 1-2 -, 3 A");
  EXPECT_EQ(checker.Add(1, 1), Arrival::kOutOfOrder);
  EXPECT_EQ(checker.Add(1, 1), Arrival::kDuplicate);
  EXPECT_EQ(checker.holes(), 1u);
}

TEST(Sequence, FirstIndexMissing) {
  SequenceChecker checker;
  EXPECT_EQ(checker.Add(1, 0), Arrival::kGap);
  EXPECT_EQ(FormatSequence(checker.publishers()), "0 -, 1 A");
  EXPECT_EQ(FormatSequence({}), "nothing");
}

}  // namespace
}  // namespace flblk::harness
