// The command lines of the two programs here: names, and whole numbers behind them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace flblk::sim {

struct NumberOption {
  std::string name;
  uint64_t least = 0, most = UINT64_MAX;
  std::function<void(uint64_t)> set;
  bool zero_too = false;  // 0 is taken, though it is below `least`
};

// Gives `value` (null: there is none) to the option called `name`. Otherwise returns one line that
// names the option, what it wants and the value.
std::string TakeNumber(const std::vector<NumberOption>& options, const std::string& name,
                       const char* value);

}  // namespace flblk::sim
