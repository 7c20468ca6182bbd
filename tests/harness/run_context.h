// What every driver of a run shares. Owned by the run; outlives the drivers.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "tests/harness/blocks.h"
#include "tests/harness/netns.h"
#include "tests/harness/node.h"
#include "tests/harness/records.h"
#include "tests/harness/run_clock.h"

namespace flblk::harness {

// Deltas are needed once per receiver; making a large one is not free. Thread-safe, keeps the
// newest few.
class DeltaCache {
 public:
  explicit DeltaCache(const BlockSource* source) : source_(source) {}
  std::shared_ptr<const Flashblock> Get(uint64_t block, uint64_t index);

 private:
  static constexpr size_t kKept = 64;
  const BlockSource* source_;
  std::mutex mutex_;
  std::map<std::pair<uint64_t, uint64_t>, std::shared_ptr<const Flashblock>> kept_;
};

struct RunContext {
  RunContext(Shape run_shape, Timing run_timing, RunClock run_clock, const BlockSource* run_source)
      : shape(run_shape),
        timing(run_timing),
        clock(run_clock),
        source(run_source),
        deltas(run_source) {}

  // The builder with that key; kNobody: none of this run.
  int BuilderOf(const std::string& vk) const;
  void Log(decltype(Record::what) what) { log.Add(clock.Now(), std::move(what)); }
  void Fail(std::string words) { Log(CheckFailed{std::move(words)}); }

  const Shape shape;
  const Timing timing;
  const RunClock clock;
  const BlockSource* const source;
  DeltaCache deltas;
  RunLog log;
  std::unique_ptr<Network> network;  // null: the nodes are on our loopback
  std::vector<std::unique_ptr<Node>> nodes;
};

// Pause before a broken stream is opened again.
inline constexpr std::chrono::milliseconds kRetryPause{20};

inline std::string BytesOf(ByteView view) { return std::string(view.begin(), view.end()); }

}  // namespace flblk::harness
