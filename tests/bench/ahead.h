#pragma once

#include <sched.h>

namespace flblk::bench {

// Ahead of everything else on this machine while it lives, where that is permitted: for what is
// measured in wall-clock time. Threads and children begun meanwhile inherit it.
class AheadOfOthers {
 public:
  AheadOfOthers() { Set(SCHED_RR, 1); }
  ~AheadOfOthers() { Set(SCHED_OTHER, 0); }
  AheadOfOthers(const AheadOfOthers&) = delete;
  AheadOfOthers& operator=(const AheadOfOthers&) = delete;

 private:
  static void Set(int policy, int priority) {
    sched_param param{};
    param.sched_priority = priority;
    sched_setscheduler(0, policy, &param);
  }
};

}  // namespace flblk::bench
