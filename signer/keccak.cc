#include "signer/keccak.h"

#include <bit>
#include <cstring>

#include "signer/keccak_scalar.h"

namespace flblk {

void keccak::PermuteGeneric(uint64_t* words) { Permute<ScalarOps>(words); }

namespace {

using PermuteFunction = void (*)(uint64_t* words);

PermuteFunction FastestPermute() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2")) return keccak::PermuteBmi2;
#endif
  return keccak::PermuteGeneric;
}

void PermuteWords(uint64_t* words) {
  static const PermuteFunction permute = FastestPermute();
  permute(words);
}

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

// The original padding: 0x01 after the data, 0x80 into the block's last byte.
void Keccak256State::Pad() {
  words_[offset_ / 8] ^= uint64_t{0x01} << (8 * (offset_ % 8));
  words_[kRate / 8 - 1] ^= uint64_t{0x80} << 56;
}

Hash32 Keccak256State::Squeeze() const {
  Hash32 out;
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<uint8_t>(words_[i / 8] >> (8 * (i % 8)));
  }
  return out;
}

Hash32 Keccak256State::Digest() const {
  Keccak256State last = *this;
  last.Pad();
  PermuteWords(last.words_);
  return last.Squeeze();
}

Hash32 Keccak256(ByteView data) { return Keccak256State().Update(data).Digest(); }

}  // namespace flblk
