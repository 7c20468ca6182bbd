#include "p2p/net/peer_table.h"

#include <algorithm>

namespace flblk::net {

namespace {

void AddCounters(const Connection& connection, PeerInfo& info) {
  info.bytes_in = connection.bytes_in();
  info.bytes_out = connection.bytes_out();
  info.dropped_flashblocks = connection.dropped();
  info.queued_bytes = connection.queued_bytes();
}

}  // namespace

Peer* PeerTable::Find(core::SessionId session) {
  const auto it = peers_.find(session);
  return it == peers_.end() ? nullptr : &it->second;
}

Peer* PeerTable::FindNode(const NodeId& id) {
  const auto it = by_node_.find(id);
  return it == by_node_.end() ? nullptr : Find(it->second);
}

void PeerTable::Add(Peer peer) {
  const core::SessionId session = peer.connection->id();
  by_node_[peer.info.node_id] = session;
  peers_.emplace(session, std::move(peer));
}

void PeerTable::Remove(core::SessionId session) {
  const auto it = peers_.find(session);
  if (it == peers_.end()) return;
  by_node_.erase(it->second.info.node_id);
  peers_.erase(it);
}

size_t PeerTable::InboundStrangers() const {
  return static_cast<size_t>(std::count_if(peers_.begin(), peers_.end(), [](const auto& entry) {
    const PeerInfo& info = entry.second.info;
    return info.inbound && !info.trusted && !info.is_static;
  }));
}

PeerInfo PeerTable::Snapshot(const Peer& peer, const std::vector<core::PeerView>& gossip) {
  PeerInfo info = peer.info;
  AddCounters(*peer.connection, info);
  const auto view = std::find_if(gossip.begin(), gossip.end(), [&](const core::PeerView& v) {
    return v.session == peer.connection->id();
  });
  if (view != gossip.end()) info.gossip = *view;
  return info;
}

std::vector<PeerInfo> PeerTable::SnapshotAll(const std::vector<core::PeerView>& gossip) const {
  std::unordered_map<core::SessionId, const core::PeerView*> views;
  for (const core::PeerView& view : gossip) views[view.session] = &view;
  std::vector<PeerInfo> all;
  all.reserve(peers_.size());
  for (const auto& [session, peer] : peers_) {
    PeerInfo& info = all.emplace_back(peer.info);
    AddCounters(*peer.connection, info);
    if (const auto it = views.find(session); it != views.end()) info.gossip = *it->second;
  }
  return all;
}

}  // namespace flblk::net
