// The inside of a simulated run; included by world*.cc only.
#pragma once

#include <map>
#include <optional>
#include <ostream>
#include <queue>

#include "absl/strings/str_cat.h"
#include "p2p/core/engine.h"
#include "tests/sim/checker.h"
#include "tests/sim/clearance.h"
#include "tests/sim/fake_ports.h"
#include "tests/sim/hostile.h"
#include "tests/sim/world.h"

namespace flblk::sim {

// Sessions and Request/Accept settle before the first slot.
inline constexpr Duration kWarmUp = std::chrono::milliseconds(3000);
inline constexpr uint32_t kQuietSlots = 3;
inline constexpr uint64_t kGenesis = 1'800'000'000;  // unix seconds of virtual time 0

// Real Ed25519 keys (the envelope reader wants curve points) in order; the last is the
// authorizer's.
const std::vector<PublicKey>& Keys();

inline PayloadId IdOfSlot(uint32_t slot) {
  return {3, 0, 0, 0, 0, 0, 0, static_cast<uint8_t>(slot + 1)};
}

struct Link {
  uint32_t a = 0, b = 0;
  bool trusted = false, up = false;
  uint8_t version = 2;
  uint32_t cuts = 0;  // how many reasons keep it down
  core::SessionId session = 0;
  Duration free_at{};   // not up again before: an end has not noticed, or holds a grudge
  Duration last[2]{};   // arrival of the newest message towards a, b
  uint32_t proven = 0;  // against `b`, where that is hostile, in this session
  bool dropped = false;
};

enum class What : uint8_t {
  kDeliver,
  kTimer,
  kLinkUp,
  kGone,     // an end of a dead link notices
  kHostile,  // a hostile node does something
  kDropped,  // one end ends the session
  kSlot,
  kForkchoice,
  kPublish,
  kFault,
  kFaultEnd,
  kFailover,
  kHandedOver,  // a round trip after a failover
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

struct Node {
  std::unique_ptr<core::Engine> engine;  // null: crashed
  std::unique_ptr<FakeSigner> signer;    // builders only
  DurableSignOnce journal;               // survives a crash
  uint32_t life = 0;                     // counts restarts
  Duration skew{}, epoch{};
  std::optional<Duration> timer;  // virtual time of the pending timer event
  std::optional<Duration> frozen_from, thaws_at;
  bool froze_publishing = false;
  std::vector<Item> held;                                   // while frozen
  std::optional<std::pair<Duration, Duration>> was_frozen;  // since its last Authorization
  uint32_t active_slot = UINT32_MAX;  // the last one it was authorized and Waiting or Publishing in
  Duration announced{};               // when it announced itself with the first word of a slot
  int64_t steps_at = -1;
  int steps = 0;
  // the builder host
  bool publishing = false;
  Duration rival_heard = -kWarmUp;  // last flashblock of another builder
  uint64_t next_index = 0;
  uint32_t host_slot = 0;
  uint64_t publish_ticket = 0;
};

class World {
 public:
  World(const Schedule& schedule, std::ostream* log)
      : s_(schedule),
        random_(schedule.seed ^ 0x5eed),
        log_(log),
        verifier_(Keys().back()),
        check_(schedule),
        authorized_(schedule.first) {}

  RunResult Run();

 private:
  void Build();
  void Connect(uint32_t a, uint32_t b, bool trusted);
  Duration LongestWay() const;
  void AddHostile();
  bool IsHostile(uint32_t n) const { return n >= s_.nodes; }
  Hostile& HostileNode(uint32_t n) { return hostile_[n - s_.nodes]; }
  bool Alive(uint32_t n) const { return IsHostile(n) || nodes_[n].engine != nullptr; }
  const Link* HostileLink(core::SessionId session) const;  // null: with an honest node
  void HostileActs(uint32_t n);
  void Say(uint32_t n, const std::vector<Said>& said);
  void Proven(uint32_t n, core::SessionId session, uint32_t proves);
  void DropHostile(uint32_t n, const core::Drop& drop);
  void StartNode(uint32_t n);
  void CrashNode(uint32_t n);
  bool Frozen(uint32_t n) const { return !IsHostile(n) && nodes_[n].frozen_from.has_value(); }
  bool Held(const Item& item) const;
  void Freeze(uint32_t n, Duration lasts);
  void Thaw(uint32_t n);
  void CheckThawed(uint32_t n);
  void FindAgain(uint32_t n);
  void TryLinkUp(uint32_t l);
  void LinkDown(uint32_t l);
  Duration GrudgeOf(uint32_t n, core::SessionId session) const;
  void Handle(Item& item);
  void Begin(const Fault& fault, uint32_t index);
  void End(const Fault& fault, uint32_t index);
  std::vector<uint32_t> LinksOf(const Fault& fault, uint32_t index) const;
  void SlotStart(uint32_t slot);
  void Forkchoice(uint32_t builder, uint32_t slot, bool authorized);
  void Publish(uint32_t builder, uint64_t ticket);
  core::PublishFlashblock MakeFlashblock(uint32_t builder) const;
  void Seal(uint32_t slot);
  void Step(uint32_t n, core::Event event);
  void Act(uint32_t n, core::Action& action);
  void Delivered(uint32_t n, const core::FlashblockDelivered& delivered);
  void Transmit(uint32_t n, const core::Send& send);
  void Post(Link& link, uint32_t from, const wire::FramePtr& frame, uint32_t proves);
  void PublishingChanged(uint32_t n, const core::PublishingChanged& change);
  void SchedulePublish(uint32_t n);
  void ArmTimer(uint32_t n);
  void CheckClearance(uint32_t builder, bool cleared);
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
      *log_ << absl::StrCat(std::chrono::duration_cast<std::chrono::milliseconds>(now_).count(),
                            " ms  ", parts...)
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
  std::optional<ClearanceCheck> clearance_;  // without faults
  std::vector<Node> nodes_;
  std::vector<Hostile> hostile_;
  std::vector<Link> links_;
  std::map<core::SessionId, uint32_t> link_of_;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> queue_;
  Duration now_{};
  uint64_t order_ = 0;
  core::SessionId next_session_ = 1;
  uint64_t sent_ = 0;
  uint32_t authorized_;
  std::map<uint32_t, Duration> slow_;  // node -> extra latency
  RunResult result_;
};

}  // namespace flblk::sim
