// One Keccak state. For inclusion by keccak.cc and keccak_bmi2.cc only (see
// keccak_round.h).
#pragma once

#include <bit>
#include <cstring>

#include "signer/keccak_kernels.h"
#include "signer/keccak_round.h"

namespace flblk::keccak {
namespace {

struct ScalarOps {
  using Word = uint64_t;
  static FLBLK_KECCAK_INLINE Word Xor3(Word a, Word b, Word c) { return a ^ b ^ c; }
  template <int n>
  static FLBLK_KECCAK_INLINE Word Rol(Word a) {
    return a << n | a >> (64 - n);
  }
  static FLBLK_KECCAK_INLINE Word Chi(Word a, Word b, Word c) { return a ^ (~b & c); }
  static FLBLK_KECCAK_INLINE Word Constant(uint64_t c) { return c; }
};

FLBLK_KECCAK_INLINE uint64_t LoadLittleEndian(const uint8_t* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

// Works on a copy: the compiler cannot know that `data` lies elsewhere.
FLBLK_KECCAK_INLINE void AbsorbOne(uint64_t* words, const uint8_t* data, size_t blocks) {
  uint64_t a[kStateWords];
  std::memcpy(a, words, sizeof a);
  for (; blocks > 0; --blocks, data += 8 * kRateWords) {
#pragma GCC unroll 17
    for (int i = 0; i < kRateWords; ++i) a[i] ^= LoadLittleEndian(data + 8 * i);
    Permute<ScalarOps>(a);
  }
  std::memcpy(words, a, sizeof a);
}

}  // namespace
}  // namespace flblk::keccak
