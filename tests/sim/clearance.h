// Who is cleared to publish, and for how long nobody or more than one is, where a schedule has no
// faults: then a hand-off takes as long as its messages are on their way, and no longer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/schedule.h"

namespace flblk::sim {

class ClearanceCheck {
 public:
  // `way`: the longest time that a StartPublish or StopPublish takes from one builder to another.
  ClearanceCheck(const Schedule& schedule, Duration way)
      : schedule_(schedule), way_(way), cleared_(schedule.builders) {}

  // All times count from the beginning of the first slot. Each returns nothing, or what is wrong.
  //
  // A builder is cleared, or is not any more. After one failover nobody is cleared for at most one
  // way (the old one's StopPublish is on it), and two are for at most one way (their StartPublish
  // crossed).
  std::string Changed(uint32_t builder, bool cleared, Duration now);
  // A round trip after failover `i`, where Lonely(i): the successor is cleared, nobody else is.
  std::string HandedOver(size_t i) const;
  Duration RoundTrip() const { return 2 * way_; }
  // No other failover in the two slots before, none during the round trip after it, and the one
  // before has not started just now: two that start at once are not a hand-off.
  bool Lonely(size_t i) const;

 private:
  size_t FailoversWithin(Duration from, Duration to) const;

  const Schedule& schedule_;
  Duration way_;
  std::vector<bool> cleared_;
  Duration since_{};  // of the present number of cleared builders
};

}  // namespace flblk::sim
