// A running flblk node: sockets, dialer, listener, timers around one engine. The facade the plugin
// uses.
//
// Threads: one network thread owns engine, sessions and sockets. Every method here may be called
// from any thread; calls are posted through a bounded queue and answer RESOURCE_EXHAUSTED when it
// is full. NodeObserver is called on the network thread and must not block (a bound of 100 us is
// the house rule: copy and post).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "p2p/core/engine.h"
#include "p2p/net/enode.h"
#include "p2p/net/log.h"
#include "p2p/rlpx/session.h"

namespace flblk::net {

struct NodeConfig {
  std::string listen_address = "0.0.0.0";  // IPv4 or IPv6 literal
  uint16_t listen_port = 30303;            // 0: a free port, see NodeInfo
  bool listen = true;
  std::string external_address;  // for the printed enode ("extip"); empty: listen address
  // Dialled for ever, always served; our own node id in the lists is ignored. Trusted ones do not
  // count for max_outbound_peers.
  std::vector<Enode> trusted_peers, static_peers;
  uint32_t max_inbound_peers = 30;  // untrusted
  uint32_t max_outbound_peers = 100;
  uint32_t max_pending_sessions = 50;
  size_t max_queue_bytes_per_peer = size_t{32} << 20;
  size_t max_host_queue = 1024;  // posted host calls
  // Threads that help the network thread to seal large messages for many peers (seal_pool.h).
  size_t seal_threads = 0;
  // Whether the MACs of what several peers send at a time are computed together (read_batch.h).
  bool batch_reads = true;
  PublicKey authorizer;  // the network's
  std::string client_id = "flblk/0.1.0";
  bool offer_flblk1 = true;
  rlpx::EthConfig eth;
  core::EngineConfig engine;
  LogFn log;  // null: glog
};

struct NodeInfo {
  std::string enode;  // with the port really bound
  NodeId node_id{};
  uint16_t listen_port = 0;
  std::optional<PublicKey> builder;
};

struct PeerInfo {
  NodeId node_id{};
  std::string client_id, remote_address;  // address: "ip:port"
  bool inbound = false, trusted = false, is_static = false;
  uint8_t flblk_version = 0, eth_version = 0;
  int64_t connected_unix_ns = 0;
  uint64_t bytes_in = 0, bytes_out = 0, dropped_flashblocks = 0, queued_bytes = 0;
  core::PeerView gossip;
};

// Counters since start, beside what Peers() tells.
struct NodeStats {
  core::EngineStats engine;
  uint64_t dials_failed = 0;       // no name, no connection
  uint64_t handshakes_failed = 0;  // connected, but no session came of it; refusals included
  uint64_t inbound_refused = 0;    // turned away before the handshake: banned, or no place
  uint64_t bans = 0;
};

struct HistoryEntry {
  int64_t unix_ns = 0;
  core::PublishingChanged change;
};

class NodeObserver {
 public:
  virtual ~NodeObserver() = default;
  virtual void OnFlashblock(const core::FlashblockDelivered& event) = 0;
  virtual void OnPublishing(const core::PublishingChanged& event, Now now) = 0;
  virtual void OnEquivocation(const core::EquivocationFound& event) = 0;
  virtual void OnPeerUp(const PeerInfo& peer) = 0;
  virtual void OnPeerDown(const PeerInfo& peer, const std::string& why) = 0;
  virtual void OnPenalty(const PeerInfo& peer, const core::Penalise& event) = 0;
  // See core::Heard. Only identity and trust of `peer` are up to date.
  virtual void OnHeard(const PeerInfo& /*peer*/, Duration /*behind*/) {}
  // While we publish: the index expected next, where it has changed. Not only our own flashblocks
  // count: one of the builder before us may come after its StopPublish.
  virtual void OnNextIndex(uint64_t /*next_index*/) {}
};

class Node {
 public:
  // `key`, `signer` (null: no builder key), `sign_once` (null: memory) and `observer` outlive the
  // node.
  static absl::StatusOr<std::unique_ptr<Node>> Create(NodeConfig config, const rlpx::NodeKey* key,
                                                      Signer* signer, core::SignOnce* sign_once,
                                                      NodeObserver* observer);
  virtual ~Node() = default;

  // Binds the listener (FAILED_PRECONDITION names address and port where it is in use) and starts
  // the thread.
  virtual absl::Status Start() = 0;
  // StopPublish, Disconnect to all, flush, join; returns within about `limit` (1.5 s by default).
  // Not on the network thread. A stopped node is not started again. The destructor stops, and waits
  // for a name look-up under way.
  virtual void Stop(Duration limit = std::chrono::milliseconds(1500)) = 0;

  // Called once, on the network thread, after the observer heard of the consequences.
  using Done = std::function<void(absl::Status)>;
  // RESOURCE_EXHAUSTED (queue full) or UNAVAILABLE (stopping) at once, and then `done` is not
  // called.
  virtual absl::Status ForkchoiceUpdated(core::ForkchoiceUpdated update, Done done) = 0;
  virtual absl::Status Publish(wire::FlashblocksPayloadV1 flashblock, Done done) = 0;
  virtual absl::Status Sealed(const PayloadId& payload_id, Done done) = 0;
  virtual absl::Status StopPublishing(std::string reason, Done done) = 0;

  // Dials for ever; an operator's word also lifts a ban. Trust counts from the next session on.
  // INVALID_ARGUMENT: our own node id; RESOURCE_EXHAUSTED: max_outbound_peers (trusted peers are
  // not counted). Both calls wait as snapshots do.
  virtual absl::Status AddPeer(const Enode& enode, bool trusted) = 0;
  // Forgets the target and ends its session. FAILED_PRECONDITION: neither is there.
  virtual absl::Status RemovePeer(const NodeId& node_id) = 0;

  // Snapshots; each waits for the network thread, at most 1 s (DEADLINE_EXCEEDED).
  virtual absl::StatusOr<NodeInfo> Info() = 0;
  virtual absl::StatusOr<std::vector<PeerInfo>> Peers() = 0;
  virtual absl::StatusOr<core::HandoffView> Handoff() = 0;
  virtual absl::StatusOr<std::vector<HistoryEntry>> History() = 0;  // newest last, at most 1024
  virtual absl::StatusOr<NodeStats> Stats() {
    return absl::UnimplementedError("this node does not count");
  }
  // Runs `fn` on the network thread with the current block's flashblocks (no gap between snapshot
  // and the events that follow).
  virtual absl::Status WithBlock(
      std::function<void(const core::HandoffView&, const std::vector<core::FlashblockDelivered>&)>
          fn) = 0;
};

}  // namespace flblk::net
