// Which slots are worth a look. The newest slot moves only with fully verified flashblocks, so that
// no unverified frame makes honest ones stale.
#pragma once

#include <algorithm>
#include <cstdint>

#include "p2p/wire/limits.h"

namespace flblk::core {

class Freshness {
 public:
  // What a stranger brings may be this much older than our wall clock, no matter how little we have
  // seen: a node that has just started must not pass on what has long been stale to all others.
  // Peers that the operator named may bring anything: a chain that catches up builds old slots, and
  // so may strangers around the slots that our host or a named peer vouched for.
  static constexpr uint64_t kStrangerGraceSeconds = 60;

  enum class From : uint8_t { kNamed, kStranger };
  enum class Verdict : uint8_t {
    kFresh,
    kStale,   // more than kStaleGraceSeconds older than the newest slot: the sender's fault
    kOld,     // a stranger's, more than kStrangerGraceSeconds behind our wall clock: refused, may
              // be a clock's fault, or its chain catches up
    kFuture,  // more than kMaxFutureSeconds ahead of our wall clock: refused, may be a clock's
              // fault
  };

  Verdict Check(uint64_t slot, int64_t unix_seconds, From from = From::kNamed) const {
    if (slot < newest_ && newest_ - slot > wire::kStaleGraceSeconds) return Verdict::kStale;
    const uint64_t now = static_cast<uint64_t>(std::max<int64_t>(unix_seconds, 0));
    if (slot > now && slot - now > wire::kMaxFutureSeconds) return Verdict::kFuture;
    if (from == From::kStranger && slot < now && now - slot > kStrangerGraceSeconds &&
        slot > vouched_ + kStrangerGraceSeconds) {
      return Verdict::kOld;
    }
    return Verdict::kFresh;
  }
  // Our host was authorized for `slot`, or a named peer brought a flashblock of it.
  void Vouch(uint64_t slot) { vouched_ = std::max(vouched_, slot); }
  void Raise(uint64_t slot) { newest_ = std::max(newest_, slot); }
  uint64_t newest() const { return newest_; }

 private:
  uint64_t newest_ = 0;
  uint64_t vouched_ = 0;
};

}  // namespace flblk::core
