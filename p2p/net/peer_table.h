// The sessions that are up: one per node id.
//
// Thread: the network thread only.
#pragma once

#include <map>
#include <memory>
#include <unordered_map>

#include "p2p/net/connection.h"
#include "p2p/net/node.h"
#include "p2p/net/tie_break.h"

namespace flblk::net {

struct Peer {
  std::shared_ptr<Connection> connection;
  PeerInfo info;  // what does not change; see Snapshot for the rest
  SessionOrigin origin;
  uint32_t penalties = 0;
};

class PeerTable {
 public:
  Peer* Find(core::SessionId session);
  Peer* FindNode(const NodeId& id);
  // The node id must not be there yet.
  void Add(Peer peer);
  void Remove(core::SessionId session);
  // Inbound ones that nobody named in the configuration.
  size_t InboundStrangers() const;
  size_t size() const { return peers_.size(); }

  // The peer as it is now; `gossip`: the engine's view of its session, where there is one.
  static PeerInfo Snapshot(const Peer& peer, const std::vector<core::PeerView>& gossip);
  std::vector<PeerInfo> SnapshotAll(const std::vector<core::PeerView>& gossip) const;

 private:
  std::unordered_map<core::SessionId, Peer> peers_;
  std::map<NodeId, core::SessionId> by_node_;
};

}  // namespace flblk::net
