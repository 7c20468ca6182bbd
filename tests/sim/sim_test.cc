// The simulator itself: the same seed is the same run, and a failure is found, replayed and shrunk.
#include <gtest/gtest.h>

#include <sstream>

#include "tests/sim/world.h"

namespace flblk::sim {
namespace {

// A network on whose links every fifth message vanishes.
Schedule Broken(uint64_t seed) {
  Schedule s = MakeSchedule(seed, 10);
  s.vanish = 5;
  return s;
}

TEST(Simulation, TheSameSeedIsTheSameRunEventForEvent) {
  for (uint64_t seed : {1, 2, 3}) {
    std::ostringstream first, second;
    const RunResult a = sim::Run(MakeSchedule(seed, 0), &first),
                    b = sim::Run(MakeSchedule(seed, 0), &second);
    EXPECT_EQ(a.trace, b.trace);
    EXPECT_EQ(a.events, b.events);
    EXPECT_EQ(first.str(), second.str());
    EXPECT_FALSE(first.str().empty());
    EXPECT_TRUE(a.violations.empty()) << a.violations.front();
  }
}

TEST(Simulation, AnotherSeedIsAnotherRun) {
  EXPECT_NE(sim::Run(MakeSchedule(1, 10)).trace, sim::Run(MakeSchedule(2, 10)).trace);
}

TEST(Simulation, HostileNodesActAlikeInAReplayAndAreDropped) {
  uint64_t banned = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Schedule s = MakeSchedule(seed, 10);
    s.hostile = 2;
    std::ostringstream first, second;
    const RunResult a = sim::Run(s, &first), b = sim::Run(s, &second);
    EXPECT_EQ(a.trace, b.trace);
    EXPECT_EQ(first.str(), second.str());
    EXPECT_NE(first.str().find("node 11 is hostile"), std::string::npos);
    EXPECT_TRUE(a.violations.empty()) << a.violations.front();
    banned += a.banned;
  }
  EXPECT_GT(banned, 0u);
}

TEST(Simulation, SizesAreMixed) {
  int large = 0, hostile = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    const Schedule s = MakeSchedule(seed, 0);
    EXPECT_TRUE((s.nodes >= 4 && s.nodes <= 20) || (s.nodes >= 50 && s.nodes <= 80));
    large += s.nodes >= 50;
    hostile += s.hostile > 0;
  }
  EXPECT_GT(hostile, 200);
  EXPECT_LT(hostile, 300);
  EXPECT_GT(large, 350);
  EXPECT_LT(large, 450);
}

TEST(Simulation, AFailureIsFoundReplayedAndShrunk) {
  Schedule failing;
  RunResult first;
  for (uint64_t seed = 1; first.violations.empty(); ++seed) {
    ASSERT_LT(seed, 50u);
    failing = Broken(seed);
    if (failing.faults.size() + failing.failovers.size() > 2) first = sim::Run(failing);
  }
  std::ostringstream log, again;
  EXPECT_EQ(sim::Run(failing, &log).trace, first.trace);
  EXPECT_EQ(sim::Run(failing, &again).violations, first.violations);
  EXPECT_EQ(log.str(), again.str());
  EXPECT_NE(log.str().find("VIOLATION " + first.violations.front()), std::string::npos);

  const Schedule small = Shrink(failing);
  const auto size = [](const Schedule& s) {
    return s.faults.size() + s.failovers.size() + s.nodes + s.hostile;
  };
  EXPECT_LT(size(small), size(failing));
  EXPECT_FALSE(sim::Run(small).violations.empty());
  EXPECT_NE(Describe(small).find("nodes"), std::string::npos);
}

}  // namespace
}  // namespace flblk::sim
