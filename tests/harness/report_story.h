// Runs written by hand for the tests of the report: builders A and B, a relay and a subscriber,
// slots of 1 s, ten flashblocks.
#pragma once

#include "tests/harness/report.h"

namespace flblk::harness {

inline constexpr int kA = 0, kB = 1, kR = 2, kS = 3;
inline constexpr uint64_t kPlanned = 10;

class Story {
 public:
  explicit Story(int64_t takeover_ms = 0) {
    setup_.shape = {.builders = 2, .relays = 1, .subscribers = 1};
    setup_.timing = {
        .slot_ns = 1000 * kNsPerMs, .interval_ns = 100 * kNsPerMs, .flashblocks = kPlanned};
    setup_.takeover_ns = takeover_ms * kNsPerMs;
    setup_.detect_ns = 10 * kNsPerMs;
  }

  void At(uint64_t block, int64_t ms, decltype(Record::what) what) {
    records_.push_back({setup_.timing.SlotStart(block) + ms * kNsPerMs, std::move(what)});
  }
  void Block(uint64_t block, int builder) {
    At(block, 0,
       BlockStarted{
           .block = block, .number = 100 + block, .slot = 7000 + block, .planned = kPlanned});
    At(block, 0, BuilderAuthorized{.block = block, .builder = builder, .error = ""});
  }
  void Publish(uint64_t block, uint64_t index, int builder, int64_t late_ms = 0) {
    const int64_t due = static_cast<int64_t>(index) * 100 + 50 + late_ms;
    At(block, due, Published{.builder = builder, .block = block, .index = index});
    At(block, due + 1,
       Answered{.builder = builder, .block = block, .index = index, .code = 0, .message = ""});
  }
  void Receive(uint64_t block, uint64_t index, int builder, int node, int64_t late_ms = 0) {
    At(block, static_cast<int64_t>(index) * 100 + 52 + late_ms,
       Received{.node = node,
                .block = block,
                .index = index,
                .publisher = builder,
                .own = node == builder});
  }
  void Everywhere(uint64_t block, uint64_t first, uint64_t last, int builder,
                  std::vector<int> nodes, int64_t late_ms = 0) {
    for (uint64_t index = first; index <= last; ++index) {
      Publish(block, index, builder, late_ms);
      for (int node : nodes) Receive(block, index, builder, node, late_ms);
    }
  }
  void Cleared(uint64_t block, int64_t ms, int builder) {
    At(block, ms, StateChanged{.builder = builder, .publishing = true, .slot = 7000 + block});
  }
  void Yields(uint64_t block, int64_t ms, int builder) {
    At(block, ms, StateChanged{.builder = builder, .publishing = false, .slot = 7000 + block});
  }

  Report Judge() const { return MakeReport(MakeView(setup_, records_)); }
  const RunSetup& setup() const { return setup_; }
  RunSetup& setup() { return setup_; }

 private:
  RunSetup setup_;
  std::vector<Record> records_;
};

inline const std::vector<int> kAll = {kA, kB, kR, kS};
inline const std::vector<int> kWithoutA = {kB, kR, kS};

}  // namespace flblk::harness
