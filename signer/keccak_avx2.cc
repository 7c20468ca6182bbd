// Four states to a 256-bit vector. Compiled with -mavx2; includes nothing whose code another file
// could use.
#include <immintrin.h>

#include "signer/keccak_vector.h"

namespace flblk::keccak {
namespace {

struct Ops {
  using Word = __m256i;
  static constexpr int kLanes = 4;

  static FLBLK_KECCAK_INLINE Word Xor3(Word a, Word b, Word c) { return a ^ b ^ c; }
  template <int n>
  static FLBLK_KECCAK_INLINE Word Rol(Word a) {
    if constexpr (n == 1) {
      return _mm256_or_si256(_mm256_add_epi64(a, a), _mm256_srli_epi64(a, 63));
    } else if constexpr (n == 8) {
      return _mm256_shuffle_epi8(a, Bytes(0x0605040302010007, 0x0e0d0c0b0a09080f));
    } else if constexpr (n == 56) {
      return _mm256_shuffle_epi8(a, Bytes(0x0007060504030201, 0x080f0e0d0c0b0a09));
    } else {
      return _mm256_or_si256(_mm256_slli_epi64(a, n), _mm256_srli_epi64(a, 64 - n));
    }
  }
  static FLBLK_KECCAK_INLINE Word Chi(Word a, Word b, Word c) {
    return a ^ _mm256_andnot_si256(b, c);
  }
  static FLBLK_KECCAK_INLINE Word Constant(uint64_t c) {
    return _mm256_set1_epi64x(static_cast<long long>(c));
  }
  static FLBLK_KECCAK_INLINE void Store(void* p, Word a) {
    _mm256_storeu_si256(static_cast<Word*>(p), a);
  }

  // Joining 128-bit halves as they are loaded leaves half the shuffles of a transposition in
  // registers.
  static FLBLK_KECCAK_INLINE void LoadGroup(const uint8_t* const* memory, int word, Word* out) {
#pragma GCC unroll 2
    for (int pair = 0; pair < kLanes; pair += 2) {
      const int at = 8 * (word + pair);
      const Word rows02 = Halves(memory[0] + at, memory[2] + at);
      const Word rows13 = Halves(memory[1] + at, memory[3] + at);
      out[pair] = _mm256_unpacklo_epi64(rows02, rows13);
      out[pair + 1] = _mm256_unpackhi_epi64(rows02, rows13);
    }
  }

  static FLBLK_KECCAK_INLINE Word Collect(const uint8_t* const* memory, int word) {
    long long w[kLanes];
#pragma GCC unroll 4
    for (int i = 0; i < kLanes; ++i) std::memcpy(&w[i], memory[i] + 8 * word, 8);
    return _mm256_setr_epi64x(w[0], w[1], w[2], w[3]);
  }

  static FLBLK_KECCAK_INLINE void Transpose(Word* r) {
    const Word even01 = _mm256_unpacklo_epi64(r[0], r[1]),
               odd01 = _mm256_unpackhi_epi64(r[0], r[1]);
    const Word even23 = _mm256_unpacklo_epi64(r[2], r[3]),
               odd23 = _mm256_unpackhi_epi64(r[2], r[3]);
    r[0] = _mm256_permute2x128_si256(even01, even23, 0x20);
    r[1] = _mm256_permute2x128_si256(odd01, odd23, 0x20);
    r[2] = _mm256_permute2x128_si256(even01, even23, 0x31);
    r[3] = _mm256_permute2x128_si256(odd01, odd23, 0x31);
  }

 private:
  static FLBLK_KECCAK_INLINE Word Halves(const uint8_t* low, const uint8_t* high) {
    const Word out = _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(low)));
    return _mm256_inserti128_si256(out, _mm_loadu_si128(reinterpret_cast<const __m128i*>(high)), 1);
  }
  // The same order of bytes for both halves.
  static FLBLK_KECCAK_INLINE Word Bytes(long long low, long long high) {
    return _mm256_set_epi64x(high, low, high, low);
  }
};

}  // namespace

void AbsorbAvx2(const LaneRun* lanes, size_t blocks) { AbsorbLanes<Ops>(lanes, blocks); }

void DigestAvx2(const LaneEnd* lanes) { DigestLanes<Ops>(lanes); }

}  // namespace flblk::keccak
