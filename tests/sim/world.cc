#include "tests/sim/world.h"

#include <algorithm>
#include <map>
#include <queue>
#include <set>

#include "absl/strings/str_cat.h"
#include "p2p/core/engine.h"
#include "signer/ed25519.h"
#include "tests/sim/checker.h"
#include "tests/sim/fake_ports.h"

namespace flblk::sim {
namespace {

using core::PublishState;
using std::chrono::milliseconds;

constexpr Duration kInterval = milliseconds(200);
constexpr Duration kWarmUp = milliseconds(3000);  // sessions and Request/Accept settle
constexpr uint32_t kQuietSlots = 3;
constexpr uint64_t kGenesis = 1'800'000'000;  // unix seconds of virtual time 0
constexpr int kMaxStepsAtOnce = 1000;         // of one node without time moving on

// Real Ed25519 keys (the envelope reader wants curve points), made once, in key order.
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

PayloadId IdOfSlot(uint32_t slot) { return {3, 0, 0, 0, 0, 0, 0, static_cast<uint8_t>(slot + 1)}; }

struct Node {
  std::unique_ptr<core::Engine> engine;  // null: crashed
  std::unique_ptr<FakeSigner> signer;    // builders only
  DurableSignOnce journal;               // survives a crash
  uint32_t life = 0;                     // counts restarts
  Duration skew{}, epoch{};
  std::optional<Duration> timer;  // virtual time of the pending timer event
  int64_t steps_at = -1;
  int steps = 0;
  // the builder host
  bool publishing = false;
  uint64_t next_index = 0;
  uint32_t host_slot = 0;
  uint64_t publish_ticket = 0;
};

struct Link {
  uint32_t a = 0, b = 0;
  bool trusted = false, up = false;
  uint8_t version = 2;
  uint32_t cuts = 0;  // how many reasons keep it down
  core::SessionId session = 0;
  Duration last[2]{};  // arrival of the newest message towards a, b
};

enum class What : uint8_t {
  kDeliver,
  kTimer,
  kLinkUp,
  kSlot,
  kForkchoice,
  kPublish,
  kFault,
  kFaultEnd,
  kFailover
};

struct Item {
  Duration at{};
  uint64_t order = 0;
  What what = What::kTimer;
  uint32_t node = 0, index = 0;
  uint64_t tag = 0;
  wire::FramePtr frame;
  bool operator>(const Item& o) const { return at != o.at ? at > o.at : order > o.order; }
};

class World {
 public:
  World(const Schedule& schedule, std::ostream* log)
      : s_(schedule),
        random_(schedule.seed ^ 0x5eed),
        log_(log),
        verifier_(Keys().back()),
        check_(schedule) {}

  RunResult Run();

 private:
  void Build();
  void Connect(uint32_t a, uint32_t b, bool trusted);
  void StartNode(uint32_t n);
  void CrashNode(uint32_t n);
  void TryLinkUp(uint32_t l);
  void LinkDown(uint32_t l);
  void Handle(Item& item);
  void Begin(const Fault& fault, uint32_t index);
  void End(const Fault& fault, uint32_t index);
  void CutAround(uint32_t n, bool cut, std::vector<uint32_t> only = {});
  std::vector<uint32_t> LinksOf(const Fault& fault, uint32_t index) const;
  void SlotStart(uint32_t slot);
  void Forkchoice(uint32_t builder, uint32_t slot, bool authorized);
  void Publish(uint32_t builder, uint64_t ticket);
  void Step(uint32_t n, core::Event event);
  void Act(uint32_t n, core::Action& action);
  void Transmit(uint32_t n, const core::Send& send);
  void PublishingChanged(uint32_t n, const core::PublishingChanged& change);
  void SchedulePublish(uint32_t n);
  void ArmTimer(uint32_t n);
  void CheckEnd();

