#include <algorithm>
#include <set>

#include "signer/ed25519.h"
#include "tests/sim/world_state.h"

namespace flblk::sim {
namespace {

using core::PublishState;
using std::chrono::milliseconds;

constexpr int kMaxStepsAtOnce = 1000;  // of one node without time moving on

}  // namespace

const std::vector<PublicKey>& Keys() {
  static const std::vector<PublicKey>& keys = *[] {
    auto* out = new std::vector<PublicKey>;
    for (uint8_t i = 1; i <= 4; ++i) {
      FixedBytes<32> seed{};
      seed.fill(i);
      out->push_back(SecretKey::FromSeed(seed)->public_key());
    }
    std::sort(out->begin(), out->end());
    return out;
  }();
  return keys;
}

core::EngineConfig World::ConfigFor(uint32_t n) const {
  core::EngineConfig c;
  if (n < s_.builders) c.builder = Keys()[n];
  c.takeover_after = s_.takeover_after;
  c.flashblock_interval = kPublishInterval;
  c.block_seconds = static_cast<uint64_t>(s_.block_time / std::chrono::seconds(1));
  c.rotation_interval = std::chrono::seconds(s_.seed % 3 == 0 ? 3 : 30);
  c.seed = s_.seed * 1000 + n;
  return c;
}

void World::Build() {
  nodes_.resize(s_.nodes + s_.hostile);
  for (uint32_t n = 0; n < s_.nodes; ++n) {
    nodes_[n].skew = Duration(random_.Between(-s_.max_skew.count(), s_.max_skew.count()));
    nodes_[n].epoch = milliseconds(random_.Between(0, 1'000'000));
    if (n < s_.builders) nodes_[n].signer = std::make_unique<FakeSigner>(Keys()[n]);
    StartNode(n);
  }
  std::set<std::pair<uint32_t, uint32_t>> have;
  auto once = [&](uint32_t a, uint32_t b, bool trusted) {
    if (a != b && have.insert(std::minmax(a, b)).second) Connect(a, b, trusted);
  };
  if (s_.builders_meshed) {
    for (uint32_t a = 0; a < s_.builders; ++a) {
      for (uint32_t b = a + 1; b < s_.builders; ++b) once(a, b, true);
    }
  }
  // Without the mesh no builder has a link to another: each to relays only, these in a ring.
  const uint32_t first = s_.builders_meshed ? 0 : s_.builders;
  const uint32_t others = s_.nodes - first;
  auto any = [&] { return first + static_cast<uint32_t>(random_.Below(others)); };
  for (uint32_t n = 0; n < s_.nodes; ++n) {
    once(n, n < first ? any() : first + (n + 1 - first) % others, false);
    for (uint32_t k = 0; k < s_.extra_links; ++k) once(n, any(), false);
  }
  AddHostile();
}

// Between any two builders, along links of honest nodes, each as slow as it may be.
Duration World::LongestWay() const {
  uint32_t longest = 0;
  for (uint32_t from = 0; from < s_.builders; ++from) {
    std::vector<uint32_t> hops(s_.nodes, UINT32_MAX);
    hops[from] = 0;
    for (bool moved = true; moved;) {
      moved = false;
      for (const Link& link : links_) {
        if (IsHostile(link.b)) continue;
        for (const auto& [a, b] : {std::pair(link.a, link.b), std::pair(link.b, link.a)}) {
          if (hops[a] == UINT32_MAX || hops[b] <= hops[a] + 1) continue;
          hops[b] = hops[a] + 1;
          moved = true;
        }
      }
    }
    longest = std::max(longest, *std::max_element(hops.begin(), hops.begin() + s_.builders));
  }
  return longest * s_.latency_max + milliseconds(1);  // messages of one link keep their order
}

void World::StartNode(uint32_t n) {
  Node& node = nodes_[n];
  core::EnginePorts ports{&verifier_, &compressor_, node.signer.get(),
                          node.signer ? &node.journal : nullptr};
  node.engine = std::make_unique<core::Engine>(ConfigFor(n), ports, NowOf(node));
  node.timer.reset();
  node.publishing = false;
  ++node.life;
  check_.Restarted(n);
  ArmTimer(n);
}

void World::CrashNode(uint32_t n) {
  nodes_[n].engine.reset();
  nodes_[n].frozen_from.reset();
  nodes_[n].held.clear();
  nodes_[n].publishing = false;
  ++nodes_[n].life;
  for (uint32_t l = 0; l < links_.size(); ++l) {
    if (links_[l].a == n || links_[l].b == n) LinkDown(l);
  }
}

void World::Step(uint32_t n, core::Event event) {
  Node& node = nodes_[n];
  if (node.steps_at != now_.count()) node.steps = 0;
  node.steps_at = now_.count();
  if (++node.steps > kMaxStepsAtOnce)
    return Fail(absl::StrCat("node ", n, " spins without time moving on"));
  const bool publishes = std::holds_alternative<core::PublishFlashblock>(event);
  core::StepResult result = node.engine->Step(std::move(event), NowOf(node));
  if (publishes && result.status.ok()) {
    CheckThawed(n);
    ++node.next_index;
    SchedulePublish(n);
  } else if (publishes) {
    Log("  refused: ", result.status.ToString());
    node.publishing = false;
  } else if (!result.status.ok()) {
    Log("  refused: ", result.status.ToString());
  }
  for (core::Action& action : result.actions) Act(n, action);
  if (node.engine) ArmTimer(n);
}

void World::Act(uint32_t n, core::Action& action) {
  if (auto* send = std::get_if<core::Send>(&action)) return Transmit(n, *send);
  if (auto* change = std::get_if<core::PublishingChanged>(&action))
    return PublishingChanged(n, *change);
  if (auto* delivered = std::get_if<core::FlashblockDelivered>(&action))
    return Delivered(n, *delivered);
  if (auto* offence = std::get_if<core::Penalise>(&action)) {
    ++result_.penalties;
    Log("node ", n, " charges a peer: ", core::Name(offence->offence), ", ", offence->why);
    if (s_.graceful() && HostileLink(offence->session) == nullptr)
      Fail(absl::StrCat("node ", n, " charges an honest peer: ", offence->why));
    return;
  }
  if (auto* drop = std::get_if<core::Drop>(&action)) {
    if (HostileLink(drop->session) != nullptr) return DropHostile(n, *drop);
    return Fail(absl::StrCat("node ", n, " drops an honest peer: ", drop->why));
  }
  if (auto* found = std::get_if<core::EquivocationFound>(&action)) {
    if (found->kind != core::Evidence::kTwoBuilders) {
      Fail(absl::StrCat("node ", n, " has evidence of equivocation by an honest builder: ",
                        core::Name(found->kind)));
    }
    ++result_.two_builders;
    if (s_.graceful())
      Fail(absl::StrCat("node ", n, " saw two builders for one index without any fault"));
  }
}

void World::Delivered(uint32_t n, const core::FlashblockDelivered& d) {
  ++result_.delivered;
  if (!d.own) nodes_[n].rival_heard = now_;
  const std::string bad = check_.Delivered(n, SlotOf(d.authorization.timestamp), *d.flashblock);
  if (!bad.empty()) Fail(bad);
}

void World::ArmTimer(uint32_t n) {
  Node& node = nodes_[n];
  const std::optional<MonoTime> due = node.engine->NextDeadline();
  if (!due) return;
  const Duration at = std::max(Duration(due->ns) - node.epoch, now_);
  if (node.timer && *node.timer <= at) return;
  node.timer = at;
  Push(at, What::kTimer, n, 0, node.life);
}

void World::Handle(Item& item) {
  if (Held(item)) return nodes_[item.node].held.push_back(std::move(item));
  switch (item.what) {
    case What::kDeliver:
      if (!Alive(item.node) || !link_of_.contains(item.tag)) return;
      if (IsHostile(item.node))
        return Say(item.node, HostileNode(item.node).Heard(item.tag, item.frame));
      Step(item.node, core::PeerMessage{item.tag, std::move(item.frame)});
      return Proven(item.node, item.tag, item.index);
    case What::kTimer:
      if (Node& node = nodes_[item.node];
          node.engine && node.life == item.tag && node.timer == item.at) {
        node.timer.reset();
        Step(item.node, core::TimerFired{});
      }
      return;
    case What::kGone:
      if (nodes_[item.node].engine) Step(item.node, core::PeerDisconnected{item.tag});
      return;
    case What::kHostile:
      return HostileActs(item.node);
    case What::kDropped:
      if (links_[item.index].session == item.tag) LinkDown(item.index);
      return;
    case What::kLinkUp:
      return TryLinkUp(item.index);
    case What::kSlot:
      return SlotStart(item.index);
    case What::kForkchoice:
      if (item.node != authorized_ || item.index != CurrentSlot()) return;
      return Forkchoice(item.node, item.index, true);
    case What::kPublish:
      return Publish(item.node, item.tag);
    case What::kFault:
      return Begin(s_.faults[item.index], item.index);
    case What::kFaultEnd:
      return End(s_.faults[item.index], item.index);
    case What::kFailover:
      authorized_ = s_.failovers[item.index].builder;
      return Forkchoice(authorized_, CurrentSlot(), true);
    case What::kHandedOver:
      if (const std::string bad = clearance_->HandedOver(item.index); !bad.empty()) Fail(bad);
      return;
  }
}

void World::CheckClearance(uint32_t builder, bool cleared) {
  if (!clearance_) return;
  const std::string bad = clearance_->Changed(builder, cleared, now_ - kWarmUp);
  if (!bad.empty()) Fail(bad);
}

void World::CheckEnd() {
  for (uint32_t b = 0; b < s_.builders; ++b) {
    const PublishState state = nodes_[b].engine->handoff().state;
    if (b == authorized_ && state != PublishState::kPublishing) {
      Fail(absl::StrCat("the authorized builder ", b, " ends in ", core::Name(state)));
    }
    if (b != authorized_ && state == PublishState::kPublishing) {
      Fail(absl::StrCat("builder ", b, " ends Publishing without being authorized"));
    }
  }
  for (const std::string& bad : check_.End(s_.slots + kQuietSlots - 1)) Fail(bad);
  result_.incomplete_blocks = check_.incomplete();
}

RunResult World::Run() {
  Build();
  const uint32_t slots = s_.slots + kQuietSlots;
  for (uint32_t slot = 0; slot < slots; ++slot) Push(SlotBegin(slot), What::kSlot, 0, slot);
  if (s_.graceful()) clearance_.emplace(s_, LongestWay());
  for (uint32_t i = 0; i < s_.failovers.size(); ++i) {
    Push(kWarmUp + s_.failovers[i].at, What::kFailover, 0, i);
    if (clearance_ && clearance_->Lonely(i)) {
      Push(kWarmUp + s_.failovers[i].at + clearance_->RoundTrip(), What::kHandedOver, 0, i);
    }
  }
  for (uint32_t i = 0; i < s_.faults.size(); ++i)
    Push(kWarmUp + s_.faults[i].at, What::kFault, 0, i);
  const Duration end = SlotBegin(slots) - milliseconds(1);
  while (!queue_.empty() && queue_.top().at <= end && result_.violations.size() < 20) {
    Item item = queue_.top();
    queue_.pop();
    now_ = item.at;
    ++result_.events;
    for (uint64_t word : {static_cast<uint64_t>(item.at.count()), static_cast<uint64_t>(item.what),
                          static_cast<uint64_t>(item.node), item.tag}) {
      result_.trace = (result_.trace ^ word) * 0x100000001b3;
    }
    Handle(item);
  }
  now_ = end;
  if (result_.violations.empty()) CheckEnd();
  return std::move(result_);
}

RunResult Run(const Schedule& schedule, std::ostream* log) { return World(schedule, log).Run(); }

}  // namespace flblk::sim
