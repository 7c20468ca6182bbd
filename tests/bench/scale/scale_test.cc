// The parts of flblk-scale, and the simulator against the formula.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <set>

#include "absl/strings/str_cat.h"
#include "tests/bench/scale/options.h"

namespace flblk::scale {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kMs = 1'000'000;

Costs Round() {
  return {.size = 100'000,
          .wire_bytes = 125'000,  // 1 ms at 1 Gb/s
          .publish_ns = 5 * kMs,
          .relay_ns = 3 * kMs,
          .seal_group_ns = 2 * kMs,
          .send_ns = 0,
          .duplicate_ns = kMs};
}
constexpr uint64_t kGigabit = 1'000'000'000;

// ---- graphs

TEST(ScaleGraph, MeshIsRegularSimpleAndMutual) {
  const Graph graph = Mesh(500, 7 + 1, 3);
  for (uint32_t n = 0; n < graph.size(); ++n) {
    const std::set<uint32_t> peers(graph[n].begin(), graph[n].end());
    EXPECT_EQ(peers.size(), 8u);
    EXPECT_EQ(graph[n].size(), 8u);
    EXPECT_FALSE(peers.contains(n));
    for (const uint32_t peer : peers) {
      EXPECT_NE(std::find(graph[peer].begin(), graph[peer].end(), n), graph[peer].end());
    }
  }
  EXPECT_EQ(graph, Mesh(500, 8, 3));
  EXPECT_NE(graph, Mesh(500, 8, 4));
}

TEST(ScaleGraph, ASmallDenseMeshIsMendedToo) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    for (const auto& peers : Mesh(12, 5, seed)) {
      EXPECT_EQ(std::set<uint32_t>(peers.begin(), peers.end()).size(), 5u);
    }
  }
}

TEST(ScaleGraph, FeedsAreBoundedOnBothSides) {
  const Graph graph = Feeds(1000, 10, 3, 5);
  std::vector<uint32_t> fed(graph.size(), 0);
  for (const auto& peers : graph) {
    EXPECT_LE(peers.size(), 10u);
    for (const uint32_t peer : peers) ++fed[peer];
  }
  EXPECT_EQ(graph[0].size(), 10u);
  EXPECT_EQ(fed[0], 0u);
  for (size_t n = 1; n < fed.size(); ++n) EXPECT_EQ(fed[n], 3u) << n;
}

// ---- one node

TEST(ScaleDepartures, GroupsOfEightThenTheLink) {
  Network network;
  EXPECT_THAT(Departures(Round(), network, 3), ElementsAre(2 * kMs, 2 * kMs, 2 * kMs));
  network.bits_per_second = kGigabit;
  EXPECT_THAT(Departures(Round(), network, 3), ElementsAre(3 * kMs, 4 * kMs, 5 * kMs));
  network.fair = true;
  EXPECT_THAT(Departures(Round(), network, 3), ElementsAre(5 * kMs, 5 * kMs, 5 * kMs));
  network = {.bits_per_second = 10 * kGigabit};
  const auto ten = Departures(Round(), network, 10);
  EXPECT_EQ(ten[7], 2 * kMs + 8 * kMs / 10);
  EXPECT_EQ(ten[8], 4 * kMs + kMs / 10);  // the second group waits for the thread, not the link
}

TEST(ScaleLatency, IsMutualSeededAndHasItsMedian) {
  const Network network{.rtt_ns = 100 * kMs, .sigma = 0.5};
  std::vector<int64_t> all;
  for (uint32_t n = 1; n <= 2001; ++n) {
    EXPECT_EQ(LatencyNs(network, 1, 0, n), LatencyNs(network, 1, n, 0));
    all.push_back(LatencyNs(network, 1, 0, n));
  }
  EXPECT_NE(LatencyNs(network, 1, 0, 1), LatencyNs(network, 2, 0, 1));
  std::sort(all.begin(), all.end());
  EXPECT_NEAR(static_cast<double>(all[1000]) / (50 * kMs), 1, 0.05);
  EXPECT_NEAR(static_cast<double>(all[1682]) / (50 * kMs), std::exp(0.5), 0.1);  // one sigma
  EXPECT_EQ(LatencyNs({.rtt_ns = 100 * kMs}, 1, 0, 1), 50 * kMs);
}

// ---- the whole

