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
  // A verified flashblock of `slot` came.
  void Raise(uint64_t slot, int64_t unix_seconds) {
    newest_ = std::max(newest_, slot);
    const auto grace = static_cast<int64_t>(kStrangerGraceSeconds);
    if (unix_seconds - heard_at_ > grace) begun_at_ = unix_seconds;
    heard_at_ = unix_seconds;
  }
  // Whether what is fresh to us is so to others. A stranger who finds us just started, or after a
  // silence, may bring what our other peers hold for stale and would charge us for: until we have
  // heard flashblocks for kStrangerGraceSeconds, only what is fresh by our wall clock goes on.
  bool MayRelay(uint64_t slot, int64_t unix_seconds, From from) const {
    if (from == From::kNamed || slot <= vouched_ + kStrangerGraceSeconds) return true;
    const auto grace = static_cast<int64_t>(kStrangerGraceSeconds);
    if (unix_seconds - heard_at_ <= grace && unix_seconds - begun_at_ >= grace) return true;
    return unix_seconds < 0 ||
           slot + wire::kStaleGraceSeconds >= static_cast<uint64_t>(unix_seconds);
  }
  uint64_t newest() const { return newest_; }

 private:
  uint64_t newest_ = 0;
  uint64_t vouched_ = 0;
  int64_t heard_at_ = 0;  // the last verified flashblock
  int64_t begun_at_ = 0;  // the first after a silence of more than kStrangerGraceSeconds
};

}  // namespace flblk::core
