// The lines of what goes on above the network: each flashblock (debug), and losses. Peers,
// penalties, evidence and hand-offs are lines of p2p/net (p2p/net/lines.h), which goes to the same
// place.
#pragma once

#include "plugin/hub.h"
#include "plugin/log.h"

namespace flblk::plugin {

class EventLog final : public Sink {
 public:
  explicit EventLog(LogFn log) : log_(std::move(log)) {}

  void OnFlashblock(const core::FlashblockDelivered& event, int64_t unix_ns) override;
  void OnLost() override;

 private:
  const LogFn log_;
};

}  // namespace flblk::plugin
