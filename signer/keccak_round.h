// One round of Keccak-f[1600] (FIPS 202, section 3.3), written once for every word type: 64 bits,
// or the same 64-bit lane of 4 or 8 independent states in a vector.
//
// For inclusion by the keccak*.cc files only. `Ops` is a type of the including file's unnamed
// namespace, so each instance stays within the file and keeps that file's instruction set:
//   Ops::Word                     the word, with ^
//   Ops::Xor3(a, b, c)            a ^ b ^ c
//   Ops::Rol<n>(a)                each 64-bit lane rotated left by n
//   Ops::Chi(a, b, c)             a ^ (~b & c)
//   Ops::Constant(c)              c in every lane
// State word x + 5 * y is the lane (x, y).
#pragma once

#include <cstdint>

#define FLBLK_KECCAK_INLINE inline __attribute__((always_inline))

namespace flblk::keccak {

inline constexpr int kRounds = 24;
inline constexpr int kRateWords = 17;
inline constexpr int kStateWords = 25;

inline constexpr uint64_t kRoundConstants[kRounds] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};

// Chi on one row of five.
template <class Ops, class Word = typename Ops::Word>
FLBLK_KECCAK_INLINE void Row(Word* e, const Word& b0, const Word& b1, const Word& b2,
                             const Word& b3, const Word& b4) {
  e[0] = Ops::Chi(b0, b1, b2);
  e[1] = Ops::Chi(b1, b2, b3);
  e[2] = Ops::Chi(b2, b3, b4);
  e[3] = Ops::Chi(b3, b4, b0);
  e[4] = Ops::Chi(b4, b0, b1);
}

template <class Ops, class Word = typename Ops::Word>
FLBLK_KECCAK_INLINE Word Column(const Word* a) {
  return Ops::Xor3(a[0], a[5], Ops::Xor3(a[10], a[15], a[20]));
}

// e = round(a); `a` and `e` do not overlap. Theta joins each word as it is read; rho and pi are the
// rotation and the place it is read from.
template <class Ops, class Word = typename Ops::Word>
FLBLK_KECCAK_INLINE void Round(const Word* a, Word* e, uint64_t constant) {
  const Word c0 = Column<Ops>(a), c1 = Column<Ops>(a + 1), c2 = Column<Ops>(a + 2),
             c3 = Column<Ops>(a + 3), c4 = Column<Ops>(a + 4);
  const Word d0 = c4 ^ Ops::template Rol<1>(c1), d1 = c0 ^ Ops::template Rol<1>(c2),
             d2 = c1 ^ Ops::template Rol<1>(c3), d3 = c2 ^ Ops::template Rol<1>(c4),
             d4 = c3 ^ Ops::template Rol<1>(c0);
  Row<Ops>(e, a[0] ^ d0, Ops::template Rol<44>(a[6] ^ d1), Ops::template Rol<43>(a[12] ^ d2),
           Ops::template Rol<21>(a[18] ^ d3), Ops::template Rol<14>(a[24] ^ d4));
  e[0] = e[0] ^ Ops::Constant(constant);
  Row<Ops>(e + 5, Ops::template Rol<28>(a[3] ^ d3), Ops::template Rol<20>(a[9] ^ d4),
           Ops::template Rol<3>(a[10] ^ d0), Ops::template Rol<45>(a[16] ^ d1),
           Ops::template Rol<61>(a[22] ^ d2));
  Row<Ops>(e + 10, Ops::template Rol<1>(a[1] ^ d1), Ops::template Rol<6>(a[7] ^ d2),
           Ops::template Rol<25>(a[13] ^ d3), Ops::template Rol<8>(a[19] ^ d4),
           Ops::template Rol<18>(a[20] ^ d0));
  Row<Ops>(e + 15, Ops::template Rol<27>(a[4] ^ d4), Ops::template Rol<36>(a[5] ^ d0),
           Ops::template Rol<10>(a[11] ^ d1), Ops::template Rol<15>(a[17] ^ d2),
           Ops::template Rol<56>(a[23] ^ d3));
  Row<Ops>(e + 20, Ops::template Rol<62>(a[2] ^ d2), Ops::template Rol<55>(a[8] ^ d3),
           Ops::template Rol<39>(a[14] ^ d4), Ops::template Rol<41>(a[15] ^ d0),
           Ops::template Rol<2>(a[21] ^ d1));
}

// All 24 rounds on `a`, two to a turn of the loop (fully unrolled they no longer fit the micro-op
// cache).
template <class Ops, class Word = typename Ops::Word>
FLBLK_KECCAK_INLINE void Permute(Word* a) {
  Word e[kStateWords];
  for (int round = 0; round < kRounds; round += 2) {
    Round<Ops>(a, e, kRoundConstants[round]);
    Round<Ops>(e, a, kRoundConstants[round + 1]);
  }
}

}  // namespace flblk::keccak
