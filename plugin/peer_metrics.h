// The metrics with a peer_id label. Latency is observed when a flashblock comes; the others are
// made at scrape time from the node's peer list. Internal to metrics.
#pragma once

#include <prometheus/metric_family.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "p2p/net/node.h"

namespace flblk::plugin {

class PeerMetrics {
 public:
  explicit PeerMetrics(prometheus::Registry& registry);

  // A peer's first copy of a flashblock came, that much behind the first of all.
  void Heard(const net::PeerInfo& peer, Duration behind);
  // A session ended: its counters stay in the sums.
  void Remember(const net::PeerInfo& gone);
  // `peers`: the sessions of now. One that ends after it was asked and is remembered before it has
  // answered counts once. Nothing where `peers` fails.
  using PeerList = std::function<absl::StatusOr<std::vector<net::PeerInfo>>()>;
  std::vector<prometheus::MetricFamily> Collect(const PeerList& peers);

 private:
  struct Counters {
    uint64_t bytes_in = 0, bytes_out = 0, missed = 0, dropped = 0, duplicates = 0;
    void Add(const net::PeerInfo& peer);
    void KeepMaximum(const Counters& other);
  };

  using Session = std::pair<NodeId, int64_t>;  // with when it began
  static Session SessionOf(const net::PeerInfo& peer);
  absl::StatusOr<std::vector<net::PeerInfo>> Ask(const PeerList& peers);

  std::mutex collecting_;  // one Collect at a time
  std::mutex mutex_;
  std::optional<std::set<Session>> ended_;  // while `peers` is asked
  std::map<std::string, Counters> gone_;    // by label
  std::map<std::string, Counters>
      reported_;  // counters never fall, also between an end and Remember
  prometheus::Family<prometheus::Summary>& latency_;
};

}  // namespace flblk::plugin
