#include "p2p/net/backoff.h"

#include <algorithm>

namespace flblk::net {

void Backoff::Down(MonoTime now) {
  if (up_since_ != kDown && now.ns - up_since_ >= config_.stable_after.count()) failures_ = 0;
  up_since_ = kDown;
}

Duration Backoff::Next(uint64_t random) {
  const int64_t initial = std::max<int64_t>(config_.initial.count(), 1);
  const int64_t cap = std::max(config_.cap.count(), initial);
  int64_t full = cap;
  if (failures_ < kCapped && (cap >> failures_) >= initial) full = initial << failures_;
  if (failures_ < kCapped) ++failures_;
  const int64_t half = full / 2;
  return Duration(full - static_cast<int64_t>(random % static_cast<uint64_t>(half + 1)));
}

}  // namespace flblk::net
