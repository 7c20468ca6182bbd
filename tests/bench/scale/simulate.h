// One or more flashblocks through a network of nodes, event by event.
//
// A node is one thread and one link up. The thread takes what arrives in order of arrival: the
// first copy costs relay_ns, then groups of eight are sealed and sent one after the other; a
// further copy costs duplicate_ns. Nothing interrupts it. The link up is a queue: each frame takes
// its bytes over the bandwidth. A frame arrives one latency after its last byte left. Links down
// are not limited. A node does not send to the peer it has the flashblock from.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/bench/scale/costs.h"
#include "tests/bench/scale/graph.h"

namespace flblk::scale {

struct Network {
  int64_t rtt_ns = 0;  // the median of all links
  double sigma = 0;    // of the logarithm: 0 fixed, 0.5: 5 % of the links above 2.3 x the median
  uint64_t bits_per_second = 0;  // up, of every node; 0: no limit
  // Frames of a group share the link up and leave together at its end, as flows that the kernel
  // schedules fairly do; else they leave one after the other.
  bool fair = false;
  // Round trips a frame waits for TCP beside the one latency: 0 with a warm congestion window.
  uint32_t extra_round_trips = 0;
};

struct Load {
  uint32_t flashblocks = 1;  // published one interval apart; the last one is told of
  int64_t interval_ns = 200'000'000;
};

struct Outcome {
  std::vector<int64_t> reached_ns;  // since the last one was given to the publisher, sorted
  uint32_t nodes = 0;
  uint32_t most_hops = 0;
  double mean_hops = 0;
  double copies = 0;        // received per node and flashblock
  double most_sent = 0;     // frames by the busiest node per flashblock
  double mean_busy_ns = 0;  // of the thread, per node and flashblock
  double most_busy_ns = 0;

  // When the share `q` of all nodes (the publisher included) had it; -1: never.
  int64_t At(double q) const;
};

// `seed` draws the links' latencies.
Outcome Simulate(const Graph& graph, const Costs& costs, const Network& network, const Load& load,
                 uint64_t seed);

// One way over the link between two nodes, the same in both directions.
int64_t LatencyNs(const Network& network, uint64_t seed, uint32_t a, uint32_t b);

// When each of `receivers` frames has left, counted from the moment the first seal begins, on a
// node that does nothing else.
std::vector<int64_t> Departures(const Costs& costs, const Network& network, size_t receivers);

}  // namespace flblk::scale
