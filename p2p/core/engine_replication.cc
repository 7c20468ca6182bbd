// Our flashblocks on their way out: to everyone, or to the standby builders first.
#include <utility>

#include "p2p/core/engine_state.h"

namespace flblk::core {

void Engine::State::SendOwn(FlashblockDelivered item, SeenFrame& seen) {
  if (config.replicate_before_publish == 0) {
    Relay(item, seen.have);
    return Deliver(inbox.Offer(std::move(item)));
  }
  std::vector<SessionId> standbys = gossip.FlashblockTargets(seen.have, true);
  if (!standbys.empty()) {
    out.push_back(Send{item.frame, SendClass::kFlashblock, item.authorization.timestamp, standbys,
                       replication.next_number()});
  }
  inbox_grew_at = now.mono;
  const bool in_order = !inbox.Offer(item).delivered.empty();
  replication.Hold(std::move(item), in_order, std::move(standbys), config.replicate_before_publish,
                   now.mono,
                   std::min(config.replicate_timeout, EngineConfig::kMaxReplicateTimeout));
}

void Engine::State::Release(Replication::Released released) {
  FlashblockDelivered& item = released.item;
  const Authorization& a = item.authorization;
  SeenFrame* seen =
      frames.Find({a.builder_vk, a.timestamp, item.flashblock->payload_id, item.flashblock->index});
  PeerSet nobody;  // forgotten: a second copy does no harm
  Relay(item, seen != nullptr ? seen->have : nobody);
  if (released.deliver) out.push_back(std::move(item));
}

void Engine::State::ReleaseDue() {
  while (auto released = replication.Take(now.mono)) Release(*std::move(released));
}

void Engine::State::ReleaseAll() {
  while (auto released = replication.TakeAny(now.mono)) Release(*std::move(released));
}

absl::Status Engine::State::On(const SendConfirmed& e) {
  replication.Confirm(e.session, e.confirm);
  return absl::OkStatus();
}

}  // namespace flblk::core
