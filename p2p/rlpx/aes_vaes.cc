// Source: FIPS 197 (key expansion, rounds), NIST SP 800-38A 6.5 (CTR).
#include <immintrin.h>

#include "p2p/rlpx/aes_kernels.h"

namespace flblk::rlpx::aes {
namespace {

constexpr int kRounds = 14;
constexpr size_t kVector = 64;  // bytes: four blocks
constexpr size_t kUnroll = 8;   // vectors at once: what hides the latency of a round

// word, word ^ w0, ... : each word of `previous` xored with all before it.
__m128i PrefixXor(__m128i previous) {
  previous = _mm_xor_si128(previous, _mm_slli_si128(previous, 4));
  return _mm_xor_si128(previous, _mm_slli_si128(previous, 8));
}

// Round keys 2i and 2i + 1 from the two before.
template <int kRcon>
void NextPair(__m128i& even, __m128i& odd) {
  const __m128i rotated = _mm_shuffle_epi32(_mm_aeskeygenassist_si128(odd, kRcon), 0xff);
  even = _mm_xor_si128(PrefixXor(even), rotated);
  const __m128i plain = _mm_shuffle_epi32(_mm_aeskeygenassist_si128(even, 0), 0xaa);
  odd = _mm_xor_si128(PrefixXor(odd), plain);
}

__m128i* At(AesKeySchedule& key, int round) {
  return reinterpret_cast<__m128i*>(key.round_keys[round]);
}
__m128i At(const AesKeySchedule& key, int round) {
  return _mm_load_si128(reinterpret_cast<const __m128i*>(key.round_keys[round]));
}

template <int kRcon, int kRound>
void StorePair(__m128i& even, __m128i& odd, AesKeySchedule& out) {
  NextPair<kRcon>(even, odd);
  _mm_store_si128(At(out, kRound), even);
  if constexpr (kRound < kRounds) _mm_store_si128(At(out, kRound + 1), odd);
}

// Counters of consecutive blocks, and what they encrypt to.
class KeyStream {
 public:
  KeyStream(const AesKeySchedule& key, uint64_t block) {
    for (int i = 0; i <= kRounds; ++i) keys_[i] = _mm512_broadcast_i32x4(At(key, i));
    const auto b = static_cast<long long>(block);
    counters_ = _mm512_set_epi64(b + 3, 0, b + 2, 0, b + 1, 0, b, 0);
  }

  template <size_t kVectors>
  void Next(__m512i (&out)[kVectors]) {
    // The number is the second half of the counter, its bytes reversed.
    const __m512i reverse =
        _mm512_broadcast_i32x4(_mm_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 7, 6, 5, 4, 3, 2, 1, 0));
    const __m512i four = _mm512_set_epi64(4, 0, 4, 0, 4, 0, 4, 0);
    for (__m512i& block : out) {
      block = _mm512_xor_si512(_mm512_shuffle_epi8(counters_, reverse), keys_[0]);
      counters_ = _mm512_add_epi64(counters_, four);
    }
    for (int i = 1; i < kRounds; ++i) {
      for (__m512i& block : out) block = _mm512_aesenc_epi128(block, keys_[i]);
    }
    for (__m512i& block : out) block = _mm512_aesenclast_epi128(block, keys_[kRounds]);
  }

 private:
  __m512i keys_[kRounds + 1];
  __m512i counters_;
};

}  // namespace

void ExpandKey(const uint8_t* key, AesKeySchedule& out) {
  __m128i even = _mm_loadu_si128(reinterpret_cast<const __m128i*>(key));
  __m128i odd = _mm_loadu_si128(reinterpret_cast<const __m128i*>(key + 16));
  _mm_store_si128(At(out, 0), even);
  _mm_store_si128(At(out, 1), odd);
  StorePair<0x01, 2>(even, odd, out);
  StorePair<0x02, 4>(even, odd, out);
  StorePair<0x04, 6>(even, odd, out);
  StorePair<0x08, 8>(even, odd, out);
  StorePair<0x10, 10>(even, odd, out);
  StorePair<0x20, 12>(even, odd, out);
  StorePair<0x40, 14>(even, odd, out);
}

void EncryptBlock(const AesKeySchedule& key, const uint8_t* in, uint8_t* out) {
  __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
  block = _mm_xor_si128(block, At(key, 0));
  for (int i = 1; i < kRounds; ++i) block = _mm_aesenc_si128(block, At(key, i));
  block = _mm_aesenclast_si128(block, At(key, kRounds));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), block);
}

void XorKeyStream(const AesKeySchedule& key, uint64_t block, const uint8_t* in, uint8_t* out,
                  size_t size) {
  KeyStream stream(key, block);
  for (; size >= kUnroll * kVector; size -= kUnroll * kVector) {
    __m512i blocks[kUnroll];
    stream.Next(blocks);
    for (const __m512i& k : blocks) {
      _mm512_storeu_si512(out, _mm512_xor_si512(_mm512_loadu_si512(in), k));
      in += kVector;
      out += kVector;
    }
  }
  while (size > 0) {
    const size_t n = size < kVector ? size : kVector;
    const __mmask64 mask = ~__mmask64{0} >> (kVector - n);
    __m512i blocks[1];
    stream.Next(blocks);
    _mm512_mask_storeu_epi8(out, mask,
                            _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, in), blocks[0]));
    in += n;
    out += n;
    size -= n;
  }
}

}  // namespace flblk::rlpx::aes
