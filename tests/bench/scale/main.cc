// flblk-scale: how long until 99 of 100 nodes have a flashblock, simulated and on paper. Prints one
// line of JSON. Same flags, same line.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "tests/bench/scale/options.h"

namespace flblk::scale {
namespace {

using Json = nlohmann::ordered_json;

double Ms(double ns) { return std::round(ns / 1e3) / 1e3; }
double Rounded(double x) { return std::round(x * 1000) / 1000; }

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Graph MakeGraph(const Shape& shape, uint64_t seed) {
  return shape.mesh ? Mesh(shape.nodes, shape.send, seed)
                    : Feeds(shape.nodes, shape.send, shape.receive, seed);
}

Json Asked(const Options& o) {
  return {{"size", o.size},
          {"nodes", o.shape.nodes},
          {"mesh", o.shape.mesh},
          {"send", o.shape.send},
          {"receive", o.shape.receive},
          {"rtt_ms", static_cast<double>(o.network.rtt_ns) / 1e6},
          {"sigma", o.network.sigma},
          {"gbps", static_cast<double>(o.network.bits_per_second) / 1e9},
          {"fair", o.network.fair},
          {"cold", o.network.extra_round_trips},
          {"flashblocks", o.load.flashblocks},
          {"runs", o.runs}};
}

// The share of nodes that have it, at equal steps of time.
Json Curve(const Outcome& outcome, uint32_t points) {
  Json out = Json::array();
  const int64_t end = outcome.reached_ns.back();
  for (uint32_t i = 1; i <= points; ++i) {
    const int64_t at = end / points * i;
    const auto have = std::upper_bound(outcome.reached_ns.begin(), outcome.reached_ns.end(), at);
    const auto share = static_cast<double>(have - outcome.reached_ns.begin()) / outcome.nodes;
    out.push_back({Ms(static_cast<double>(at)), Rounded(share)});
  }
  return out;
}

Json Simulated(const Options& o, const Costs& costs) {
  const std::vector<std::pair<const char*, double>> shares = {
      {"t50_ms", 0.5}, {"t90_ms", 0.9}, {"t99_ms", 0.99}};
  std::vector<std::vector<double>> times(shares.size());
  std::vector<double> hops, copies, sent, busy, most_busy, reached;
  Json curve;
  for (uint64_t seed = o.seed; seed < o.seed + o.runs; ++seed) {
    const Outcome out = Simulate(MakeGraph(o.shape, seed), costs, o.network, o.load, seed);
    for (size_t i = 0; i < shares.size(); ++i) {
      times[i].push_back(static_cast<double>(out.At(shares[i].second)));
    }
    hops.push_back(out.mean_hops);
    copies.push_back(out.copies);
    sent.push_back(out.most_sent);
    busy.push_back(out.mean_busy_ns);
    most_busy.push_back(out.most_busy_ns);
    reached.push_back(static_cast<double>(out.reached_ns.size()) / out.nodes);
    if (seed == o.seed && o.curve > 0) curve = Curve(out, o.curve);
  }
  Json json;
  for (size_t i = 0; i < shares.size(); ++i) json[shares[i].first] = Ms(Median(times[i]));
  json["reached"] = Rounded(Median(reached));
  json["mean_hops"] = Rounded(Median(hops));
  json["copies"] = Rounded(Median(copies));
  json["most_sent"] = Rounded(Median(sent));
  json["busy_ms"] = Ms(Median(busy));
  json["most_busy_ms"] = Ms(Median(most_busy));
  if (!curve.is_null()) json["curve"] = curve;
  return json;
}

int Main(std::span<const char* const> args) {
  const auto options = ReadOptions(args);
  if (!options.ok()) {
    std::fprintf(stderr, "flblk-scale: %s\n", std::string(options.status().message()).c_str());
    return 2;
  }
  if (options->help) return std::fputs(kUsage, stdout), 0;
  const auto costs = LoadCosts(options->costs, options->size);
  if (!costs.ok()) {
    std::fprintf(stderr, "flblk-scale: --costs: %s\n",
                 std::string(costs.status().message()).c_str());
    return 2;
  }
  constexpr double kShare = 0.99;
  const HopsResult hops = HopsFormula(options->shape, *costs, options->network, kShare);
  const int64_t growth = GrowthFormula(options->shape, *costs, options->network, kShare);
  Json line = Asked(*options);
  line["simulated"] = Simulated(*options, *costs);
  line["formula"] = {{"hops", hops.hops},
                     {"hops_ms", Ms(static_cast<double>(hops.ns))},
                     {"growth_ms", Ms(static_cast<double>(growth))}};
  std::printf("%s\n", line.dump().c_str());
  const double simulated = line["simulated"]["t99_ms"], paper = Ms(static_cast<double>(hops.ns));
  if (options->check > 0 && std::abs(simulated / paper - 1) > options->check) {
    std::fprintf(stderr, "flblk-scale: simulated %.3f ms, on paper %.3f ms: more than %g apart\n",
                 simulated, paper, options->check);
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace flblk::scale

int main(int argc, char** argv) {
  return flblk::scale::Main({argv + std::min(argc, 1), static_cast<size_t>(std::max(argc - 1, 0))});
}
