// Breadth-first search over every reachable state of a model. The first violation found is one of
// the shortest.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "tests/sim/model.h"

namespace flblk::sim {

struct SearchLimits {
  std::chrono::seconds time{600};
  uint64_t states = 100'000'000;  // about 24 bytes each, and the frontier
  uint64_t frontier = 3'000'000;  // states of one depth, about 3 KB each
};

struct SearchResult {
  uint64_t states = 0, transitions = 0, settled = 0;
  uint32_t depth = 0;      // deepest level that was expanded whole
  bool exhausted = false;  // every reachable state was seen
  double seconds = 0;
  std::string violation;           // empty: nothing
  std::vector<std::string> chart;  // the run that leads to it, one line per step
};

SearchResult Search(const ModelConfig& config, const SearchLimits& limits);

}  // namespace flblk::sim
