// How the hub ends.
#include "glog/logging.h"
#include "p2p/net/hub.h"

namespace flblk::net {

using rlpx::DisconnectReason;

void Hub::Stop(Duration limit, std::function<void()> done) {
  DCHECK(OnNetworkThread());
  acceptor_.Close();
  dialer_.Stop();
  confirmations_.Stop();
  engine_.Call(core::StopPublishing{.reason = "shutdown"}, {});
  stopped_ = std::move(done);
  if (connections_.empty()) return stopped_();
  stop_timer_.expires_after(limit / 2);
  stop_timer_.async_wait([this, limit](boost::system::error_code error) {
    if (!error) StopSlowPeers(limit / 2);
  });
  for (const ConnectionPtr& connection : Connections()) {
    if (peers_.Find(connection->id()) != nullptr) {
      connection->Finish(DisconnectReason::kRequested, "shutting down");
    } else if (connection->open()) {
      connection->Abort("shutting down");
    }
  }
  engine_.Pump();
}

void Hub::StopSlowPeers(Duration limit) {
  stop_timer_.expires_after(limit);
  stop_timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    for (const ConnectionPtr& connection : Connections()) connection->Abort("shutting down");
    engine_.Pump();
  });
  for (const ConnectionPtr& connection : Connections()) connection->CutFlashblocks();
  engine_.Pump();
}

// A copy: closing one changes the map.
std::vector<Hub::ConnectionPtr> Hub::Connections() const {
  std::vector<ConnectionPtr> all;
  for (const auto& [id, connection] : connections_) all.push_back(connection);
  return all;
}

}  // namespace flblk::net
