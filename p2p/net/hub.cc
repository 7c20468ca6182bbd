#include "p2p/net/hub.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "p2p/net/address.h"
#include "p2p/net/clock.h"
#include "p2p/net/lines.h"

namespace flblk::net {

namespace asio = boost::asio;
using rlpx::DisconnectReason;

Hub::Hub(asio::io_context& io, const NodeConfig& config, const rlpx::NodeKey* key, Signer* signer,
         core::SignOnce* sign_once, NodeObserver* observer)
    : io_(io),
      config_(config),
      key_(key),
      observer_(observer),
      verifier_(config.authorizer),
      engine_(io, config.engine,
              {.verifier = &verifier_,
               .compressor = &compressor_,
               .signer = signer,
               .sign_once = sign_once},
              observer, this, config.log),
      acceptor_(io, config.log),
      dialer_(io, this, std::max<size_t>(config.max_pending_sessions, 1), BackoffConfig{}),
      admission_(config.max_pending_sessions),
      reads_(io, config.batch_reads),
      seal_pool_(config.seal_threads),
      flush_list_(&seal_pool_),
      confirmations_(
          io, [this](core::SendConfirmed event) { engine_.Post(event); },
          [this] { engine_.Pump(); }),
      stop_timer_(io) {}

Hub::~Hub() = default;

absl::Status Hub::Listen() {
  if (!config_.listen) return absl::OkStatus();
  return acceptor_.Open(config_.listen_address, config_.listen_port);
}

void Hub::Start() {
  owner_ = std::this_thread::get_id();
  engine_.Start();
  if (config_.listen) {
    acceptor_.Start([this](asio::ip::tcp::socket socket) { OnAccepted(std::move(socket)); });
  }
  Log(absl::StrCat("event=p2p_started enode=", Info().enode));
  for (const Enode& enode : config_.static_peers) dialer_.Add(enode, false);
  for (const Enode& enode : config_.trusted_peers) dialer_.Add(enode, true);
  engine_.Pump();
}

// ---------------------------------------------------------------------------------- connections

Hub::ConnectionPtr Hub::Open(asio::ip::tcp::socket socket, std::optional<NodeId> dialled) {
  const rlpx::SessionConfig session{
      .role = dialled ? rlpx::Role::kInitiator : rlpx::Role::kRecipient,
      .key = key_,
      .remote = dialled,
      .client_id = config_.client_id,
      .listen_port = acceptor_.port(),
      .offer_flblk1 = config_.offer_flblk1,
      .eth = config_.eth,
      .known_frames = &engine_.known_frames()};
  const Connection::Options options{.id = last_id_,
                                    .inbound = !dialled,
                                    .dialled = dialled,
                                    .max_queue_bytes = config_.max_queue_bytes_per_peer};
  auto connection = std::make_shared<Connection>(options, std::move(socket), session,
                                                 static_cast<Connection::Listener*>(this), &reads_);
  connections_[options.id] = connection;
  return connection;
}

void Hub::OnAccepted(asio::ip::tcp::socket socket) {
  DCHECK(OnNetworkThread());
  boost::system::error_code error;
  const asio::ip::tcp::endpoint remote = socket.remote_endpoint(error);
  if (error || stopped_) return;  // the socket closes
  const InboundGate::Verdict verdict =
      admission_.OnSocket(++last_id_, remote.address(), RealNow().mono);
  if (!verdict.admit) {
    ++stats_.inbound_refused;
    if (refused_lines_.Take(RealNow().mono)) {
      Log(absl::StrCat("event=inbound_refused addr=", FormatEndpoint(remote), " reason=\"",
                       verdict.why, "\""));
    }
    return;
  }
  if (verdict.evict) {
    if (const auto it = connections_.find(*verdict.evict); it != connections_.end()) {
      const ConnectionPtr oldest = it->second;
      oldest->Abort("handshake gave way to a newer connection");
    }
  }
  Open(std::move(socket), std::nullopt)->Start();
  engine_.Pump();
}

void Hub::OnDialled(const NodeId& target, asio::ip::tcp::socket socket) {
  dialling_.insert(++last_id_);
  Open(std::move(socket), target)->Start();
  engine_.Pump();
}

void Hub::OnDialFailed(const Enode& target, const std::string& why, Duration retry_in) {
  ++stats_.dials_failed;
  Log(DialFailedLine(target, why, retry_in));
}

// ------------------------------------------------------------------------------------- sessions

void Hub::OnEstablished(Connection& connection, const rlpx::Established& event) {
  DCHECK(OnNetworkThread());
  const bool was_dialling = dialling_.erase(connection.id()) > 0;
  const std::optional<DisconnectReason> refusal = Refusal(connection, event.node_id);
  if (refusal) {
    const bool banned = admission_.IsBanned(event.node_id, RealNow().mono);
    connection.Disconnect(*refusal, absl::StrCat("refused ", Short(event.node_id), ": ",
                                                 banned ? "banned" : rlpx::Name(*refusal)));
  } else {
    Admit(connection, event);
  }
  if (was_dialling) dialer_.HandshakeDone(event.node_id, refusal == DisconnectReason::kSelf);
}

std::optional<DisconnectReason> Hub::Refusal(const Connection& connection, const NodeId& id) {
  const MonoTime now = RealNow().mono;
  if (stopped_) return DisconnectReason::kRequested;
  if (id == key_->id()) return DisconnectReason::kSelf;
  const bool named = dialer_.IsTarget(id);
  if (!connection.inbound() && !named) return DisconnectReason::kRequested;  // removed meanwhile
  if (admission_.IsBanned(id, now)) return DisconnectReason::kTooManyPeers;
  const SessionOrigin origin{.inbound = connection.inbound(), .established = now};
  if (Peer* const older = peers_.FindNode(id)) {
    if (!NewerSessionWins(older->origin, origin, key_->id(), id)) {
      return DisconnectReason::kAlreadyConnected;
    }
    const ConnectionPtr loser = older->connection;
    loser->Disconnect(DisconnectReason::kAlreadyConnected,
                      "replaced by another session of the node");
  }
  if (connection.inbound() && !named &&
      (peers_.InboundStrangers() >= config_.max_inbound_peers ||
       !admission_.StrangerUp(connection.id(), connection.remote().address()))) {
    return DisconnectReason::kTooManyPeers;
  }
  return std::nullopt;
}

void Hub::Admit(Connection& connection, const rlpx::Established& event) {
  admission_.HandshakeOver(connection.id());
  const Now now = RealNow();
  const bool named = dialer_.IsTarget(event.node_id);
  const bool trusted = dialer_.IsTrusted(event.node_id);
  Peer peer{.connection = connection.shared_from_this(),
            .info = {.node_id = event.node_id,
                     .client_id = event.client_id,
                     .remote_address = FormatEndpoint(connection.remote()),
                     .inbound = connection.inbound(),
                     .trusted = trusted,
                     .is_static = named && !trusted,
                     .flblk_version = event.flblk_version,
                     .eth_version = event.eth_version,
                     .connected_unix_ns = now.unix_ns,
                     .gossip = {}},
            .origin = {.inbound = connection.inbound(), .established = now.mono}};
  const PeerInfo info = peer.info;
  peers_.Add(std::move(peer));
  dialer_.SessionUp(event.node_id, now.mono);
  engine_.Post(core::PeerConnected{.session = connection.id(),
                                   .node_id = event.node_id,
                                   .flblk_version = event.flblk_version,
                                   .trusted = named,
                                   .standby = trusted});
  if (named) admission_.Named(event.node_id, connection.remote().address());
  if (named || stranger_lines_.Take(now.mono)) Log(PeerUpLine(info, peers_.size()));
  observer_->OnPeerUp(info);
}

void Hub::OnTurnEnd() {
  DCHECK(OnNetworkThread());
  engine_.Pump();
}

void Hub::OnMessage(Connection& connection, wire::FramePtr frame) {
  engine_.Post(core::PeerMessage{.session = connection.id(), .frame = std::move(frame)});
}

void Hub::OnEthReady(Connection& connection, const rlpx::EthReady& event) {
  config_.log(LogLevel::kDebug,
              absl::StrCat("event=eth_ready addr=", FormatEndpoint(connection.remote()),
                           " network_id=", event.network_id, " genesis=", ToHex(event.genesis)));
}

void Hub::OnDown(Connection& connection, const rlpx::Closed& closed, Connection::End end) {
  const Peer* const peer = peers_.Find(connection.id());
  std::optional<NodeId> id = connection.dialled();
  if (peer != nullptr) id = peer->info.node_id;
  Conduct conduct = Judge(closed, end == Connection::End::kSession, peer != nullptr);
  if (misconduct_.erase(connection.id()) > 0) conduct = Conduct::kMisconduct;
  Punish(connection, id, conduct);
  const bool discourage = Discourages(closed);
  if (peer != nullptr) {
    PeerDown(*peer, closed.why, discourage);
  } else {
    HandshakeFailed(connection, closed.why);
  }
  if (dialling_.erase(connection.id()) > 0)
    dialer_.HandshakeDone(*connection.dialled(), discourage);
}

// Strangers may fail as often as they like, so their lines are rationed.
void Hub::HandshakeFailed(const Connection& connection, const std::string& why) {
  ++stats_.handshakes_failed;
  const bool dialled = connection.dialled().has_value();
  if (!dialled && !failed_lines_.Take(RealNow().mono)) return;
  Log(absl::StrCat("event=handshake_failed",
                   dialled ? " peer_id=" + Short(*connection.dialled()) : "",
                   " addr=", FormatEndpoint(connection.remote()), " reason=\"", why, "\""));
}

void Hub::PeerDown(const Peer& peer, const std::string& why, bool discourage) {
  const PeerInfo info = PeerTable::Snapshot(peer, engine_.peers());
  const core::SessionId session = peer.connection->id();
  peers_.Remove(session);
  admission_.SessionOver(session);
  engine_.Post(core::PeerDisconnected{.session = session});
  const MonoTime now = RealNow().mono;
  const bool named = dialer_.IsTarget(info.node_id);
  if (named || stranger_lines_.Take(now)) Log(PeerDownLine(info, why, peers_.size()));
  observer_->OnPeerDown(info, why);
  if (!named) admission_.Hold(info.node_id, info.gossip.penalty, now);
  dialer_.SessionDown(info.node_id, now, discourage);
}

void Hub::OnGone(Connection& connection) {
  admission_.HandshakeOver(connection.id());
  connections_.erase(connection.id());
  if (stopped_ && connections_.empty()) stopped_();
}

void Hub::Punish(const Connection& connection, const std::optional<NodeId>& id, Conduct conduct) {
  const Duration length = admission_.Punish({.id = id,
                                             .named = id && dialer_.IsTarget(*id),
                                             .inbound = connection.inbound(),
                                             .address = connection.remote().address()},
                                            conduct, RealNow().mono);
  if (length == Duration{}) return;
  ++stats_.bans;
  if (!ban_lines_.Take(RealNow().mono)) return;
  Log(absl::StrCat("event=peer_banned peer_id=", id ? Short(*id) : "unknown",
                   " addr=", FormatEndpoint(connection.remote()),
                   " seconds=", length / std::chrono::seconds(1)));
}

// --------------------------------------------------------------------------------------- engine

void Hub::Send(const core::Send& action) {
  DCHECK(OnNetworkThread());
  for (const core::SessionId session : action.to) {
    const Peer* const peer = peers_.Find(session);
    if (peer == nullptr) continue;
    const SendQueue::Verdict verdict =
        peer->connection->Enqueue(action.frame, action.cls, action.slot);
    if (verdict == SendQueue::Verdict::kQueued) flush_list_.Add(peer->connection);
    if (verdict == SendQueue::Verdict::kQueued && action.confirm != 0) {
      confirmations_.Await(peer->connection, action.confirm);
    }
    if (verdict == SendQueue::Verdict::kOverflow) overflowed_.push_back(peer->connection);
  }
}

void Hub::FlushSends() {
  DCHECK(OnNetworkThread());
  flush_list_.Flush();
  for (const ConnectionPtr& connection : std::exchange(overflowed_, {})) {
    connection->Abort("does not read: too many control messages wait");
  }
}

void Hub::Penalise(const core::Penalise& action) {
  Peer* const peer = peers_.Find(action.session);
  if (peer == nullptr) return;
  if (++peer->penalties <= 3) Log(PenaltyLine(peer->info, action));
  observer_->OnPenalty(peer->info, action);
}

// Tasks run in order, and one of them is the look at the sockets, which queues their handlers
// behind what waits already: the first hop is behind the look, the second behind the handlers. What
// was read may still wait for company.
void Hub::AfterPeers(std::function<void()> task) {
  asio::post(io_, [this, task = std::move(task)]() mutable {
    asio::post(io_, [this, task = std::move(task)] {
      reads_.Finish();
      task();
    });
  });
}

void Hub::Heard(const core::Heard& action) {
  if (const Peer* const peer = peers_.Find(action.session)) {
    observer_->OnHeard(peer->info, action.behind);
  }
}

void Hub::Drop(const core::Drop& action) {
  const Peer* const peer = peers_.Find(action.session);
  if (peer == nullptr) return;
  misconduct_.insert(action.session);
  const ConnectionPtr connection = peer->connection;
  connection->Disconnect(DisconnectReason::kSubprotocolError, action.why);
}

void Hub::Renew(const core::Renew& action) {
  const Peer* const peer = peers_.Find(action.session);
  if (peer == nullptr) return;
  ConnectionPtr(peer->connection)->Disconnect(DisconnectReason::kRequested, action.why);
}

// ------------------------------------------------------------------------------------- operator

absl::Status Hub::AddPeer(const Enode& enode, bool trusted) {
  DCHECK(OnNetworkThread());
  if (enode.id == key_->id()) return absl::InvalidArgumentError("enode: node id is our own");
  const bool counted = dialer_.IsTarget(enode.id) && !dialer_.IsTrusted(enode.id);
  if (!trusted && !counted && dialer_.Untrusted() >= config_.max_outbound_peers) {
    return absl::ResourceExhaustedError(
        absl::StrCat("max_outbound_peers: ", config_.max_outbound_peers, " peers are configured"));
  }
  admission_.Lift(enode.id);
  dialer_.Add(enode, trusted);
  if (Peer* const peer = peers_.FindNode(enode.id)) {
    peer->info.trusted = trusted;
    peer->info.is_static = !trusted;
    dialer_.SessionUp(enode.id, RealNow().mono);
  }
  return absl::OkStatus();
}

absl::Status Hub::RemovePeer(const NodeId& id) {
  DCHECK(OnNetworkThread());
  const bool known = dialer_.Remove(id);
  admission_.NoLongerNamed(id);
  const Peer* const peer = peers_.FindNode(id);
  if (peer == nullptr && !known) {
    return absl::FailedPreconditionError(absl::StrCat("no peer has the node id ", Short(id)));
  }
  if (peer != nullptr) {
    const ConnectionPtr connection = peer->connection;
    connection->Disconnect(DisconnectReason::kRequested, "removed by the operator");
  }
  engine_.Pump();
  return absl::OkStatus();
}

NodeStats Hub::Stats() const {
  NodeStats stats = stats_;
  stats.engine = engine_.stats();
  return stats;
}

NodeInfo Hub::Info() const {
  const Enode self{.id = key_->id(),
                   .host = AnnouncedHost(config_.external_address, config_.listen_address),
                   .port = acceptor_.port()};
  return {.enode = FormatEnode(self),
          .node_id = key_->id(),
          .listen_port = acceptor_.port(),
          .builder = config_.engine.builder};
}

}  // namespace flblk::net
