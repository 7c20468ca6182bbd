// The network thread's world: connections, dialer, listener, bans and the engine, wired together.
//
// Decides who may be a peer: bans, one session per node id (tie_break.h), limits; trust is a matter
// of the configuration, known before a session starts (the node id was proven in the handshake),
// not something a peer can claim.
//
// Thread: the network thread only, which is asserted; construction and Listen may come before that
// thread runs.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <set>
#include <thread>

#include "p2p/core/token_bucket.h"
#include "p2p/net/acceptor.h"
#include "p2p/net/admission.h"
#include "p2p/net/confirmations.h"
#include "p2p/net/dialer.h"
#include "p2p/net/engine_ports.h"
#include "p2p/net/engine_runner.h"
#include "p2p/net/flush_list.h"
#include "p2p/net/peer_table.h"

namespace flblk::net {

class Hub final : private Connection::Listener,
                  private Dialer::Listener,
                  private EngineRunner::Sink {
 public:
  // All borrowed things outlive the hub. `config.log` is set.
  Hub(boost::asio::io_context& io, const NodeConfig& config, const rlpx::NodeKey* key,
      Signer* signer, core::SignOnce* sign_once, NodeObserver* observer);
  ~Hub() override;

  absl::Status Listen();
  void Start();
  // StopPublish, Disconnect, flush; `done` once all connections are gone, at the latest after
  // `limit`.
  void Stop(Duration limit, std::function<void()> done);

  EngineRunner& engine() { return engine_; }
  // Runs `task` behind what peers have said by now: a process that was frozen must hear that it was
  // succeeded before its host or its timer lets it publish.
  void AfterPeers(std::function<void()> task) override;
  absl::Status AddPeer(const Enode& enode, bool trusted);
  absl::Status RemovePeer(const NodeId& id);
  NodeInfo Info() const;
  NodeStats Stats() const;
  std::vector<PeerInfo> Peers() const { return peers_.SnapshotAll(engine_.peers()); }

 private:
  using ConnectionPtr = std::shared_ptr<Connection>;

  // Connection::Listener
  void OnEstablished(Connection& connection, const rlpx::Established& event) override;
  void OnMessage(Connection& connection, wire::FramePtr frame) override;
  void OnEthReady(Connection& connection, const rlpx::EthReady& event) override;
  void OnDown(Connection& connection, const rlpx::Closed& closed, Connection::End end) override;
  void OnGone(Connection& connection) override;
  void OnTurnEnd() override;
  // Dialer::Listener
  void OnDialled(const NodeId& target, boost::asio::ip::tcp::socket socket) override;
  void OnDialFailed(const Enode& target, const std::string& why, Duration retry_in) override;
  // EngineRunner::Sink
  void Send(const core::Send& action) override;
  void FlushSends() override;
  void Penalise(const core::Penalise& action) override;
  void Drop(const core::Drop& action) override;
  void Renew(const core::Renew& action) override;
  void Heard(const core::Heard& action) override;

  void Log(const std::string& line) const { config_.log(LogLevel::kInfo, line); }
  void OnAccepted(boost::asio::ip::tcp::socket socket);
  ConnectionPtr Open(boost::asio::ip::tcp::socket socket, std::optional<NodeId> dialled);
  // Why the peer may not come in; nullopt: it may.
  std::optional<rlpx::DisconnectReason> Refusal(const Connection& connection, const NodeId& id);
  void Admit(Connection& connection, const rlpx::Established& event);
  void HandshakeFailed(const Connection& connection, const std::string& why);
  void PeerDown(const Peer& peer, const std::string& why, bool discourage);
  void Punish(const Connection& connection, const std::optional<NodeId>& id, Conduct conduct);
  void StopSlowPeers(Duration limit);
  std::vector<ConnectionPtr> Connections() const;
  bool OnNetworkThread() const { return owner_ == std::this_thread::get_id(); }

  boost::asio::io_context& io_;
  const NodeConfig config_;
  const rlpx::NodeKey* const key_;
  NodeObserver* const observer_;
  NetworkVerifier verifier_;
  SnappyCompressor compressor_;
  EngineRunner engine_;
  Acceptor acceptor_;
  Dialer dialer_;
  Admission admission_;
  PeerTable peers_;
  ReadBatch reads_;
  std::unordered_map<uint64_t, ConnectionPtr> connections_;  // in any phase
  std::set<uint64_t> dialling_;                              // outbound, in their handshake
  std::set<uint64_t> misconduct_;                            // dropped by the engine
  SealPool seal_pool_;
  FlushList flush_list_;
  Confirmations confirmations_;
  std::vector<ConnectionPtr> overflowed_;
  uint64_t last_id_ = 0;
  LineRation refused_lines_, failed_lines_, ban_lines_;
  core::TokenBucket stranger_lines_{100, std::chrono::milliseconds(100)};  // that came or went
  NodeStats stats_;                                                        // without the engine's
  std::thread::id owner_;                                                  // set by Start
  boost::asio::steady_timer stop_timer_;
  std::function<void()> stopped_;  // set while stopping
};

}  // namespace flblk::net
