#include "plugin/health.h"

#include "absl/strings/str_format.h"

namespace flblk::plugin {

void HealthMonitor::SetRunning(bool running, int64_t unix_ns) {
  const std::lock_guard lock(mutex_);
  running_ = running;
  if (!running) return;
  started_ = unix_ns;
  if (peers_ == 0) without_peers_since_ = unix_ns;
}

Health HealthMonitor::Now(int64_t unix_ns) const {
  const std::lock_guard lock(mutex_);
  if (!running_) return {503, started_ == 0 ? "not started" : "stopping"};
  const Duration quiet(unix_ns - std::max(newest_flashblock_, started_));
  if (stale_after_ > Duration{} && quiet > stale_after_) {
    return {503, absl::StrFormat("no flashblock for %.1f s (stale_after: %.1f s)%s",
                                 std::chrono::duration<double>(quiet).count(),
                                 std::chrono::duration<double>(stale_after_).count(),
                                 peers_ == 0 ? ", no peers" : "")};
  }
  if (peers_ == 0 && Duration(unix_ns - without_peers_since_) > kNoPeersGrace)
    return {206, "no peers"};
  return {};
}

int64_t HealthMonitor::started_unix_ns() const {
  const std::lock_guard lock(mutex_);
  return started_;
}

uint32_t HealthMonitor::peers() const {
  const std::lock_guard lock(mutex_);
  return peers_;
}

void HealthMonitor::OnFlashblock(const core::FlashblockDelivered&, int64_t unix_ns) {
  const std::lock_guard lock(mutex_);
  newest_flashblock_ = unix_ns;
}

void HealthMonitor::OnPeerUp(const net::PeerInfo&) {
  const std::lock_guard lock(mutex_);
  ++peers_;
}

void HealthMonitor::OnPeerDown(const net::PeerInfo&, const std::string&) {
  const std::lock_guard lock(mutex_);
  if (peers_ > 0 && --peers_ == 0) without_peers_since_ = UnixNow();
}

}  // namespace flblk::plugin