  core::EngineConfig ConfigFor(uint32_t n) const;
  Now NowOf(const Node& node) const {
    return {MonoTime{(now_ + node.epoch).count()},
            (now_ + node.skew).count() + static_cast<int64_t>(kGenesis) * 1'000'000'000};
  }
  Duration SlotBegin(uint32_t slot) const { return kWarmUp + s_.block_time * slot; }
  uint32_t CurrentSlot() const {
    return now_ < kWarmUp ? 0 : static_cast<uint32_t>((now_ - kWarmUp) / s_.block_time);
  }
  uint64_t Timestamp(uint32_t slot) const {
    return kGenesis + static_cast<uint64_t>(SlotBegin(slot + 1) / std::chrono::seconds(1));
  }
  uint32_t SlotOf(uint64_t timestamp) const {
    const Duration begin = std::chrono::seconds(timestamp - kGenesis);
    return static_cast<uint32_t>((begin - kWarmUp) / s_.block_time) - 1;
  }
  void Push(Duration at, What what, uint32_t node, uint32_t index = 0, uint64_t tag = 0,
            wire::FramePtr frame = nullptr) {
    queue_.push({at, order_++, what, node, index, tag, std::move(frame)});
  }
  template <typename... T>
  void Log(const T&... parts) {
    if (log_ != nullptr) {
      *log_ << absl::StrCat(std::chrono::duration_cast<milliseconds>(now_).count(), " ms  ",
                            parts...)
            << "\n";
    }
  }
  void Fail(std::string what) {
    Log("VIOLATION ", what);
    if (result_.violations.size() < 20) result_.violations.push_back(std::move(what));
  }

  const Schedule s_;
  Random random_;
  std::ostream* log_;
  FakeVerifier verifier_;
  FakeCompressor compressor_;
  Checker check_;
  std::vector<Node> nodes_;
  std::vector<Link> links_;
  std::map<core::SessionId, uint32_t> link_of_;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> queue_;
  Duration now_{};
  uint64_t order_ = 0;
  core::SessionId next_session_ = 1;
  uint32_t authorized_ = 0;
  std::map<uint32_t, Duration> slow_;  // node -> extra latency
  RunResult result_;
};

core::EngineConfig World::ConfigFor(uint32_t n) const {
  core::EngineConfig c;
  if (n < s_.builders) c.builder = Keys()[n];
  c.takeover_after = s_.takeover_after;
  c.flashblock_interval = kInterval;
  c.block_seconds = static_cast<uint64_t>(s_.block_time / std::chrono::seconds(1));
  c.rotation_interval = std::chrono::seconds(s_.seed % 3 == 0 ? 3 : 30);
  c.seed = s_.seed * 1000 + n;
  return c;
}

void World::Build() {
  nodes_.resize(s_.nodes);
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
  for (uint32_t n = 0; n < s_.nodes; ++n) {  // a ring through a shuffled order would do as well
    once(n, (n + 1) % s_.nodes, false);
    for (uint32_t k = 0; k < s_.extra_links; ++k)
      once(n, static_cast<uint32_t>(random_.Below(s_.nodes)), false);
  }
}

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
  nodes_[n].publishing = false;
  ++nodes_[n].life;
  for (uint32_t l = 0; l < links_.size(); ++l) {
    if (links_[l].a == n || links_[l].b == n) LinkDown(l);
  }
}

void World::TryLinkUp(uint32_t l) {
  Link& link = links_[l];
  if (link.up || link.cuts > 0 || !nodes_[link.a].engine || !nodes_[link.b].engine) return;
  link.up = true;
  link.session = next_session_++;
  link.last[0] = link.last[1] = now_;
  link_of_[link.session] = l;
  for (uint32_t n : {link.a, link.b}) {
    core::PeerConnected up;
    up.session = link.session;
    const uint32_t other = n == link.a ? link.b : link.a;
    up.node_id[0] = static_cast<uint8_t>(other >> 8);
    up.node_id[1] = static_cast<uint8_t>(other);
    up.flblk_version = link.version;
    up.trusted = link.trusted;
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
    if (nodes_[n].engine) Step(n, core::PeerDisconnected{session});
  }
  Push(now_ + milliseconds(random_.Between(100, 1000)), What::kLinkUp, 0, l);
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
  } else if (fault.kind == FaultKind::kPartition) {
    std::vector<bool> side(s_.nodes);
    for (uint32_t n = 0; n < s_.nodes; ++n) side[n] = pick.Below(s_.nodes) < fault.b;
    for (uint32_t l = 0; l < links_.size(); ++l) {
      if (side[links_[l].a] != side[links_[l].b]) out.push_back(l);
    }
  }
  return out;
}

void World::Begin(const Fault& fault, uint32_t index) {
  Log("fault: ", Name(fault.kind), " a=", fault.a, " b=", fault.b);
  if (fault.kind == FaultKind::kCrash && nodes_[fault.a].engine) CrashNode(fault.a);
  if (fault.kind == FaultKind::kSlow) slow_[fault.a] = fault.lasts / 4;
  for (uint32_t l : LinksOf(fault, index)) {
    ++links_[l].cuts;
    LinkDown(l);
  }
  Push(now_ + fault.lasts, What::kFaultEnd, 0, index);
}

void World::End(const Fault& fault, uint32_t index) {
  Log("fault over: ", Name(fault.kind), " a=", fault.a, " b=", fault.b);
  if (fault.kind == FaultKind::kCrash && !nodes_[fault.a].engine) StartNode(fault.a);
  if (fault.kind == FaultKind::kSlow) slow_.erase(fault.a);
  for (uint32_t l : LinksOf(fault, index)) --links_[l].cuts;
  for (uint32_t l = 0; l < links_.size(); ++l) {
    if (!links_[l].up) Push(now_ + milliseconds(random_.Between(1, 300)), What::kLinkUp, 0, l);
  }
}

void World::SlotStart(uint32_t slot) {
  Forkchoice(authorized_, slot, true);
  for (uint32_t b = 0; b < s_.builders; ++b) {
    if (b == authorized_) continue;
    for (const Failover& f : s_.failovers) {
      if (f.tell_the_old && f.at + kWarmUp <= now_) {
        Forkchoice(b, slot, false);
        break;
      }
    }
  }
}

void World::Forkchoice(uint32_t builder, uint32_t slot, bool authorized) {
  if (!nodes_[builder].engine) return;
  core::ForkchoiceUpdated update;
  update.attributes = core::PayloadAttributes{Timestamp(slot), slot, IdOfSlot(slot)};
  if (authorized) {
    update.authorization =
        FakeAuthorization(Keys().back(), IdOfSlot(slot), Timestamp(slot), Keys()[builder]);
    Log("builder ", builder, " is authorized for slot ", slot);
  }
  Step(builder, update);
}

void World::SchedulePublish(uint32_t n) {
  Node& node = nodes_[n];
  if (!node.publishing || node.next_index >= s_.flashblocks) return;
  const Duration due =
      SlotBegin(node.host_slot) + kInterval * static_cast<int64_t>(node.next_index + 1);
  Push(std::max(due, now_), What::kPublish, n, 0, ++node.publish_ticket);
}

void World::Publish(uint32_t n, uint64_t ticket) {
  Node& node = nodes_[n];
  if (!node.engine || !node.publishing || ticket != node.publish_ticket) return;
  core::PublishFlashblock publish;
  wire::FlashblocksPayloadV1& f = publish.flashblock;
  f.index = node.next_index;
  if (f.index == 0) {
    f.base.emplace();
    f.base->timestamp = Timestamp(node.host_slot);
    f.base->block_number = node.host_slot;
  }
  f.diff.gas_used = f.index;
  f.diff.transactions = {{static_cast<uint8_t>(node.host_slot), static_cast<uint8_t>(f.index),
                          static_cast<uint8_t>(n)}};
  f.metadata = "{\"fees\":\"0x0\"}";
  Log("builder ", n, " publishes slot ", node.host_slot, " index ", f.index);
  Step(n, std::move(publish));
}

void World::PublishingChanged(uint32_t n, const core::PublishingChanged& change) {
  Node& node = nodes_[n];
  Log("builder ", n, ": ", core::Name(change.from), " -> ", core::Name(change.to), " (",
      core::Name(change.cause), "), next index ", change.next_index, ", missing ", change.missing);
  if (change.from != change.to) ++result_.handoffs;
  node.publishing = change.to == PublishState::kPublishing;
  if (!node.publishing) return;
  node.host_slot = SlotOf(change.authorization->timestamp);
  node.next_index = change.next_index;
  if (change.missing > 0) node.next_index = s_.flashblocks;  // cannot build on what it never saw
  SchedulePublish(n);
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
  if (auto* delivered = std::get_if<core::FlashblockDelivered>(&action)) {
    ++result_.delivered;
    const auto& d = *delivered;
    if (auto bad = check_.Delivered(n, SlotOf(d.authorization.timestamp), *d.flashblock);
        !bad.empty())
      Fail(bad);
    return;
  }
  if (auto* drop = std::get_if<core::Drop>(&action)) {
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

void World::Transmit(uint32_t n, const core::Send& send) {
  for (core::SessionId session : send.to) {
    const auto at = link_of_.find(session);
    if (at == link_of_.end()) continue;  // cut in this very step
    Link& link = links_[at->second];
    const bool to_b = link.a == n;
    const uint32_t to = to_b ? link.b : link.a;
    Duration latency(random_.Between(s_.latency_min.count(), s_.latency_max.count()));
    for (uint32_t end : {link.a, link.b}) {
      if (auto slow = slow_.find(end); slow != slow_.end()) latency += slow->second;
    }
    Duration& last = link.last[to_b];
    last = std::max(now_ + latency, last + Duration(1));
    Push(last, What::kDeliver, to, 0, session, send.frame);
  }
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
  switch (item.what) {
    case What::kDeliver:
      if (nodes_[item.node].engine && link_of_.contains(item.tag)) {
        Step(item.node, core::PeerMessage{item.tag, std::move(item.frame)});
      }
      return;
    case What::kTimer:
      if (Node& node = nodes_[item.node];
          node.engine && node.life == item.tag && node.timer == item.at) {
        node.timer.reset();
        Step(item.node, core::TimerFired{});
      }
      return;
    case What::kLinkUp:
      return TryLinkUp(item.index);
    case What::kSlot:
      return SlotStart(item.index);
    case What::kForkchoice:
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
  }
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
  for (uint32_t i = 0; i < s_.failovers.size(); ++i)
    Push(kWarmUp + s_.failovers[i].at, What::kFailover, 0, i);
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

}  // namespace

RunResult Run(const Schedule& schedule, std::ostream* log) { return World(schedule, log).Run(); }

namespace {

bool Fails(const Schedule& s) { return !Run(s).violations.empty(); }

template <typename T>
bool DropOne(Schedule& s, std::vector<T> Schedule::*list) {
  for (size_t i = 0; i < (s.*list).size(); ++i) {
    Schedule smaller = s;
    (smaller.*list).erase((smaller.*list).begin() + static_cast<std::ptrdiff_t>(i));
    if (Fails(smaller)) {
      s = smaller;
      return true;
    }
  }
  return false;
}

bool FewerNodes(Schedule& s) {
  for (uint32_t nodes : {s.builders, s.builders + 1, s.nodes / 2, s.nodes - 1}) {
    if (nodes < s.builders || nodes < 2 || nodes >= s.nodes) continue;
    Schedule smaller = s;
    smaller.nodes = nodes;
    for (Fault& f : smaller.faults) {
      f.a %= nodes;
      f.b = 1 + f.b % (nodes - 1);
    }
    if (Fails(smaller)) {
      s = smaller;
      return true;
    }
  }
  return false;
}

}  // namespace

Schedule Shrink(Schedule schedule) {
  while (DropOne(schedule, &Schedule::faults) || DropOne(schedule, &Schedule::failovers) ||
         FewerNodes(schedule)) {
  }
  return schedule;
}

}  // namespace flblk::sim
