// What an offence costs a peer, and when it is too much. Points fade by one a second.
//
//   malformed 25, bad signature 20, unexpected 10, flood 10, stale 4, equivocation 0 (not the
//   relay's fault); at 100 the session is dropped. A trusted peer pays an eighth, at least 1.
//
// A peer that only makes mistakes now and then stays; one that does nothing else is gone after 4 to
// 25 frames.
#pragma once

#include <algorithm>

#include "p2p/core/events.h"

namespace flblk::core {

inline constexpr int32_t kPenaltyLimit = 100;

constexpr int32_t PenaltyOf(Offence offence) {
  switch (offence) {
    case Offence::kMalformed:
      return 25;
    case Offence::kBadSignature:
      return 20;
    case Offence::kUnexpected:
      return 10;
    case Offence::kFlood:
      return 10;
    case Offence::kStale:
      return 4;
    case Offence::kEquivocation:
      return 0;
  }
  return 0;
}

class PenaltyScore {
 public:
  // True where the limit is reached.
  bool Charge(Offence offence, bool trusted, MonoTime now) {
    const int32_t points = PenaltyOf(offence);
    score_ = Now(now) + (trusted && points > 0 ? std::max(points / 8, 1) : points);
    at_ = now;
    return score_ >= kPenaltyLimit;
  }
  int32_t Now(MonoTime now) const {
    const int64_t faded = (now - at_) / std::chrono::seconds(1);
    return static_cast<int32_t>(std::max<int64_t>(score_ - faded, 0));
  }

 private:
  int32_t score_ = 0;
  MonoTime at_;
};

}  // namespace flblk::core
