// Time as a parameter: machines never read a clock, drivers pass both clocks with every event.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace flblk {

using Duration = std::chrono::nanoseconds;

// A point on the monotonic clock of the driver; its epoch means nothing.
struct MonoTime {
  int64_t ns = 0;
  auto operator<=>(const MonoTime&) const = default;
  friend MonoTime operator+(MonoTime t, Duration d) { return {t.ns + d.count()}; }
  friend Duration operator-(MonoTime a, MonoTime b) { return Duration(a.ns - b.ns); }
};

// What a driver passes with every event. Timers use `mono`; comparisons with L2 timestamps use
// `unix_ns`.
struct Now {
  MonoTime mono;
  int64_t unix_ns = 0;
  int64_t unix_seconds() const { return unix_ns / 1'000'000'000; }
};

}  // namespace flblk
