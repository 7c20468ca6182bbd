#include "tests/bench/scale/graph.h"

#include <algorithm>
#include <utility>

namespace flblk::scale {
namespace {

bool Has(const std::vector<uint32_t>& list, uint32_t value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

void Shuffle(std::vector<uint32_t>& list, Random& random) {
  for (size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[random.Below(i)]);
}

void Link(Graph& graph, uint32_t a, uint32_t b) {
  graph[a].push_back(b);
  graph[b].push_back(a);
}

void Unlink(Graph& graph, uint32_t a, uint32_t b) {
  std::erase(graph[a], b);
  std::erase(graph[b], a);
}

}  // namespace

uint64_t Random::Next() {
  uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// Stubs are joined in random pairs; a pair that would be a loop or a second link takes apart a
// random link that is there and joins its ends.
Graph Mesh(uint32_t nodes, uint32_t fan_out, uint64_t seed) {
  Random random(seed);
  std::vector<uint32_t> stubs;
  stubs.reserve(size_t{nodes} * fan_out);
  for (uint32_t n = 0; n < nodes; ++n) stubs.insert(stubs.end(), fan_out, n);
  Shuffle(stubs, random);
  Graph graph(nodes);
  std::vector<std::pair<uint32_t, uint32_t>> bad;
  for (size_t i = 0; i + 1 < stubs.size(); i += 2) {
    const uint32_t a = stubs[i], b = stubs[i + 1];
    if (a == b || Has(graph[a], b)) {
      bad.emplace_back(a, b);
    } else {
      Link(graph, a, b);
    }
  }
  for (const auto& [a, b] : bad) {
    for (;;) {
      const auto c = static_cast<uint32_t>(random.Below(nodes));
      if (c == a || c == b || graph[c].empty()) continue;
      const uint32_t d = graph[c][random.Below(graph[c].size())];
      if (d == a || d == b || Has(graph[a], c) || Has(graph[b], d)) continue;
      Unlink(graph, c, d);
      Link(graph, a, c);
      Link(graph, b, d);
      break;
    }
  }
  for (auto& out : graph) Shuffle(out, random);
  return graph;
}

Graph Feeds(uint32_t nodes, uint32_t send, uint32_t receive, uint64_t seed) {
  Random random(seed);
  Graph graph(nodes);
  std::vector<uint32_t> fed_by(nodes, 0);
  while (graph[0].size() < std::min(send, nodes - 1)) {  // the publisher's send set is full
    const auto to = static_cast<uint32_t>(1 + random.Below(nodes - 1));
    if (Has(graph[0], to)) continue;
    graph[0].push_back(to);
    ++fed_by[to];
  }
  for (uint32_t to = 1; to < nodes; ++to) {
    for (uint32_t tries = 0; fed_by[to] < receive && tries < 1000 * receive; ++tries) {
      const auto from = static_cast<uint32_t>(1 + random.Below(nodes - 1));
      if (from == to || graph[from].size() >= send || Has(graph[from], to)) continue;
      graph[from].push_back(to);
      ++fed_by[to];
    }
  }
  for (auto& out : graph) Shuffle(out, random);
  return graph;
}

Graph Tree(uint32_t fan_out, uint32_t depth) {
  Graph graph(1);
  size_t level = 0;
  for (uint32_t d = 0; d < depth; ++d) {
    const size_t end = graph.size();
    for (; level < end; ++level) {
      for (uint32_t i = 0; i < fan_out; ++i) {
        graph[level].push_back(static_cast<uint32_t>(graph.size()));
        graph.emplace_back();
      }
    }
  }
  return graph;
}

}  // namespace flblk::scale
