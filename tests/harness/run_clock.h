// The clock of a run: nanoseconds since it began, on the monotonic clock; nodes' own Unix stamps
// are translated.
#pragma once

#include <chrono>
#include <cstdint>

namespace flblk::harness {

class RunClock {
 public:
  using Steady = std::chrono::steady_clock;

  // The run begins `lead` from now; before that the time is negative.
  explicit RunClock(std::chrono::nanoseconds lead)
      : begin_(Steady::now() + lead), unix_begin_ns_(UnixNow() + lead.count()) {}

  int64_t Now() const { return Ns(Steady::now() - begin_); }
  int64_t FromUnix(int64_t unix_ns) const { return unix_ns - unix_begin_ns_; }
  int64_t UnixBegin() const { return unix_begin_ns_; }
  Steady::time_point At(int64_t run_ns) const { return begin_ + std::chrono::nanoseconds(run_ns); }

 private:
  static int64_t Ns(std::chrono::nanoseconds d) { return d.count(); }
  static int64_t UnixNow() { return Ns(std::chrono::system_clock::now().time_since_epoch()); }

  Steady::time_point begin_;
  int64_t unix_begin_ns_;
};

}  // namespace flblk::harness
