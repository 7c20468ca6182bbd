// The multi-lane kernel, written once for vectors of 4 and 8 words. For inclusion by keccak_avx2.cc
// and keccak_avx512.cc only; see keccak_round.h for why `Ops` is a type of an unnamed namespace. It
// adds:
//
// - Ops::kLanes: 64-bit lanes to the vector.
// - Ops::LoadGroup(memory, w, out): out[j] = word w + j of every lane's memory, for j < kLanes.
// - Ops::Collect(memory, w): word w of every lane's memory.
// - Ops::Store(p, a): kLanes consecutive words. No address needs to be aligned.
// - Ops::Transpose(rows): kLanes vectors; word j of row i becomes word i of row j.
//
// A state has 25 words and a block 17: both are whole groups of kLanes words and one more.
#pragma once

#include <cstring>

#include "signer/keccak_kernels.h"
#include "signer/keccak_round.h"

namespace flblk::keccak {

template <class Ops, class Word = typename Ops::Word>
FLBLK_KECCAK_INLINE void LoadStates(const uint64_t* const* states, Word* a) {
  const uint8_t* memory[Ops::kLanes];
  for (int i = 0; i < Ops::kLanes; ++i) memory[i] = reinterpret_cast<const uint8_t*>(states[i]);
#pragma GCC unroll 6
  for (int word = 0; word < kStateWords - 1; word += Ops::kLanes) {
    Ops::LoadGroup(memory, word, a + word);
  }
  a[kStateWords - 1] = Ops::Collect(memory, kStateWords - 1);
}

template <class Ops, class Word = typename Ops::Word>
FLBLK_KECCAK_INLINE void StoreStates(const LaneRun* lanes, const Word* a) {
#pragma GCC unroll 6
  for (int word = 0; word < kStateWords - 1; word += Ops::kLanes) {
    Word rows[Ops::kLanes];
#pragma GCC unroll 8
    for (int i = 0; i < Ops::kLanes; ++i) rows[i] = a[word + i];
    Ops::Transpose(rows);
#pragma GCC unroll 8
    for (int i = 0; i < Ops::kLanes; ++i) Ops::Store(lanes[i].words + word, rows[i]);
  }
  uint64_t last[Ops::kLanes];
  Ops::Store(last, a[kStateWords - 1]);
  for (int i = 0; i < Ops::kLanes; ++i) lanes[i].words[kStateWords - 1] = last[i];
}

template <class Ops, class Word = typename Ops::Word>
FLBLK_KECCAK_INLINE void XorBlock(const uint8_t* const* memory, Word* a) {
#pragma GCC unroll 4
  for (int word = 0; word < kRateWords - 1; word += Ops::kLanes) {
    Word rows[Ops::kLanes];
    Ops::LoadGroup(memory, word, rows);
#pragma GCC unroll 8
    for (int i = 0; i < Ops::kLanes; ++i) a[word + i] = a[word + i] ^ rows[i];
  }
  a[kRateWords - 1] = a[kRateWords - 1] ^ Ops::Collect(memory, kRateWords - 1);
}

template <class Ops, class Word = typename Ops::Word>
FLBLK_KECCAK_INLINE void AbsorbLanes(const LaneRun* lanes, size_t blocks) {
  Word a[kStateWords];
  const uint64_t* states[Ops::kLanes];
  const uint8_t* memory[Ops::kLanes];
  for (int i = 0; i < Ops::kLanes; ++i) states[i] = lanes[i].words, memory[i] = lanes[i].first;
  LoadStates<Ops>(states, a);
  for (size_t block = 0; block < blocks; ++block) {
    XorBlock<Ops>(memory, a);
    Permute<Ops>(a);
    for (int i = 0; i < Ops::kLanes; ++i) memory[i] = lanes[i].next + block * lanes[i].stride;
  }
  StoreStates<Ops>(lanes, a);
}

template <class Ops, class Word = typename Ops::Word>
FLBLK_KECCAK_INLINE void DigestLanes(const LaneEnd* lanes) {
  Word a[kStateWords];
  const uint64_t* states[Ops::kLanes];
  const uint8_t* memory[Ops::kLanes];
  for (int i = 0; i < Ops::kLanes; ++i) states[i] = lanes[i].words, memory[i] = lanes[i].padding;
  LoadStates<Ops>(states, a);
  XorBlock<Ops>(memory, a);
  a[kRateWords - 1] = a[kRateWords - 1] ^ Ops::Constant(kLastBit);
  Permute<Ops>(a);
#pragma GCC unroll 4
  for (int word = 0; word < 4; ++word) {
    uint64_t column[Ops::kLanes];
    Ops::Store(column, a[word]);
    for (int i = 0; i < Ops::kLanes; ++i) std::memcpy(lanes[i].out + 8 * word, &column[i], 8);
  }
}

}  // namespace flblk::keccak
