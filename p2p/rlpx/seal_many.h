// Seals one payload for many connections. The MAC of a frame is serial within its connection and by
// far the dearest part of a fan-out; eight connections' MACs side by side take about the time of
// one (keccak_lanes.h). Byte for byte what FrameSealer::Seal writes.
#pragma once

#include "p2p/rlpx/frame.h"
#include "signer/keccak_lanes.h"

namespace flblk::rlpx {

struct SealJob {
  FrameSealer* sealer = nullptr;  // each at most once in a call
  uint8_t id = 0;                 // wire id, below 0x80
  uint8_t* out = nullptr;         // FrameSealer::SealedSize(payload.size()) bytes
};

// How many jobs go through all steps together, so that their ciphertexts are still in the cache
// when the MACs absorb them. A caller that spreads jobs over threads gives each whole groups.
inline constexpr size_t kSealGroup = 8;

// Does every job. Allocates nothing. Several threads may seal for different connections at a time.
void SealMany(ByteView payload, std::span<const SealJob> jobs,
              KeccakLanes lanes = BestKeccakLanes());

}  // namespace flblk::rlpx
