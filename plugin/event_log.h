// One line for each thing an operator looks for, with the words the World Chain node uses and
// key=value pairs. Lines that peers can cause are bounded to kMaxPeerLines a second; how many were
// left out is said.
#pragma once

#include "plugin/hub.h"
#include "plugin/log.h"

namespace flblk::plugin {

class EventLog final : public Sink {
 public:
  static constexpr uint32_t kMaxPeerLines = 50;

  // `peers_too`: also what p2p/net writes to glog by itself: peers, penalties, evidence.
  EventLog(LogFn log, bool peers_too) : log_(std::move(log)), peers_too_(peers_too) {}

  void OnFlashblock(const core::FlashblockDelivered& event, int64_t unix_ns) override;
  void OnTransition(const Transition& transition) override;
  void OnEquivocation(const core::EquivocationFound& event, int64_t unix_ns) override;
  void OnPeerUp(const net::PeerInfo& peer) override;
  void OnPeerDown(const net::PeerInfo& peer, const std::string& why) override;
  void OnPenalty(const net::PeerInfo& peer, const core::Penalise& event) override;
  void OnLost() override;
  void OnTick() override;

 private:
  void PeerLine(LogLevel level, const std::string& text);

  uint32_t peer_lines_ = 0;  // since the last tick
  const LogFn log_;
  const bool peers_too_;
};

}  // namespace flblk::plugin
