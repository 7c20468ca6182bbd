// The sequencer of a run: opens a slot every T ms, authorizes one builder, moves to another when
// the script or a crash says so, and carries out the script on the processes.
#pragma once

#include <functional>
#include <future>
#include <map>

#include "tests/harness/builder_host.h"
#include "tests/harness/options.h"
#include "tests/harness/receiver.h"

namespace flblk::harness {

class Sequencer {
 public:
  // All borrowed. `hosts` in builder order, `receivers` in node order. Nodes are restarted on the
  // thread of Play.
  Sequencer(RunContext& run, const Options& options, const SecretKey& authorizer,
            std::vector<std::unique_ptr<BuilderHost>>& hosts,
            std::vector<std::unique_ptr<Receiver>>& receivers);

  // Plays all blocks. `tick` is called about every 20 ms; false ends the run early. Returns whether
  // it came to its end.
  bool Play(const std::function<bool()>& tick);

 private:
  enum class Health : uint8_t { kAlive, kDown, kStarting };

  void At(int64_t run_ns, std::function<void()> what) {
    timeline_.emplace(run_ns, std::move(what));
  }
  void StartBlock(uint64_t block);
  void EndBlock();
  void CheckPending(uint64_t block);
  void Authorize(int builder);

  void Fire(const Step& step);
  void HandOver(const Step& step, StepFired fired);
  void Disable(const Step& step, StepFired fired);
  void DisableWaiter(const Step& step, StepFired fired);
  void StrikeWaiter(const Step& step, StepFired fired);
  void Strike(const Step& step, int victim);
  void Cut(const Step& step, int victim);
  void TakeOver(int builder);
  void Thaw(int builder);
  void Join(int builder);
  void Restart(int builder);
  void AwaitUp(int builder);
  void Revive(int builder, Life life);
  void WatchProcesses();
  int NextAlive(int after) const;
  Node& NodeOf(int builder) { return *run_.nodes[static_cast<size_t>(builder)]; }
  Health& HealthOf(int node) { return health_[static_cast<size_t>(node)]; }

  RunContext& run_;
  const Options& options_;
  const SecretKey& authorizer_;
  std::vector<std::unique_ptr<BuilderHost>>& hosts_;
  std::vector<std::unique_ptr<Receiver>>& receivers_;
  std::multimap<int64_t, std::function<void()>> timeline_;  // by run time
  std::vector<Health> health_;                              // per node
  std::vector<bool> unreachable_;                           // per node: frozen or cut off
  std::vector<std::future<void>> checks_;
  int active_ = 0;  // builder; kNobody: none alive
  int respawning_ = kNobody;
  uint64_t block_ = 0;  // the one being built
  bool started_ = false, ended_ = false;
  bool calm_ = true;  // nobody fell in this block
};

}  // namespace flblk::harness