// Every level ends when the last receiver of the last node has its frame: all by hand.
TEST(ScaleSimulate, ACompleteTreeTakesDepthTimesOneHop) {
  const Network network{.rtt_ns = 40 * kMs, .bits_per_second = kGigabit};
  for (const uint32_t fan_out : {2u, 5u, 8u, 9u, 20u}) {
    const uint32_t depth = fan_out > 9 ? 2 : 3;
    const Outcome out = Simulate(Tree(fan_out, depth), Round(), network, {}, 1);
    const int64_t groups = (fan_out + 7) / 8;
    // The link, one frame per ms, is busy from the first group on: eight frames outlast a seal.
    const int64_t hop = (groups > 0 ? 2 : 0) * kMs + fan_out * kMs + 20 * kMs;
    EXPECT_EQ(out.reached_ns.back(), 5 * kMs + hop + (depth - 1) * (3 * kMs + hop)) << fan_out;
    EXPECT_EQ(out.most_hops, depth);
    EXPECT_EQ(out.reached_ns.front(), 0);
    EXPECT_EQ(out.reached_ns.size(), out.nodes);
  }
}

TEST(ScaleSimulate, WithoutALinkLimitTheGroupsDecide) {
  const Network network{.rtt_ns = 40 * kMs};
  const Outcome out = Simulate(Tree(20, 2), Round(), network, {}, 1);
  EXPECT_EQ(out.reached_ns.back(), (5 + 3) * kMs + 2 * (3 * 2 + 20) * kMs);
}

TEST(ScaleSimulate, ColdTcpTakesItsRoundTrips) {
  Network network{.rtt_ns = 40 * kMs};
  const Graph tree = Tree(2, 3);
  const int64_t warm = Simulate(tree, Round(), network, {}, 1).reached_ns.back();
  network.extra_round_trips = 2;
  EXPECT_EQ(Simulate(tree, Round(), network, {}, 1).reached_ns.back() - warm, 3 * 2 * 40 * kMs);
}

TEST(ScaleSimulate, FurtherCopiesCostTheThreadTime) {
  const Graph triangle = {{1, 2}, {0, 2}, {0, 1}};
  const Outcome out = Simulate(triangle, Round(), {.rtt_ns = 40 * kMs}, {}, 1);
  EXPECT_DOUBLE_EQ(out.copies, 4.0 / 3);  // 1 and 2 send to each other
  EXPECT_DOUBLE_EQ(out.mean_busy_ns * 3, (5 + 2) * kMs + 2 * (3 + 2 + 1) * kMs);
}

TEST(ScaleSimulate, ALinkThatIsTooSlowFallsBehind) {
  const Network network{.rtt_ns = 10 * kMs, .bits_per_second = kGigabit / 10};  // 10 ms per frame
  const Graph tree = Tree(8, 2);
  const Load one, many{.flashblocks = 10, .interval_ns = 40 * kMs};
  EXPECT_GT(Simulate(tree, Round(), network, many, 1).reached_ns.back(),
            Simulate(tree, Round(), network, one, 1).reached_ns.back() + 9 * 40 * kMs - 1);
}

TEST(ScaleSimulate, SameSeedSameOutcome) {
  const Network network{.rtt_ns = 50 * kMs, .sigma = 0.5, .bits_per_second = kGigabit};
  const Graph graph = Mesh(1000, 8, 1);
  const auto a = Simulate(graph, Round(), network, {}, 7).reached_ns;
  EXPECT_EQ(a, Simulate(graph, Round(), network, {}, 7).reached_ns);
  EXPECT_NE(a, Simulate(graph, Round(), network, {}, 8).reached_ns);
}

TEST(ScaleOutcome, ShareOfAllNodesNotOfThoseReached) {
  Outcome out;
  out.nodes = 100;
  for (int64_t i = 0; i < 90; ++i) out.reached_ns.push_back(i);
  EXPECT_EQ(out.At(0.5), 49);
  EXPECT_EQ(out.At(0.9), 89);
  EXPECT_EQ(out.At(0.99), -1);
}

// ---- the formulas

// Fixed latency that outweighs everything else: the simulated time is the number of hops.
TEST(ScaleFormula, HopsAreThoseOfTheSimulator) {
  const Costs nothing{.size = 1, .wire_bytes = 1};
  const Network network{.rtt_ns = 100 * kMs};
  for (const uint32_t nodes : {1000u, 10000u}) {
    for (const uint32_t f : {5u, 10u, 20u}) {
      const Shape mesh{.nodes = nodes, .send = f, .receive = f, .mesh = true};
      EXPECT_EQ(Simulate(Mesh(nodes, f, 1), nothing, network, {}, 1).At(0.99),
                HopsFormula(mesh, nothing, network, 0.99).ns)
          << nodes << " " << f;
    }
    const Shape feeds{.nodes = nodes, .send = 10, .receive = 3};
    EXPECT_EQ(Simulate(Feeds(nodes, 10, 3, 1), nothing, network, {}, 1).At(0.99),
              HopsFormula(feeds, nothing, network, 0.99).ns)
        << nodes;
  }
}

