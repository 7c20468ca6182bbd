#include "tests/harness/topology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flblk::harness {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const Shape kDemo{.builders = 2, .relays = 1, .subscribers = 2};

TEST(Topology, HaLinksBuildersAndPutsSubscribersBehindTheRelay) {
  EXPECT_THAT(*Links(kDemo, Topology::kHa),
              ElementsAre(Pair(0, 1), Pair(0, 2), Pair(1, 2), Pair(2, 3), Pair(2, 4)));
}

TEST(Topology, StarKeepsBuildersApart) {
  EXPECT_THAT(*Links(kDemo, Topology::kStar),
              ElementsAre(Pair(0, 2), Pair(1, 2), Pair(2, 3), Pair(2, 4)));
}

TEST(Topology, WithoutRelaysSubscribersSitBehindTheBuilders) {
  EXPECT_THAT(*Links({.builders = 2, .relays = 0, .subscribers = 1}, Topology::kHa),
              ElementsAre(Pair(0, 1), Pair(0, 2), Pair(1, 2)));
}

TEST(Topology, LineAndMesh) {
  EXPECT_THAT(*Links(kDemo, Topology::kLine),
              ElementsAre(Pair(0, 1), Pair(1, 2), Pair(2, 3), Pair(3, 4)));
  EXPECT_EQ(Links(kDemo, Topology::kMesh)->size(), 10u);
}

TEST(Topology, ImpossibleShapesAreRefused) {
  EXPECT_THAT(Links({.builders = 0}, Topology::kMesh).status().message(), HasSubstr("one builder"));
  EXPECT_THAT(Links({.builders = 1, .relays = 0}, Topology::kStar).status().message(),
              HasSubstr("one relay"));
  EXPECT_THAT(ParseTopology("ring").status().message(), HasSubstr("\"ring\""));
}

TEST(Topology, Names) {
  EXPECT_EQ(NodeName(kDemo, 1), "B");
  EXPECT_EQ(NodeName(kDemo, 2), "R1");
  EXPECT_EQ(NodeName(kDemo, 4), "S2");
}

}  // namespace
}  // namespace flblk::harness
