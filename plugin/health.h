// Whether the node does its work, as operators and probes ask.
#pragma once

#include <mutex>
#include <string>

#include "plugin/hub.h"

namespace flblk::plugin {

struct Health {
  int code = 200;      // 200 healthy, 206 degraded, 503 not working
  std::string reason;  // "" for 200
  bool operator==(const Health&) const = default;
};

// Rules, the first that holds decides:
//   503  not started, or stopping
//   503  no flashblock, ours or another's, for `stale_after` (0: never; before the first one since
//   the start) 206  no peer for kNoPeersGrace
class HealthMonitor final : public Sink {
 public:
  static constexpr Duration kNoPeersGrace = std::chrono::seconds(5);

  explicit HealthMonitor(Duration stale_after) : stale_after_(stale_after) {}

  void SetRunning(bool running, int64_t unix_ns);
  Health Now(int64_t unix_ns) const;
  int64_t started_unix_ns() const;
  uint32_t peers() const;

  void OnFlashblock(const core::FlashblockDelivered& event, int64_t unix_ns) override;
  void OnPeerUp(const net::PeerInfo& peer) override;
  void OnPeerDown(const net::PeerInfo& peer, const std::string& why) override;

 private:
  const Duration stale_after_;
  mutable std::mutex mutex_;
  bool running_ = false;
  int64_t started_ = 0, newest_flashblock_ = 0, without_peers_since_ = 0;
  uint32_t peers_ = 0;
};

}  // namespace flblk::plugin
