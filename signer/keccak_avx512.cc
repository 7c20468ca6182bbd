// Eight states to a 512-bit vector. Compiled with -mavx512f; includes nothing whose code another
// file could use.
#include <immintrin.h>

#include "signer/keccak_vector.h"

namespace flblk::keccak {
namespace {

struct Ops {
  using Word = __m512i;
  static constexpr int kLanes = 8;

  static FLBLK_KECCAK_INLINE Word Xor3(Word a, Word b, Word c) {
    return _mm512_ternarylogic_epi64(a, b, c, 0x96);
  }
  template <int n>
  static FLBLK_KECCAK_INLINE Word Rol(Word a) {
    return _mm512_rol_epi64(a, n);
  }
  static FLBLK_KECCAK_INLINE Word Chi(Word a, Word b, Word c) {
    return _mm512_ternarylogic_epi64(a, b, c, 0xd2);
  }
  static FLBLK_KECCAK_INLINE Word Constant(uint64_t c) {
    return _mm512_set1_epi64(static_cast<long long>(c));
  }
  static FLBLK_KECCAK_INLINE void Store(void* p, Word a) { _mm512_storeu_si512(p, a); }

  static FLBLK_KECCAK_INLINE void LoadGroup(const uint8_t* const* memory, int word, Word* out) {
#pragma GCC unroll 8
    for (int i = 0; i < kLanes; ++i) out[i] = _mm512_loadu_si512(memory[i] + 8 * word);
    Transpose(out);
  }

  static FLBLK_KECCAK_INLINE Word Collect(const uint8_t* const* memory, int word) {
    long long w[kLanes];
#pragma GCC unroll 8
    for (int i = 0; i < kLanes; ++i) std::memcpy(&w[i], memory[i] + 8 * word, 8);
    return _mm512_setr_epi64(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]);
  }

  static FLBLK_KECCAK_INLINE void Transpose(Word* r) {
    Word pairs[8], quads[8];
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += 2) {
      pairs[i] = _mm512_unpacklo_epi64(r[i], r[i + 1]);
      pairs[i + 1] = _mm512_unpackhi_epi64(r[i], r[i + 1]);
    }
    // 128-bit quarters, each a pair of rows: pairs[2k + odd] holds words odd, 2 + odd, 4 + odd, 6 +
    // odd of rows 2k and 2k + 1.
#pragma GCC unroll 2
    for (int odd = 0; odd < 2; ++odd) {
      quads[odd] = _mm512_shuffle_i64x2(pairs[odd], pairs[2 + odd], 0x88);
      quads[2 + odd] = _mm512_shuffle_i64x2(pairs[odd], pairs[2 + odd], 0xdd);
      quads[4 + odd] = _mm512_shuffle_i64x2(pairs[4 + odd], pairs[6 + odd], 0x88);
      quads[6 + odd] = _mm512_shuffle_i64x2(pairs[4 + odd], pairs[6 + odd], 0xdd);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      r[i] = _mm512_shuffle_i64x2(quads[i], quads[4 + i], 0x88);
      r[4 + i] = _mm512_shuffle_i64x2(quads[i], quads[4 + i], 0xdd);
    }
  }
};

}  // namespace

void AbsorbAvx512(const LaneRun* lanes, size_t blocks) { AbsorbLanes<Ops>(lanes, blocks); }

void DigestAvx512(const LaneEnd* lanes) { DigestLanes<Ops>(lanes); }

}  // namespace flblk::keccak
