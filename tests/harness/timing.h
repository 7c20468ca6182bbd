// The clock face of a run: when each slot, flashblock and step is due. Pure arithmetic; every time
// is in nanoseconds since the run began.
#pragma once

#include <cstdint>

namespace flblk::harness {

inline constexpr int64_t kNsPerMs = 1'000'000;

// From the last flashblock until the block is sealed: a host that is late by less loses nothing.
inline constexpr int64_t kSealNs = 100 * kNsPerMs;

struct Timing {
  int64_t slot_ns = 2000 * kNsPerMs;
  int64_t interval_ns = 200 * kNsPerMs;
  uint64_t flashblocks = 10;  // per block; flashblocks * interval_ns <= slot_ns

  // As many as fit before kSealNs, at least one.
  static uint64_t FlashblocksIn(int64_t slot_ns, int64_t interval_ns) {
    const int64_t room = slot_ns - interval_ns / 2 - kSealNs;
    return room < 0 ? 1 : static_cast<uint64_t>(room / interval_ns) + 1;
  }

  int64_t SlotStart(uint64_t block) const { return static_cast<int64_t>(block) * slot_ns; }
  // Half an interval into its share of the slot, so that a step "before index i" has room on both
  // sides.
  int64_t Due(uint64_t block, uint64_t index) const {
    return SlotStart(block) + static_cast<int64_t>(index) * interval_ns + interval_ns / 2;
  }
  // How much longer a builder waits before it takes over from one that announced itself first.
  int64_t Outranked() const { return 2 * interval_ns; }
};

}  // namespace flblk::harness
