// Nodes that do not run for a while. What was sent to them, and what was due, comes when they thaw.
#include <algorithm>
#include <utility>

#include "tests/sim/world_state.h"

namespace flblk::sim {

using core::PublishState;

void World::Freeze(uint32_t n, Duration lasts) {
  Node& node = nodes_[n];
  if (!node.engine) return;
  if (!node.frozen_from) {
    node.frozen_from = now_;
    node.froze_publishing = node.publishing;
  }
  node.thaws_at = std::max(node.thaws_at.value_or(now_), now_ + lasts);
}

// What needs the node's process.
bool World::Held(const Item& item) const {
  switch (item.what) {
    case What::kDeliver:
    case What::kGone:
    case What::kTimer:
    case What::kForkchoice:
    case What::kPublish:
      return Frozen(item.node);
    default:
      return false;
  }
}

// Peers are heard before timers, and both before the host, as in p2p/net.
void World::Thaw(uint32_t n) {
  Node& node = nodes_[n];
  if (!node.frozen_from || now_ < *node.thaws_at) return;
  node.was_frozen = {*node.frozen_from, now_};
  const Duration lasted = now_ - *std::exchange(node.frozen_from, std::nullopt);
  if (lasted > kNoticedIntervals * kPublishInterval) Step(n, core::Thawed{});
  std::vector<Item> held = std::exchange(node.held, {});
  std::ranges::stable_sort(held, {}, [](const Item& item) {
    if (item.what == What::kDeliver || item.what == What::kGone) return 0;
    return item.what == What::kTimer ? 1 : 2;
  });
  for (Item& item : held) Handle(item);
  FindAgain(n);
}

// Whoever thaws publishes nothing more where another one has announced itself meanwhile and builds
// on, or waits: until it is authorized again (of two that waited, the first may go on). Who was
// active in that slot before has used its word: a second StartPublish looks like a replay, and
// stops nobody.
void World::CheckThawed(uint32_t n) {
  const Node& node = nodes_[n];
  if (!node.was_frozen || !s_.only_freezes() || !s_.builders_meshed) return;
  if (s_.takeover_after > Duration::zero()) return;  // it may find the other one silent
  const auto& [from, to] = *node.was_frozen;
  if (to - from <= kNoticedIntervals * kPublishInterval) return;
  for (uint32_t m = 0; m < s_.builders; ++m) {
    const Node& other = nodes_[m];
    if (m == n || other.announced <= from || other.announced + 2 * s_.latency_max >= to) continue;
    const core::HandoffView view = other.engine->handoff();
    const bool waits = view.state == PublishState::kWaiting && node.froze_publishing;
    if (view.state != PublishState::kPublishing && !waits) continue;
    if (SlotOf(view.authorization->timestamp) < node.host_slot) continue;
    Fail(absl::StrCat("builder ", n, " thawed and published, though builder ", m,
                      " had announced itself meanwhile"));
  }
}

}  // namespace flblk::sim
