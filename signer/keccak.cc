#include "signer/keccak.h"

#include <bit>
#include <cstring>

#include "signer/keccak_round.h"

namespace flblk {
namespace {

struct Ops {
  using Word = uint64_t;
  static FLBLK_KECCAK_INLINE Word Xor3(Word a, Word b, Word c) { return a ^ b ^ c; }
  template <int n>
  static FLBLK_KECCAK_INLINE Word Rol(Word a) {
    return std::rotl(a, n);
  }
  static FLBLK_KECCAK_INLINE Word Chi(Word a, Word b, Word c) { return a ^ (~b & c); }
  static FLBLK_KECCAK_INLINE Word Constant(uint64_t c) { return c; }
};

void PermuteWords(uint64_t* words) { keccak::Permute<Ops>(words); }

uint64_t LoadLittleEndian(const uint8_t* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

}  // namespace

// XORs `data` into the block from byte `at` on; at + data.size() <= kRate.
void Keccak256State::Absorb(size_t at, ByteView data) {
  size_t i = 0;
  const auto one = [&] {
    words_[at / 8] ^= uint64_t{data[i]} << (8 * (at % 8));
    ++at, ++i;
  };
  while (i < data.size() && at % 8 != 0) one();
  for (; i + 8 <= data.size(); i += 8, at += 8) words_[at / 8] ^= LoadLittleEndian(&data[i]);
  while (i < data.size()) one();
}

Keccak256State& Keccak256State::Update(ByteView data) {
  while (data.size() >= kRate - offset_) {
    const size_t room = kRate - offset_;
    Absorb(offset_, data.first(room));
    PermuteWords(words_);
    offset_ = 0;
    data = data.subspan(room);
  }
  Absorb(offset_, data);
  offset_ += data.size();
  return *this;
}

Hash32 Keccak256State::Digest() const {
  Keccak256State last = *this;
  last.words_[offset_ / 8] ^= uint64_t{0x01} << (8 * (offset_ % 8));
  last.words_[kRate / 8 - 1] ^= uint64_t{0x80} << 56;
  PermuteWords(last.words_);
  Hash32 out;
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<uint8_t>(last.words_[i / 8] >> (8 * (i % 8)));
  }
  return out;
}

Hash32 Keccak256(ByteView data) { return Keccak256State().Update(data).Digest(); }

}  // namespace flblk
