// Breadth-first search over every reachable state of a model. The first violation found is one of
// the shortest.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "tests/sim/model.h"

namespace flblk::sim {

struct SearchLimits {
  std::chrono::seconds time{600};  // of CPU: a loaded machine searches as deep as an idle one
  uint64_t states = 200'000'000;   // about 40 bytes each, and the open ones
  uint64_t open = 20'000'000;      // states seen and not expanded, about 160 bytes each
  static constexpr uint64_t kNightlyOpen = 60'000'000;
};

struct SearchResult {
  uint64_t states = 0, transitions = 0, settled = 0, machines = 0;
  uint32_t depth = 0;              // deepest level that was expanded whole
  bool exhausted = false;          // every reachable state was seen
  double seconds = 0;              // of CPU
  std::string violation;           // empty: nothing
  std::vector<std::string> chart;  // the run that leads to it, one line per step
};

SearchResult Search(const ModelConfig& config, const SearchLimits& limits);

}  // namespace flblk::sim
