// The same question on paper: when have 99 of 100 nodes a flashblock?
//
// Hops. Of the nodes of a random regular graph of degree f, those farther than l hops from the
// publisher are the share exp(-f/(f-2) ((f-1)^l - 1) / N); where every node is fed by r random
// others and the publisher feeds s, exp(-s r^(l-1) / N). The smallest l at which that is 1 - q,
// times the cost of one hop (latency, relay, and the mean over the receivers of when a frame has
// left), is the time: HopsFormula. Exact where latency is fixed and outweighs the rest.
//
// Growth. Where hops differ, the shortest ways are not the ones of fewest hops. The number of nodes
// reached grows as e^(k t), where the sum over the receivers of E[e^(-k hop)] = 1 (Euler and
// Lotka); the time is ln(1 + ln(1/(1-q)) N (f-2)/f) / k: GrowthFormula. It has no steps, where hops
// of equal length have some.
#pragma once

#include "tests/bench/scale/simulate.h"

namespace flblk::scale {

struct Shape {
  uint32_t nodes = 0;
  uint32_t send = 0;     // the publisher feeds so many, a relay at most so many
  uint32_t receive = 0;  // a node is fed by so many
  bool mesh = false;     // regular and undirected: send == receive, the sender is not sent to
};

struct HopsResult {
  uint32_t hops = 0;
  int64_t ns = 0;
};
HopsResult HopsFormula(const Shape& shape, const Costs& costs, const Network& network, double q);

int64_t GrowthFormula(const Shape& shape, const Costs& costs, const Network& network, double q);

}  // namespace flblk::scale
