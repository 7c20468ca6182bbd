#include "tests/harness/latency.h"

#include <gtest/gtest.h>

namespace flblk::harness {
namespace {

TEST(Latencies, EmptyIsZero) {
  Latencies none;
  EXPECT_EQ(none.count(), 0u);
  EXPECT_EQ(none.Percentile(50), 0);
  EXPECT_EQ(none.Max(), 0);
}

TEST(Latencies, NearestRank) {
  Latencies l;
  for (int64_t ns = 100; ns >= 1; --ns) l.Add(ns);
  EXPECT_EQ(l.Percentile(0), 1);
  EXPECT_EQ(l.Percentile(50), 50);
  EXPECT_EQ(l.Percentile(99), 99);
  EXPECT_EQ(l.Percentile(99.5), 100);
  EXPECT_EQ(l.Max(), 100);
}

TEST(Latencies, AddAfterAReadIsSeen) {
  Latencies l;
  l.Add(5);
  EXPECT_EQ(l.Max(), 5);
  l.Add(9);
  EXPECT_EQ(l.Max(), 9);
  EXPECT_EQ(l.Percentile(50), 5);
}

TEST(Latencies, Merge) {
  Latencies a, b;
  a.Add(1);
  b.Add(3);
  a.Merge(b);
  EXPECT_EQ(a.count(), 2u);
  EXPECT_EQ(a.Max(), 3);
}

}  // namespace
}  // namespace flblk::harness
