#include "p2p/rlpx/liveness.h"

namespace flblk::rlpx {

bool Liveness::PingAllowed(MonoTime now) {
  const int64_t refills = (now - bucket_time_) / kSessionLimits.ping_refill;
  if (refills > 0) {
    bucket_time_ = bucket_time_ + refills * kSessionLimits.ping_refill;
    bucket_ =
        static_cast<uint32_t>(std::min<int64_t>(kSessionLimits.ping_burst, bucket_ + refills));
  }
  if (bucket_ == 0) return false;
  --bucket_;
  return true;
}

bool Liveness::PingDue(MonoTime now) {
  if (now < next_ping_) return false;
  next_ping_ = now + kSessionLimits.ping;
  if (outstanding_) return false;
  outstanding_ = true;
  return true;
}

}  // namespace flblk::rlpx