TEST(ScaleFormula, GrowthWithoutSpreadIsHopsWithoutSteps) {
  const Costs nothing{.size = 1, .wire_bytes = 1};
  const Network network{.rtt_ns = 100 * kMs};
  const Shape mesh{.nodes = 10000, .send = 10, .receive = 10, .mesh = true};
  const int64_t growth = GrowthFormula(mesh, nothing, network, 0.99);
  const HopsResult hops = HopsFormula(mesh, nothing, network, 0.99);
  EXPECT_LE(growth, hops.ns);
  EXPECT_GT(growth, hops.ns - 50 * kMs);
}

TEST(ScaleFormula, GrowthFollowsASpreadOfLatencies) {
  const Costs nothing{.size = 1, .wire_bytes = 1};
  const Network network{.rtt_ns = 100 * kMs, .sigma = 0.5};
  const Shape mesh{.nodes = 10000, .send = 10, .receive = 10, .mesh = true};
  const double simulated =
      static_cast<double>(Simulate(Mesh(10000, 10, 1), nothing, network, {}, 1).At(0.99));
  const double paper = static_cast<double>(GrowthFormula(mesh, nothing, network, 0.99));
  EXPECT_NEAR(simulated / paper, 1, 0.15);
}

// ---- what is asked

std::string ErrorOf(std::vector<const char*> args) {
  return std::string(ReadOptions(args).status().message());
}

TEST(ScaleOptions, MistakesAreNamed) {
  EXPECT_THAT(ErrorOf({"--nodes", "5"}), HasSubstr("--nodes: '5' is not in 10..1e+06"));
  EXPECT_THAT(ErrorOf({"--nodes"}), HasSubstr("--nodes: needs a value"));
  EXPECT_THAT(ErrorOf({"--costs", "x"}), HasSubstr("--nodes: missing"));
  EXPECT_THAT(ErrorOf({"--nodes", "100", "--fan-out", "5"}), HasSubstr("--costs: missing"));
  EXPECT_THAT(ErrorOf({"--costs", "x", "--nodes", "100"}), HasSubstr("--fan-out"));
  EXPECT_THAT(ErrorOf({"--costs", "x", "--nodes", "100", "--fan-out", "5", "--send", "6"}),
              HasSubstr("--fan-out goes without --send and --receive"));
  EXPECT_THAT(ErrorOf({"--costs", "x", "--nodes", "100", "--fan-out", "50"}),
              HasSubstr("--fan-out or --send: half of --nodes or more"));
  EXPECT_THAT(ErrorOf({"--rtt-ms", "-1"}), HasSubstr("--rtt-ms: '-1' is not in 0..10000"));
  EXPECT_THAT(ErrorOf({"--runs", "1.5"}), HasSubstr("--runs: '1.5' is not in 1..1000"));
  EXPECT_THAT(ErrorOf({"--gbps", "fast"}), HasSubstr("--gbps: 'fast' is not in 0..10000"));
  EXPECT_THAT(ErrorOf({"--costs", "x", "--nodes", "101", "--fan-out", "5"}), HasSubstr("odd"));
  EXPECT_THAT(ErrorOf({"--costs", "x", "--nodes", "100", "--send", "3", "--receive", "5"}),
              HasSubstr("--receive: more than --send"));
  EXPECT_THAT(ErrorOf({"--pace", "1"}), HasSubstr("--pace: unknown flag"));
}

TEST(ScaleCosts, TheMeasuredOnesAreComplete) {
  const std::string path = std::string(FLBLK_TEST_DATA) + "/bench/scale/costs.json";
  for (const uint64_t size : {1'000u, 10'000u, 100'000u, 1'000'000u}) {
    const auto costs = LoadCosts(path, size);
    ASSERT_TRUE(costs.ok()) << costs.status();
    EXPECT_GT(costs->wire_bytes, 0u);
    EXPECT_GT(costs->relay_ns, 0);
    EXPECT_GT(costs->seal_group_ns, 0);
    EXPECT_GT(costs->duplicate_ns, 0);
  }
  EXPECT_EQ(LoadCosts(path, 7).status(),
            absl::NotFoundError(absl::StrCat(path, ": no costs of size 7")));
}

TEST(ScaleCosts, MistakesAreNamed) {
  const std::string path = testing::TempDir() + "flblk_scale_costs.json";
  const auto error = [&](const std::string& text) {
    std::ofstream(path) << text;
    return std::string(LoadCosts(path, 7).status().message());
  };
  EXPECT_EQ(LoadCosts("/nonexistent", 7).status().message(),
            "/nonexistent: no JSON object with a list 'costs'");
  for (const char* text : {"", "[]", "{}", R"({"costs":{}})"})
    EXPECT_EQ(error(text), path + ": no JSON object with a list 'costs'") << text;
  EXPECT_EQ(error(R"({"costs":[]})"), path + ": no costs of size 7");
  EXPECT_EQ(error(R"({"costs":[{"size":7}]})"),
            path + ": size 7: publish_us is no time in microseconds");
  std::remove(path.c_str());
}

}  // namespace
}  // namespace flblk::scale
