// The hostile nodes of a simulated network: what they hear and say, and what becomes of them.
#include <algorithm>

#include "tests/sim/world_state.h"

namespace flblk::sim {

using std::chrono::milliseconds;

void World::AddHostile() {
  for (uint32_t i = 0; i < s_.hostile; ++i) {
    const uint32_t n = s_.nodes + i;
    Random pick(s_.seed * 31 + i);
    const Hostile& node = hostile_.emplace_back(pick.Next());
    Log("node ", n, " is hostile: ", node.habits());
    std::vector<uint32_t> others(s_.nodes);
    for (uint32_t other = 0; other < s_.nodes; ++other) others[other] = other;
    // Builders first in half of the cases.
    const uint32_t kept = pick.Chance(50) ? 1 : 0;
    for (uint32_t k = kept; k + 1 < others.size(); ++k)
      std::swap(others[k], others[k + pick.Below(others.size() - k)]);
    others.resize(std::min<size_t>(others.size(), 2 + pick.Below(7)));
    for (uint32_t other : others) Connect(other, n, false);
    Push(kWarmUp / 2 + milliseconds(pick.Below(500)), What::kHostile, n);
  }
}

const Link* World::HostileLink(core::SessionId session) const {
  const auto at = link_of_.find(session);
  if (at == link_of_.end() || !IsHostile(links_[at->second].b)) return nullptr;
  return &links_[at->second];
}

void World::HostileActs(uint32_t n) {
  Hostile& node = HostileNode(n);
  const std::vector<Said> said = node.Act();
  if (!said.empty()) Log("hostile node ", n, " ", node.last_act());
  Say(n, said);
  Push(now_ + node.Rest(), What::kHostile, n);
}

void World::Say(uint32_t n, const std::vector<Said>& said) {
  for (const Said& one : said) {
    const auto at = link_of_.find(one.to);
    if (at != link_of_.end()) Post(links_[at->second], n, one.frame, one.proves);
  }
}

// Node `n` took a frame that proves something against its sender.
void World::Proven(uint32_t n, core::SessionId session, uint32_t proves) {
  const auto at = link_of_.find(session);
  if (proves == 0 || at == link_of_.end()) return;
  Link& link = links_[at->second];
  link.proven += proves;
  if (link.proven >= kProof && !link.dropped)
    Fail(absl::StrCat("node ", n, " keeps a peer that misbehaves without end"));
}

void World::DropHostile(uint32_t n, const core::Drop& drop) {
  Link& link = links_[link_of_.at(drop.session)];
  Log("node ", n, " drops hostile node ", link.b, ": ", drop.why);
  link.dropped = true;
  ++result_.banned;
  Push(now_, What::kDropped, n, link_of_.at(drop.session), drop.session);
}

}  // namespace flblk::sim
