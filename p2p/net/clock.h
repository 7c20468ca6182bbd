// The two clocks of this machine, read together.
#pragma once

#include <chrono>

#include "p2p/wire/time.h"

namespace flblk::net {

inline Now RealNow() {
  using std::chrono::nanoseconds;
  return {.mono = {nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count()},
          .unix_ns = nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count()};
}

// For timers, which run on the same clock as MonoTime.
inline std::chrono::steady_clock::time_point ToSteady(MonoTime t) {
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(t.ns));
}

}  // namespace flblk::net
