// What flblk-scale is asked.
#pragma once

#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "tests/bench/scale/formula.h"

namespace flblk::scale {

struct Options {
  std::string costs;  // path
  uint64_t size = 100'000;
  Shape shape;
  Network network;
  Load load;
  uint64_t seed = 1;
  uint32_t runs = 1;   // with seeds seed, seed + 1 ...
  uint32_t curve = 0;  // points of the curve of the first run; 0: none
  double check = 0;    // greatest deviation of the simulator from the formula, 0.1: 10 %; 0: none
  bool help = false;
};

extern const char kUsage[];

// INVALID_ARGUMENT names the flag and its range.
absl::StatusOr<Options> ReadOptions(std::span<const char* const> args);

}  // namespace flblk::scale
