// What Prometheus sees. Own registry; nothing global.
//
// reth_flashblocks_p2p_*: the names, labels and types of World Chain's node, so that its dashboard
// works unchanged. peer_id is the node id in hex for trusted and static peers and "untrusted" for
// all others. Two differ in how they come about: latency is the time behind the first copy (not
// behind the builder's clock), the moving average of each feeding peer sampled at every scrape;
// peer_score is that average in nanoseconds. flblk_*: what only this node has.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "plugin/host.h"

namespace flblk::plugin {

class Metrics : public Sink, public PublishObserver {
 public:
  struct Sources {
    const Hub* hub = nullptr;
    std::function<absl::StatusOr<std::vector<net::PeerInfo>>()> peers;  // may be empty
    std::function<absl::StatusOr<net::NodeStats>()> stats;              // may be empty
    std::function<size_t()> subscribers;                                // may be empty
  };
  static std::unique_ptr<Metrics> Create(Sources sources);

  // The text format 0.0.4. Any thread; waits for the network thread's peer list, at most 1 s.
  virtual std::string Scrape() = 0;
};

}  // namespace flblk::plugin
