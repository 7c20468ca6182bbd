// Keccak-f[1600] on one state. For inclusion by keccak.cc and keccak_bmi2.cc only (see
// keccak_round.h).
#pragma once

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

}  // namespace
}  // namespace flblk::keccak
