// Links and what breaks them.
#include <algorithm>

#include "tests/sim/world_state.h"

namespace flblk::sim {

using std::chrono::milliseconds;

void World::Connect(uint32_t a, uint32_t b, bool trusted) {
  Link link;
  link.a = a;
  link.b = b;
  link.trusted = trusted;
  link.version = random_.Chance(10) ? 1 : 2;
  links_.push_back(link);
  Push(milliseconds(random_.Between(1, 200)), What::kLinkUp, 0,
       static_cast<uint32_t>(links_.size() - 1));
}

void World::TryLinkUp(uint32_t l) {
  Link& link = links_[l];
  if (link.up || link.cuts > 0 || !Alive(link.a) || !Alive(link.b)) return;
  if (Frozen(link.a) || Frozen(link.b)) return Push(now_ + milliseconds(50), What::kLinkUp, 0, l);
  if (now_ < link.free_at) return Push(link.free_at, What::kLinkUp, 0, l);
  link.up = true;
  link.session = next_session_++;
  link.last[0] = link.last[1] = now_;
  link.proven = 0;
  link.dropped = false;
  link_of_[link.session] = l;
  for (uint32_t n : {link.a, link.b}) {
    if (IsHostile(n)) {
      Say(n, HostileNode(n).Connected(link.session));
      continue;
    }
    core::PeerConnected up;
    up.session = link.session;
    const uint32_t other = n == link.a ? link.b : link.a;
    up.node_id[0] = static_cast<uint8_t>(other >> 8);
    up.node_id[1] = static_cast<uint8_t>(other);
    up.flblk_version = link.version;
    up.trusted = up.standby = link.trusted;
    Step(n, up);
  }
}

void World::LinkDown(uint32_t l) {
  Link& link = links_[l];
  if (!link.up) return;
  link.up = false;
  const core::SessionId session = link.session;
  link_of_.erase(session);  // what is in flight finds no link any more
  for (uint32_t n : {link.a, link.b}) {
    if (IsHostile(n)) HostileNode(n).Gone(session);
    if (!nodes_[n].engine) continue;
    if (!link.trusted) link.free_at = std::max(link.free_at, now_ + GrudgeOf(n, session));
    if (Frozen(n)) {
      Push(now_, What::kGone, n, 0, session);
      continue;
    }
    if (!random_.Chance(30)) {
      Step(n, core::PeerDisconnected{session});
      continue;
    }
    const Duration noticed = now_ + milliseconds(random_.Between(1, 3000));
    link.free_at = std::max(link.free_at, noticed);
    Push(noticed, What::kGone, n, 0, session);
  }
  Push(now_ + milliseconds(random_.Between(100, 1000)), What::kLinkUp, 0, l);
}

// A stranger that leaves with penalty points is not taken back before they have faded: a second per
// point, as in p2p/net.
Duration World::GrudgeOf(uint32_t n, core::SessionId session) const {
  for (const core::PeerView& peer : nodes_[n].engine->peers()) {
    if (peer.session == session) return std::chrono::seconds(peer.penalty);
  }
  return {};
}

std::vector<uint32_t> World::LinksOf(const Fault& fault, uint32_t index) const {
  std::vector<uint32_t> out;
  Random pick(s_.seed * 977 + index);
  if (fault.kind == FaultKind::kCutLink) {
    std::vector<uint32_t> mine;
    for (uint32_t l = 0; l < links_.size(); ++l) {
      if (links_[l].a == fault.a || links_[l].b == fault.a) mine.push_back(l);
    }
    if (!mine.empty()) out.push_back(mine[pick.Below(mine.size())]);
  } else if (fault.kind == FaultKind::kChurn) {
    for (uint32_t l = 0; l < links_.size(); ++l) {
      if (links_[l].a == fault.a || links_[l].b == fault.a) out.push_back(l);
    }
  } else if (fault.kind == FaultKind::kPartition) {
    std::vector<bool> side(s_.nodes);
    for (uint32_t n = 0; n < s_.nodes; ++n) side[n] = pick.Below(s_.nodes) < fault.b;
    for (uint32_t l = 0; l < links_.size(); ++l) {
      if (IsHostile(links_[l].b)) continue;  // in touch with both sides
      if (side[links_[l].a] != side[links_[l].b]) out.push_back(l);
    }
  }
  return out;
}

// Its sequencer finds it again, in the middle of the block.
void World::FindAgain(uint32_t n) {
  if (n != authorized_) return;
  Push(now_ + milliseconds(random_.Between(1, 500)), What::kForkchoice, n, CurrentSlot());
}

void World::Begin(const Fault& fault, uint32_t index) {
  Log("fault: ", Name(fault.kind), " a=", fault.a, " b=", fault.b);
  if (fault.kind == FaultKind::kCrash && nodes_[fault.a].engine) CrashNode(fault.a);
  if (fault.kind == FaultKind::kSlow) slow_[fault.a] = fault.lasts / 4;
  if (fault.kind == FaultKind::kFreeze) Freeze(fault.a, fault.lasts);
  for (uint32_t l : LinksOf(fault, index)) {
    ++links_[l].cuts;
    LinkDown(l);
  }
  Push(now_ + fault.lasts, What::kFaultEnd, 0, index);
}

void World::End(const Fault& fault, uint32_t index) {
  Log("fault over: ", Name(fault.kind), " a=", fault.a, " b=", fault.b);
  if (fault.kind == FaultKind::kCrash && !nodes_[fault.a].engine) {
    StartNode(fault.a);
    FindAgain(fault.a);
  }
  if (fault.kind == FaultKind::kSlow) slow_.erase(fault.a);
  if (fault.kind == FaultKind::kFreeze) Thaw(fault.a);
  for (uint32_t l : LinksOf(fault, index)) --links_[l].cuts;
  for (uint32_t l = 0; l < links_.size(); ++l) {
    if (!links_[l].up) Push(now_ + milliseconds(random_.Between(1, 300)), What::kLinkUp, 0, l);
  }
}

void World::Transmit(uint32_t n, const core::Send& send) {
  for (core::SessionId session : send.to) {
    const auto at = link_of_.find(session);
    if (at == link_of_.end()) continue;  // cut in this very step
    if (s_.vanish > 0 && ++sent_ % s_.vanish == 0) continue;
    Post(links_[at->second], n, send.frame, 0);
  }
}

void World::Post(Link& link, uint32_t from, const wire::FramePtr& frame, uint32_t proves) {
  const bool to_b = link.a == from;
  const uint32_t to = to_b ? link.b : link.a;
  // Without faults no way through a relay is faster than the builders' own link.
  const bool direct = link.trusted && s_.graceful();
  const Duration most = direct ? std::min(2 * s_.latency_min, s_.latency_max) : s_.latency_max;
  Duration latency(random_.Between(s_.latency_min.count(), most.count()));
  for (uint32_t end : {link.a, link.b}) {
    if (auto slow = slow_.find(end); slow != slow_.end()) latency += slow->second;
  }
  Duration& last = link.last[to_b];
  last = std::max(now_ + latency, last + Duration(1));
  Push(last, What::kDeliver, to, proves, link.session, frame);
}

}  // namespace flblk::sim
