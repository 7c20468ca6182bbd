// Explicit-state search over the hand-off that ships; see README.md here.
//
//   flblk_search [--set ci|nightly|quick|MODEL] [--seconds PER-MODEL] [--slots N] [--first]
//
//   ci       every model to the end, but cut-3 and delayed-3: 20 s of CPU each
//   nightly  every model to the end, but delayed-3: 600 s or 15 GB of memory
//   quick    three slots of what ci searches to the end
//   --first  stops at the first model that fails
#include <cstdio>
#include <optional>
#include <string>

#include "tests/sim/options.h"
#include "tests/sim/search.h"

namespace {

using flblk::sim::ModelConfig;
using flblk::sim::NumberOption;
using flblk::sim::SearchLimits;
using flblk::sim::SearchResult;
using flblk::sim::TakeNumber;

enum class Must : uint8_t {
  kExhaust,         // the search has to reach every state
  kExhaustNightly,  // takes longer than --set ci has time for
  kSearch,          // has more states than memory holds
};

struct Named {
  const char* name;
  Must must;
  ModelConfig config;
};

std::vector<Named> Models() {
  std::vector<Named> out;
  auto add = [&](const char* name, const char* parties, Must must, auto change) {
    ModelConfig c;
    c.parties = parties;
    change(c);
    out.push_back({name, must, c});
  };
  using C = ModelConfig;
  // Two builders, every delay, any number of slots.
  add("graceful-2", "FF", Must::kExhaust, [](C& c) { c.calm = true, c.flashblocks = 2; });
  add("delayed-2", "FF", Must::kExhaust, [](C&) {});
  add("late-2", "FF", Must::kExhaust, [](C& c) { c.late = 1; });
  add("leave-2", "FF", Must::kExhaust, [](C& c) { c.late = 1, c.revocations = 1, c.stops = 1; });
  add("takeover-2", "FF", Must::kExhaust, [](C& c) { c.takeover = true; });
  add("crash-2", "FF", Must::kExhaust, [](C& c) { c.crashes = 1; });
  add("crash-2-takeover", "FF", Must::kExhaust, [](C& c) { c.crashes = 1, c.takeover = true; });
  add("cut-2", "FF", Must::kExhaust, [](C& c) { c.cuts = 1; });
  add("replay-2", "FF", Must::kExhaust, [](C& c) { c.replays = 2; });
  add("stop-2", "FF", Must::kExhaust, [](C& c) { c.stops = 1; });
  add("revoke-2", "FF", Must::kExhaust, [](C& c) { c.revocations = 1; });
  add("mixed-low", "FR", Must::kExhaust, [](C&) {});
  add("mixed-high", "RF", Must::kExhaust, [](C&) {});
  // Three builders, any number of slots.
  add("graceful-3", "FFF", Must::kExhaust, [](C& c) { c.calm = true, c.flashblocks = 2; });
  add("leave-3", "FFF", Must::kExhaust, [](C& c) { c.late = 0, c.revocations = 1, c.stops = 1; });
  add("late-3", "FFF", Must::kExhaust, [](C& c) { c.late = 1; });
  add("crash-3", "FFF", Must::kExhaust, [](C& c) { c.late = 0, c.crashes = 1; });
  add("cut-3", "FFF", Must::kExhaustNightly, [](C& c) { c.late = 0, c.cuts = 1; });
  add("delayed-3", "FFF", Must::kSearch, [](C&) {});
  add("replay-3", "FFF", Must::kExhaust, [](C& c) { c.late = 0, c.replays = 1; });
  add("takeover-3", "FFF", Must::kExhaust, [](C& c) { c.late = 0, c.takeover = true; });
  add("mixed-3", "FFR", Must::kExhaust, [](C& c) { c.late = 0; });
  return out;
}

struct Options {
  std::string set = "ci";
  std::optional<uint64_t> seconds;
  std::optional<uint8_t> slots;
  bool first = false;
};

// What is wrong with the command line; empty: nothing.
std::string Parse(int argc, char** argv, Options& o) {
  const std::vector<NumberOption> numbers = {
      {.name = "--seconds", .most = 1'000'000, .set = [&](uint64_t n) { o.seconds = n; }},
      {.name = "--slots", .most = 255, .set = [&](uint64_t n) {
         o.slots = static_cast<uint8_t>(n);
       }}};
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--first") {
      o.first = true;
      continue;
    }
    const char* const value = i + 1 < argc ? argv[++i] : nullptr;
    if (name == "--set" && value == nullptr) return "--set needs a name";
    if (name == "--set") {
      o.set = value;
    } else if (std::string wrong = TakeNumber(numbers, name, value); !wrong.empty()) {
      return wrong;
    }
  }
  return {};
}

// Whether the model is in the set, and its limits.
bool Select(const Options& o, Named& m, SearchLimits& limits) {
  const bool all = o.set == "ci" || o.set == "nightly" || o.set == "quick";
  const bool nightly = o.set == "nightly";
  if (m.must == Must::kExhaustNightly) m.must = nightly ? Must::kExhaust : Must::kSearch;
  if (all ? o.set == "quick" && m.must != Must::kExhaust : o.set != m.name) return false;
  if (o.set == "quick") m.config.slots = 3;
  if (o.slots) m.config.slots = *o.slots;
  limits.time =
      std::chrono::seconds(o.seconds.value_or(m.must == Must::kExhaust || nightly ? 600 : 20));
  if (nightly) limits.open = SearchLimits::kNightlyOpen;
  return true;
}

// One line, and the chart of a counterexample. False: not as it must be.
bool Print(const Named& m, const SearchResult& r) {
  std::string verdict = !r.violation.empty() ? r.violation
                        : r.exhausted        ? "exhausted, nothing violated"
                                             : "nothing violated up to this depth";
  const bool missing = r.violation.empty() && m.must == Must::kExhaust && !r.exhausted;
  if (missing) verdict = "NOT exhausted within the limits";
  using Number = unsigned long long;
  std::printf("%-18s %11llu %11llu %9llu %8llu %6u %8.1f  %s\n", m.name,
              static_cast<Number>(r.states), static_cast<Number>(r.transitions),
              static_cast<Number>(r.machines), static_cast<Number>(r.settled), r.depth, r.seconds,
              verdict.c_str());
  for (const std::string& line : r.chart) std::printf("    %s\n", line.c_str());
  std::fflush(stdout);
  return r.violation.empty() && !missing;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const std::string wrong = Parse(argc, argv, options); !wrong.empty()) {
    std::fprintf(
        stderr,
        "flblk_search: %s; usage: flblk_search [--set ci|nightly|quick|MODEL] [--seconds N] "
        "[--slots N] [--first]\n",
        wrong.c_str());
    return 2;
  }
  std::printf("%-18s %11s %11s %9s %8s %6s %8s  %s\n", "model", "states", "transitions", "machines",
              "settled", "depth", "cpu s", "result");
  int failed = 0, ran = 0;
  for (Named& m : Models()) {
    SearchLimits limits;
    if (!Select(options, m, limits)) continue;
    ++ran;
    failed += !Print(m, Search(m.config, limits));
    if (failed > 0 && options.first) break;
  }
  if (ran == 0)
    std::fprintf(stderr, "flblk_search: no model is called '%s'\n", options.set.c_str());
  return ran == 0 || failed > 0 ? 1 : 0;
}
