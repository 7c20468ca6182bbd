// How much faster many Keccak states absorb together than one after another.
//
// Each case absorbs the same bytes into as many states as the processor takes at once, every state
// at another position of its block, as the RLPx MACs of a fan-out do. The last lines are the ratios
// to the fastest scalar code, per state and byte, each from the fastest of the repetitions:
//
//   avx512 65536: 7.30 times scalar (goal 7.0)
//
// A case the processor does not support is left out.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>

#include "signer/keccak_lanes.h"

namespace flblk {
namespace {

constexpr int kStates = 8;

struct Path {
  const char* name;
  KeccakLanes lanes;
  double goal;  // times scalar
};
constexpr Path kPaths[] = {{"scalar", KeccakLanes::kScalar, 1.0},
                           {"avx2", KeccakLanes::kAvx2, 2.3},
                           {"avx512", KeccakLanes::kAvx512, 7.0}};
constexpr size_t kSizes[] = {0, 1024, 8192, 65536};  // 0: no data, a digest of each state

void AbsorbCase(benchmark::State& run, KeccakLanes lanes, size_t size) {
  const Bytes data(size, 0x5a);
  std::vector<Keccak256State> states(kStates);
  std::vector<KeccakJob> jobs;
  for (size_t i = 0; i < states.size(); ++i) {
    states[i].Update(Bytes(16 * i + 16));
    jobs.push_back({&states[i], data});
  }
  for (auto _ : run) {
    AbsorbAll(jobs, lanes);
    benchmark::DoNotOptimize(states.data());
  }
  run.SetBytesProcessed(static_cast<int64_t>(run.iterations() * size * kStates));
}

void DigestCase(benchmark::State& run, KeccakLanes lanes) {
  std::vector<Keccak256State> states(kStates);
  std::vector<const Keccak256State*> pointers;
  for (const Keccak256State& state : states) pointers.push_back(&state);
  std::vector<Hash32> out(kStates);
  for (auto _ : run) {
    DigestAll(pointers, out, lanes);
    benchmark::DoNotOptimize(out.data());
  }
}

std::string CaseName(const Path& path, size_t size) {
  return std::string(path.name) + " " + (size == 0 ? "digest" : std::to_string(size));
}

// Prints as usual and keeps the least time of each case.
class BestOf : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration || run.error_occurred) continue;
      const double time = run.GetAdjustedCPUTime();
      const auto [it, first] = best_.emplace(run.run_name.function_name, time);
      if (!first) it->second = std::min(it->second, time);
    }
    ConsoleReporter::ReportRuns(runs);
  }

  void PrintRatios() const {
    for (size_t size : kSizes) {
      const auto scalar = best_.find(CaseName(kPaths[0], size));
      if (scalar == best_.end()) continue;
      for (const Path& path : std::span(kPaths).subspan(1)) {
        const auto it = best_.find(CaseName(path, size));
        if (it == best_.end()) continue;
        std::printf("%s: %.2f times scalar (goal %.1f)\n", it->first.c_str(),
                    scalar->second / it->second, path.goal);
      }
    }
  }

 private:
  std::map<std::string, double> best_;
};

void Register() {
  for (size_t size : kSizes) {
    for (const Path& path : kPaths) {
      if (!IsSupported(path.lanes)) continue;
      benchmark::RegisterBenchmark(CaseName(path, size).c_str(),
                                   [path, size](benchmark::State& run) {
                                     size == 0 ? DigestCase(run, path.lanes)
                                               : AbsorbCase(run, path.lanes, size);
                                   })
          ->MinTime(0.02)
          ->Repetitions(15)
          ->ReportAggregatesOnly(false);
    }
  }
}

}  // namespace
}  // namespace flblk

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  flblk::Register();
  flblk::BestOf reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  reporter.PrintRatios();
}
