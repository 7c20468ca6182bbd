// What Prometheus sees. Own registry; nothing global.
//
// reth_flashblocks_p2p_*: the names, labels and types of World Chain's node, so that its dashboard
// works unchanged. peer_id is the node id in hex for trusted and static peers and "untrusted" for
// all others. Three differ in what they are made from: latency is the time behind the first copy
// (not behind the builder's clock), peer_score the moving average of it in nanoseconds, and
// event_stream_epochs_stale counts blocks that began (index 0) with a block number below the
// highest one seen (World Chain's node compares with its own canonical tip, which this node has
// not). flblk_*: what only this node has.
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
