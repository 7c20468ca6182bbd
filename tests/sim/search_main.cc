// Explicit-state search over the hand-off that ships; see README.md here.
//
//   flblk_search [--set ci|nightly|NAME] [--seconds PER-MODEL]
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/sim/search.h"

namespace {

using flblk::sim::ModelConfig;
using flblk::sim::SearchLimits;
using flblk::sim::SearchResult;

struct Named {
  const char* name;
  bool must_exhaust;  // the search has to reach every state
  ModelConfig config;
};

std::vector<Named> Models() {
  std::vector<Named> out;
  auto add = [&](const char* name, const char* parties, bool must, auto change) {
    ModelConfig c;
    c.parties = parties;
    change(c);
    out.push_back({name, must, c});
  };
  add("graceful-2", "FF", true, [](ModelConfig& c) { c.prompt = true, c.flashblocks = 2; });
  add("delayed-2", "FF", true, [](ModelConfig&) {});
  add("takeover-2", "FF", true, [](ModelConfig& c) { c.takeover = true; });
  add("crash-2", "FF", true, [](ModelConfig& c) { c.crashes = 1; });
  add("crash-2-takeover", "FF", true, [](ModelConfig& c) { c.crashes = 1, c.takeover = true; });
  add("cut-2", "FF", true, [](ModelConfig& c) { c.cuts = 1; });
  add("replay-2", "FF", true, [](ModelConfig& c) { c.replays = 2; });
  add("stop-2", "FF", true, [](ModelConfig& c) { c.stops = 1, c.revocations = 1; });
  add("graceful-3", "FFF", false, [](ModelConfig& c) { c.prompt = true, c.flashblocks = 2; });
  add("delayed-3", "FFF", false, [](ModelConfig&) {});
  add("crash-3", "FFF", false, [](ModelConfig& c) { c.crashes = 1, c.cuts = 1, c.replays = 1; });
  add("mixed-low", "FR", true, [](ModelConfig&) {});
  add("mixed-high", "RF", true, [](ModelConfig&) {});
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  std::string set = "ci";
  SearchLimits limits;
  limits.time = std::chrono::seconds(60);
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--set") == 0) {
      set = argv[i + 1];
    } else if (std::strcmp(argv[i], "--seconds") == 0) {
      limits.time = std::chrono::seconds(std::strtoul(argv[i + 1], nullptr, 10));
    } else {
      std::fprintf(stderr, "usage: flblk_search [--set ci|nightly|MODEL] [--seconds N]\n");
      return 2;
    }
  }
  std::printf("%-22s %12s %12s %10s %6s %8s  %s\n", "model", "states", "transitions", "settled",
              "depth", "seconds", "result");
  int failed = 0, ran = 0;
  for (const Named& m : Models()) {
    if (set != "ci" && set != "nightly" && set != m.name) continue;
    ++ran;
    const SearchResult r = Search(m.config, limits);
    std::string verdict = !r.violation.empty() ? r.violation
                          : r.exhausted        ? "exhausted, nothing violated"
                                               : "nothing violated up to this depth";
    if (r.violation.empty() && m.must_exhaust && !r.exhausted) {
      verdict = "NOT exhausted within the limits";
      ++failed;
    }
    std::printf("%-22s %12llu %12llu %10llu %6u %8.1f  %s\n", m.name,
                static_cast<unsigned long long>(r.states),
                static_cast<unsigned long long>(r.transitions),
                static_cast<unsigned long long>(r.settled), r.depth, r.seconds, verdict.c_str());
    for (const std::string& line : r.chart) std::printf("    %s\n", line.c_str());
    failed += !r.violation.empty();
  }
  if (ran == 0) std::fprintf(stderr, "flblk_search: no model is called '%s'\n", set.c_str());
  return ran == 0 || failed > 0 ? 1 : 0;
}
