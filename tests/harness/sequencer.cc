#include "tests/harness/sequencer.h"

#include <signal.h>

#include <thread>

#include "absl/strings/str_cat.h"

namespace flblk::harness {
namespace {

constexpr int64_t kTickNs = 20 * kNsPerMs;
constexpr int64_t kDrainNs = 700 * kNsPerMs;  // after the last slot, for what is still on its way
constexpr int64_t kUpPollNs = 20 * kNsPerMs;
constexpr std::chrono::milliseconds kUpTimeout{50};
constexpr std::chrono::milliseconds kEndLimit{1000};  // of a process after SIGKILL

FixedBytes<8> PayloadIdOf(const BlockPlan& plan) {
  FixedBytes<8> id;
  std::copy_n(plan.payload_id.begin(), id.size(), id.begin());
  return id;
}

}  // namespace

Sequencer::Sequencer(RunContext& run, const Options& options, const SecretKey& authorizer,
                     std::vector<std::unique_ptr<BuilderHost>>& hosts,
                     std::vector<std::unique_ptr<Receiver>>& receivers)
    : run_(run),
      options_(options),
      authorizer_(authorizer),
      hosts_(hosts),
      receivers_(receivers),
      health_(run.shape.nodes(), Health::kAlive),
      unreachable_(run.shape.nodes(), false) {}

bool Sequencer::Play(const std::function<bool()>& tick) {
  // A step at a boundary comes before the block that begins then.
  for (const Step& step : options_.script) {
    At(FireTime(step, run_.timing), [this, &step] { Fire(step); });
  }
  for (uint64_t block = 0; block < options_.blocks; ++block) {
    At(run_.timing.SlotStart(block), [this, block] { StartBlock(block); });
    At(run_.timing.SlotStart(block + 1) - run_.timing.interval_ns / 4,
       [this, block] { CheckPending(block); });
  }
  const int64_t end = run_.timing.SlotStart(options_.blocks);
  At(end, [this] { EndBlock(); });
  bool to_the_end = true;
  while (run_.clock.Now() < end + kDrainNs && to_the_end) {
    while (!timeline_.empty() && timeline_.begin()->first <= run_.clock.Now()) {
      auto due = timeline_.extract(timeline_.begin());
      due.mapped()();
    }
    WatchProcesses();
    to_the_end = tick();
    const int64_t next = timeline_.empty() ? INT64_MAX : timeline_.begin()->first;
    std::this_thread::sleep_until(run_.clock.At(std::min(next, run_.clock.Now() + kTickNs)));
  }
  for (auto& check : checks_) check.wait();
  return to_the_end;
}

void Sequencer::StartBlock(uint64_t block) {
  const BlockPlan plan = run_.source->Plan(block);
  block_ = block;
  started_ = true;
  calm_ = active_ != kNobody && HealthOf(active_) == Health::kAlive;
  run_.Log(BlockStarted{block, plan.number, plan.slot, plan.flashblocks, plan.recorded});
  for (size_t i = 0; i < hosts_.size(); ++i) {
    const int builder = static_cast<int>(i);
    if (builder == active_) {
      Authorize(builder);
    } else if (HealthOf(builder) == Health::kAlive) {
      hosts_[i]->HeadUpdate();
    }
  }
}

void Sequencer::EndBlock() {
  ended_ = true;
  if (active_ != kNobody) hosts_[static_cast<size_t>(active_)]->Seal();
}

void Sequencer::Authorize(int builder) {
  // Whoever is frozen or cut off is so with its engine API: nothing waits there for its return.
  if (unreachable_[static_cast<size_t>(builder)]) return;
  const BlockPlan plan = run_.source->Plan(block_);
  hosts_[static_cast<size_t>(builder)]->Begin(
      plan,
      MakeAuthorization(authorizer_, PayloadIdOf(plan), plan.slot, NodeOf(builder).builder_vk()));
}

// At every edge of the network; only where the block's builder was left in peace, since else it may
// have none.
void Sequencer::CheckPending(uint64_t block) {
  if (!calm_) return;
  const size_t first = run_.shape.nodes() > run_.shape.builders ? run_.shape.builders : 0;
  for (size_t node = first; node < receivers_.size(); ++node) {
    if (health_[node] != Health::kAlive) continue;
    Receiver* receiver = receivers_[node].get();
    const bool complete = run_.source->Plan(block).recorded;
    checks_.push_back(
        std::async(std::launch::async, [=] { receiver->CheckPending(block, complete); }));
  }
}

// -------------------------------------------------------------------------------------------
// failover

int Sequencer::NextAlive(int after) const {
  const int builders = static_cast<int>(hosts_.size());
  for (int i = 1; i < builders; ++i) {
    const int candidate = (after + i) % builders;
    if (health_[static_cast<size_t>(candidate)] == Health::kAlive) return candidate;
  }
  return kNobody;
}

void Sequencer::Fire(const Step& step) {
  const int victim = step.builder ? static_cast<int>(*step.builder) : active_;
  if (victim == kNobody || HealthOf(victim) != Health::kAlive) {
    return run_.Fail(absl::StrCat("script step \"", step.text, "\": that builder is not running"));
  }
  StepFired fired;
  fired.how = step.how;
  fired.block = step.block.value_or(block_);
  fired.mid_block = started_ && block_ == fired.block;
  fired.victim = victim;
  fired.victim_was_active = victim == active_;
  fired.text = step.text;
  fired.held = step.held;
  fired.waiter = step.waiter;
  fired.duration_ns = step.duration_ns;
  fired.label = step.label;
  if (step.how == How::kGraceful) {
    HandOver(step, std::move(fired));
  } else if (step.waiter) {
    DisableWaiter(step, std::move(fired));
  } else {
    Disable(step, std::move(fired));
  }
}

void Sequencer::HandOver(const Step& step, StepFired fired) {
  const int successor = step.successor ? static_cast<int>(*step.successor) : NextAlive(active_);
  if (!fired.victim_was_active || successor == kNobody || successor == active_ ||
      HealthOf(successor) != Health::kAlive) {
    return run_.Fail(absl::StrCat("script step \"", step.text,
                                  "\": nothing to hand over, or nobody to take it"));
  }
  fired.successor = successor;
  const bool now = fired.mid_block;
  run_.Log(std::move(fired));
  active_ = successor;
  if (now) Authorize(successor);
}

void Sequencer::Disable(const Step& step, StepFired fired) {
  const int victim = fired.victim;
  HealthOf(victim) = Health::kDown;
  if (fired.victim_was_active) {
    calm_ = false;
    fired.successor = step.how == How::kRespawn ? victim : NextAlive(victim);
  }
  const int successor = fired.successor;
  run_.Log(std::move(fired));
  const int64_t now = run_.clock.Now();
  if (step.held) {
    NodeOf(victim).child().Freeze();
    unreachable_[static_cast<size_t>(victim)] = true;
    run_.Log(NodeLife{victim, Life::kFrozen});
    At(now + kHoldNs, [this, &step, victim] { Strike(step, victim); });
  } else {
    Strike(step, victim);
  }
  if (victim == active_ && successor != victim) {
    At(now + (step.held ? 0 : options_.setup.detect_ns),
       [this, successor] { TakeOver(successor); });
  }
}

void Sequencer::DisableWaiter(const Step& step, StepFired fired) {
  const int held = fired.victim, waiter = NextAlive(held);
  if (!fired.victim_was_active || waiter == kNobody || !fired.mid_block) {
    return run_.Fail(absl::StrCat("script step \"", step.text, "\": nobody would wait"));
  }
  HealthOf(held) = Health::kDown;
  calm_ = false;
  NodeOf(held).child().Freeze();
  unreachable_[static_cast<size_t>(held)] = true;
  run_.Log(NodeLife{held, Life::kFrozen});
  TakeOver(waiter);
  fired.victim = waiter;
  fired.successor = held;
  At(run_.clock.Now() + kHoldNs, [this, &step, fired] { StrikeWaiter(step, fired); });
}

void Sequencer::StrikeWaiter(const Step& step, StepFired fired) {
  const int victim = fired.victim, successor = fired.successor;
  HealthOf(victim) = Health::kDown;
  run_.Log(std::move(fired));
  Strike(step, victim);
  Thaw(successor);
  At(run_.clock.Now() + options_.setup.detect_ns, [this, successor] { TakeOver(successor); });
}

// The fault itself.
void Sequencer::Strike(const Step& step, int victim) {
  Child& child = NodeOf(victim).child();
  const int64_t now = run_.clock.Now();
  switch (step.how) {
    case How::kStop:
      child.Freeze();
      unreachable_[static_cast<size_t>(victim)] = true;
      run_.Log(NodeLife{victim, Life::kFrozen});
      return At(now + step.duration_ns, [this, victim] { Thaw(victim); });
    case How::kCut:
      return Cut(step, victim);
    case How::kTerm:
      run_.Log(NodeLife{victim, Life::kLeaving});
      child.Signal(SIGTERM);
      return;
    default:
      child.Signal(SIGKILL);
      unreachable_[static_cast<size_t>(victim)] = false;
      run_.Log(NodeLife{victim, Life::kKilled});
      break;
  }
  if (step.how == How::kRespawn) respawning_ = victim;
  if (step.how == How::kRestart || step.how == How::kRespawn)
    At(now + step.duration_ns, [this, victim] { Restart(victim); });
}

void Sequencer::Cut(const Step& step, int victim) {
  if (!run_.network) {
    return run_.Fail(absl::StrCat("script step \"", step.text, "\": needs --netns"));
  }
  const absl::Status cut = run_.network->Cut(static_cast<size_t>(victim));
  if (!cut.ok()) return run_.Fail(std::string(cut.message()));
  unreachable_[static_cast<size_t>(victim)] = true;
  run_.Log(NodeLife{victim, Life::kCutOff});
  if (step.held) NodeOf(victim).child().Signal(SIGCONT);
  At(run_.clock.Now() + step.duration_ns, [this, victim] { Join(victim); });
}

void Sequencer::TakeOver(int builder) {
  if (builder != kNobody && HealthOf(builder) != Health::kAlive) builder = NextAlive(builder);
  active_ = builder;
  if (builder != kNobody && started_ && !ended_) Authorize(builder);
}

void Sequencer::Thaw(int builder) {
  unreachable_[static_cast<size_t>(builder)] = false;
  NodeOf(builder).child().Signal(SIGCONT);
  Revive(builder, Life::kThawed);
}

void Sequencer::Join(int builder) {
  unreachable_[static_cast<size_t>(builder)] = false;
  const absl::Status joined = run_.network->Join(static_cast<size_t>(builder));
  if (!joined.ok()) return run_.Fail(std::string(joined.message()));
  Revive(builder, Life::kJoined);
}

void Sequencer::Restart(int builder) {
  // The one before is gone with its port and its lock on the journal.
  if (!NodeOf(builder).child().WaitFor(kEndLimit)) {
    return run_.Fail(absl::StrCat(NodeOf(builder).name(), " outlives SIGKILL"));
  }
  if (absl::Status status = NodeOf(builder).Start(); !status.ok()) {
    return run_.Fail(absl::StrCat("restart of ", NodeOf(builder).name(), ": ", status.message()));
  }
  HealthOf(builder) = Health::kStarting;
  AwaitUp(builder);
}

void Sequencer::AwaitUp(int builder) {
  if (HealthOf(builder) != Health::kStarting) return;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kUpTimeout);
  context.set_wait_for_ready(true);
  v1::NodeInfoResponse info;
  if (NodeOf(builder).admin().NodeInfo(&context, {}, &info).ok()) return Revive(builder, Life::kUp);
  At(run_.clock.Now() + kUpPollNs, [this, builder] { AwaitUp(builder); });
}

void Sequencer::Revive(int builder, Life life) {
  HealthOf(builder) = Health::kAlive;
  run_.Log(NodeLife{builder, life});
  if (active_ == kNobody || respawning_ == builder) TakeOver(builder);
  respawning_ = kNobody;
}

// An end nobody asked for fails the run; the sequencer moves on as after a crash.
void Sequencer::WatchProcesses() {
  for (size_t i = 0; i < run_.nodes.size(); ++i) {
    const int node = static_cast<int>(i);
    if (health_[i] == Health::kDown || run_.nodes[i]->running()) continue;
    health_[i] = Health::kDown;
    run_.Log(NodeLife{node, Life::kDied});
    run_.Fail(absl::StrCat(run_.nodes[i]->name(), " ended with ", run_.nodes[i]->child().Ending(),
                           ":\n", Tail(run_.nodes[i]->log_path(), 15)));
    if (node != active_) continue;
    calm_ = false;
    const int successor = NextAlive(node);
    At(run_.clock.Now() + options_.setup.detect_ns, [this, successor] { TakeOver(successor); });
  }
}

}  // namespace flblk::harness
