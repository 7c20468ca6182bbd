#include "tests/bench/scale/simulate.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <queue>
#include <tuple>

namespace flblk::scale {
namespace {

constexpr uint32_t kNobody = UINT32_MAX;

struct Arrival {
  int64_t at;
  uint32_t node, from, flashblock, hops;
  bool operator>(const Arrival& other) const {
    return std::tie(at, node, from, flashblock) >
           std::tie(other.at, other.node, other.from, other.flashblock);
  }
};

struct Node {
  int64_t thread_free = 0, link_free = 0;
  int64_t busy = 0;
  uint64_t sent = 0;
};

int64_t TransmitNs(const Costs& costs, const Network& network) {
  if (network.bits_per_second == 0) return 0;
  return static_cast<int64_t>(static_cast<double>(costs.wire_bytes) * 8e9 /
                              static_cast<double>(network.bits_per_second));
}

class Run {
 public:
  Run(const Graph& graph, const Costs& costs, const Network& network, uint32_t flashblocks,
      uint64_t seed)
      : graph_(graph),
        costs_(costs),
        network_(network),
        transmit_ns_(TransmitNs(costs, network)),
        seed_(seed),
        nodes_(graph.size()),
        reached_(flashblocks, std::vector<int64_t>(graph.size(), -1)),
        hops_(graph.size(), 0) {}

  void Publish(uint32_t flashblock, int64_t at) { queue_.push({at, 0, kNobody, flashblock, 0}); }

  void ToTheEnd() {
    for (; !queue_.empty(); queue_.pop()) Take(queue_.top());
  }

  Outcome Tell(int64_t last_at) const;

 private:
  void Take(const Arrival arrival) {  // a copy: the queue grows meanwhile
    Node& node = nodes_[arrival.node];
    int64_t& reached = reached_[arrival.flashblock][arrival.node];
    copies_ += arrival.from != kNobody;
    if (reached >= 0) return Work(node, arrival.at, costs_.duplicate_ns);
    reached = arrival.at;
    hops_[arrival.node] = arrival.hops;
    Work(node, arrival.at, arrival.from == kNobody ? costs_.publish_ns : costs_.relay_ns);
    Relay(arrival);
  }

  static void Work(Node& node, int64_t at, int64_t ns) {
    node.thread_free = std::max(node.thread_free, at) + ns;
    node.busy += ns;
  }

  void Relay(const Arrival& arrival) {
    Node& node = nodes_[arrival.node];
    std::vector<uint32_t>& to = targets_;
    to.clear();
    for (const uint32_t peer : graph_[arrival.node]) {
      if (peer != arrival.from) to.push_back(peer);
    }
    for (size_t begin = 0; begin < to.size(); begin += kGroup) {
      const size_t n = std::min(kGroup, to.size() - begin);
      const int64_t work = costs_.seal_group_ns + static_cast<int64_t>(n) * costs_.send_ns;
      Work(node, node.thread_free, work);
      node.link_free = std::max(node.link_free, node.thread_free);
      const int64_t whole = node.link_free + static_cast<int64_t>(n) * transmit_ns_;
      for (size_t i = begin; i < begin + n; ++i) {
        node.link_free += transmit_ns_;
        Send(arrival, to[i], network_.fair ? whole : node.link_free);
      }
    }
    node.sent += to.size();
  }

  void Send(const Arrival& arrival, uint32_t to, int64_t left) {
    const int64_t latency = LatencyNs(network_, seed_, arrival.node, to);
    const int64_t waits = 2 * latency * network_.extra_round_trips;
    queue_.push({left + latency + waits, to, arrival.node, arrival.flashblock, arrival.hops + 1});
  }

  const Graph& graph_;
  const Costs& costs_;
  const Network& network_;
  const int64_t transmit_ns_;
  const uint64_t seed_;
  std::vector<Node> nodes_;
  std::vector<std::vector<int64_t>> reached_;  // by flashblock and node
  std::vector<uint32_t> hops_;                 // of the newest flashblock
  std::vector<uint32_t> targets_;
  uint64_t copies_ = 0;
  std::priority_queue<Arrival, std::vector<Arrival>, std::greater<>> queue_;
};

Outcome Run::Tell(int64_t last_at) const {
  Outcome out;
  out.nodes = static_cast<uint32_t>(nodes_.size());
  for (const int64_t at : reached_.back()) {
    if (at >= 0) out.reached_ns.push_back(at - last_at);
  }
  std::sort(out.reached_ns.begin(), out.reached_ns.end());
  const auto flashblocks = static_cast<double>(reached_.size());
  const double shares = flashblocks * static_cast<double>(nodes_.size());
  for (size_t n = 0; n < nodes_.size(); ++n) {
    out.most_hops = std::max(out.most_hops, hops_[n]);
    out.mean_hops += hops_[n] / static_cast<double>(nodes_.size());
    const auto busy = static_cast<double>(nodes_[n].busy);
    out.mean_busy_ns += busy / shares;
    out.most_busy_ns = std::max(out.most_busy_ns, busy / flashblocks);
    out.most_sent = std::max(out.most_sent, static_cast<double>(nodes_[n].sent) / flashblocks);
  }
  out.copies = static_cast<double>(copies_) / shares;
  return out;
}

// Standard normal, from the two node numbers.
double Normal(uint64_t seed, uint32_t a, uint32_t b) {
  const auto [low, high] = std::minmax(a, b);
  Random random(seed ^ (uint64_t{high} << 32 | low) * 0xd6e8feb86659fd93);
  random.Next();
  const auto unit = [&] { return (static_cast<double>(random.Next() >> 11) + 0.5) * 0x1p-53; };
  const double u = unit(), v = unit();
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
}

}  // namespace

int64_t LatencyNs(const Network& network, uint64_t seed, uint32_t a, uint32_t b) {
  const double one_way = static_cast<double>(network.rtt_ns) / 2;
  if (network.sigma == 0) return static_cast<int64_t>(one_way);
  return static_cast<int64_t>(one_way * std::exp(network.sigma * Normal(seed, a, b)));
}

std::vector<int64_t> Departures(const Costs& costs, const Network& network, size_t receivers) {
  const int64_t transmit = TransmitNs(costs, network);
  std::vector<int64_t> out;
  int64_t thread = 0, link = 0;
  for (size_t begin = 0; begin < receivers; begin += kGroup) {
    const auto n = static_cast<int64_t>(std::min(kGroup, receivers - begin));
    thread += costs.seal_group_ns + n * costs.send_ns;
    link = std::max(link, thread);
    const int64_t whole = link + n * transmit;
    for (int64_t i = 0; i < n; ++i) {
      link += transmit;
      out.push_back(network.fair ? whole : link);
    }
  }
  return out;
}

int64_t Outcome::At(double q) const {
  const auto rank = static_cast<size_t>(std::ceil(q * nodes));
  if (rank > reached_ns.size()) return -1;
  return rank == 0 ? 0 : reached_ns[rank - 1];
}

Outcome Simulate(const Graph& graph, const Costs& costs, const Network& network, const Load& load,
                 uint64_t seed) {
  Run run(graph, costs, network, load.flashblocks, seed);
  for (uint32_t i = 0; i < load.flashblocks; ++i) run.Publish(i, i * load.interval_ns);
  run.ToTheEnd();
  return run.Tell((load.flashblocks - 1) * load.interval_ns);
}

}  // namespace flblk::scale
