// Which slots are worth a look. The newest slot moves only with fully verified flashblocks, so that
// no unverified frame makes honest ones stale.
#pragma once

#include <algorithm>
#include <cstdint>

#include "p2p/wire/limits.h"

namespace flblk::core {

class Freshness {
 public:
  enum class Verdict : uint8_t {
    kFresh,
    kStale,   // more than kStaleGraceSeconds older than the newest slot: the sender's fault
    kFuture,  // more than kMaxFutureSeconds ahead of our wall clock: refused, may be a clock's
              // fault
  };

  // There is no limit against the wall clock on the other side: a chain that catches up builds old
  // slots.
  Verdict Check(uint64_t slot, int64_t unix_seconds) const {
    if (slot < newest_ && newest_ - slot > wire::kStaleGraceSeconds) return Verdict::kStale;
    const uint64_t now = static_cast<uint64_t>(std::max<int64_t>(unix_seconds, 0));
    if (slot > now && slot - now > wire::kMaxFutureSeconds) return Verdict::kFuture;
    return Verdict::kFresh;
  }
  void Raise(uint64_t slot) { newest_ = std::max(newest_, slot); }
  uint64_t newest() const { return newest_; }

 private:
  uint64_t newest_ = 0;
};

}  // namespace flblk::core
