// A rate with a burst: `burst` at once, then one each `refill`. One number of state (GCRA).
#pragma once

#include <algorithm>

#include "p2p/wire/time.h"

namespace flblk::core {

class TokenBucket {
 public:
  constexpr TokenBucket(uint32_t burst, Duration refill) : burst_(burst), refill_(refill) {}

  // False: empty, and nothing is taken.
  bool Take(MonoTime now) {
    full_at_ = std::max(full_at_, now);
    if (full_at_ - now > refill_ * (static_cast<int64_t>(burst_) - 1)) return false;
    full_at_ = full_at_ + refill_;
    return true;
  }

 private:
  uint32_t burst_;
  Duration refill_;
  MonoTime full_at_{INT64_MIN / 2};
};

// At most kLimit events in any window of kWindow: what the reference's fixed window can never count
// as more, wherever it begins. (A token bucket of the same rate could send nearly twice as much in
// one window.)
template <size_t kLimit>
class SlidingLimit {
 public:
  explicit SlidingLimit(Duration window) : window_(window) {}
  bool MayTake(MonoTime now) const { return count_ < kLimit || now - times_[next_] > window_; }
  bool Take(MonoTime now) {
    if (!MayTake(now)) return false;
    times_[next_] = now;
    next_ = (next_ + 1) % kLimit;
    count_ = std::min(count_ + 1, kLimit);
    return true;
  }

 private:
  Duration window_;
  MonoTime times_[kLimit];
  size_t next_ = 0;  // the oldest once full
  size_t count_ = 0;
};

}  // namespace flblk::core
