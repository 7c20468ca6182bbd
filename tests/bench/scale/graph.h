// Who feeds whom. Node 0 publishes. Deterministic given the seed.
#pragma once

#include <cstdint>
#include <vector>

namespace flblk::scale {

// out[n]: the nodes that n feeds, in the order in which it serves them.
using Graph = std::vector<std::vector<uint32_t>>;

// splitmix64.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next();
  uint64_t Below(uint64_t n) { return Next() % n; }  // n far below 2^64

 private:
  uint64_t state_;
};

// Every node feeds its `fan_out` neighbours and is fed by them: a random regular graph, what
// flblk/1 does, or flblk/2 with both sets of that size. nodes * fan_out even, fan_out < nodes / 2.
Graph Mesh(uint32_t nodes, uint32_t fan_out, uint64_t seed);

// flblk/2: every node is fed by `receive` others, each of which feeds at most `send`; the publisher
// feeds `send`. receive <= send.
Graph Feeds(uint32_t nodes, uint32_t send, uint32_t receive, uint64_t seed);

// A complete tree of `depth` levels below the publisher, for tests.
Graph Tree(uint32_t fan_out, uint32_t depth);

}  // namespace flblk::scale
