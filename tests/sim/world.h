// Whole nodes (the production engine: hand-off, gossip, inbox) in virtual time on a virtual
// network.
//
// Links are FIFO like TCP; a message is lost only when its link is cut or an end crashes. The
// sequencer authorizes one builder at a time; each builder host publishes a flashblock every
// interval while it is cleared, from the resume point it was given. Everything follows from the
// schedule, so the same schedule gives the same run, event for event.
#pragma once

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "tests/sim/schedule.h"

namespace flblk::sim {

struct RunResult {
  std::vector<std::string> violations;  // empty: everything that must hold held
  uint64_t events = 0;
  uint64_t delivered = 0;  // flashblocks handed to the hosts of all nodes
  uint64_t trace = 0;      // hash of every event in order: equal for a replay
  uint64_t handoffs = 0;
  uint64_t incomplete_blocks = 0;  // (node, block) pairs that ended before their last flashblock
  uint64_t penalties = 0;
  uint64_t banned = 0;        // sessions with hostile nodes that were ended for what these did
  uint64_t two_builders = 0;  // conflicts seen (only possible around faults)
};

// Runs to the end of the schedule plus three quiet slots. `log`: every step in words, for a replay.
RunResult Run(const Schedule& schedule, std::ostream* log = nullptr);

// The smallest schedule found that still violates something: faults and failovers removed one by
// one, then nodes.
Schedule Shrink(Schedule schedule);

}  // namespace flblk::sim
