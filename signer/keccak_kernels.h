// The Keccak-256 sponge for each instruction set, each in its own file compiled with that set's
// flags; a caller asks the processor first (keccak.cc, keccak_lanes.cc). Internal to signer/.
#pragma once

#include <cstddef>
#include <cstdint>

namespace flblk::keccak {

// One state of 25 words absorbs whole blocks of 136 bytes, with a permutation after each.
void AbsorbGeneric(uint64_t* words, const uint8_t* data, size_t blocks);
void AbsorbBmi2(uint64_t* words, const uint8_t* data, size_t blocks);  // x86-64 with BMI1 and BMI2

// What one lane absorbs: its first block from `first`, the following ones from `next` on, `stride`
// bytes apart (136; 0 where an idle lane reads the same zeros again).
struct LaneRun {
  uint64_t* words;  // the lane's 25 state words
  const uint8_t* first;
  const uint8_t* next;
  size_t stride;
};

// Each of 4 (8) states absorbs `blocks` >= 1 whole blocks of 136 bytes, with a permutation after
// each. The states do not overlap.
void AbsorbAvx2(const LaneRun* lanes, size_t blocks);
void AbsorbAvx512(const LaneRun* lanes, size_t blocks);  // AVX-512F

// A state to be finalised: `padding` is a block that is zero but for the byte 0x01 where the data
// ended. The state stays as it is.
struct LaneEnd {
  const uint64_t* words;
  const uint8_t* padding;
  uint8_t* out;  // 32 bytes
};

// The padding's last bit, in the block's last word.
inline constexpr uint64_t kLastBit = uint64_t{1} << 63;

// The digests of 4 (8) states.
void DigestAvx2(const LaneEnd* lanes);
void DigestAvx512(const LaneEnd* lanes);

}  // namespace flblk::keccak
