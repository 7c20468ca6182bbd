#include "signer/keccak.h"

#include <algorithm>

#include "signer/keccak_scalar.h"

namespace flblk {

void keccak::AbsorbGeneric(uint64_t* words, const uint8_t* data, size_t blocks) {
  AbsorbOne(words, data, blocks);
}

namespace {

constexpr uint8_t kZeroBlock[Keccak256State::kRate] = {};

using Absorber = void (*)(uint64_t* words, const uint8_t* data, size_t blocks);

Absorber FastestAbsorber() {
#if defined(FLBLK_X86_KERNELS)
  if (__builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2")) return keccak::AbsorbBmi2;
#endif
  return keccak::AbsorbGeneric;
}

void AbsorbBlocks(uint64_t* words, const uint8_t* data, size_t blocks) {
  static const Absorber absorb = FastestAbsorber();
  absorb(words, data, blocks);
}

void Permute(uint64_t* words) { AbsorbBlocks(words, kZeroBlock, 1); }

}  // namespace

// XORs `data` into the block under way; it does not fill more than that.
void Keccak256State::Fill(ByteView data) {
  size_t i = 0;
  const auto one = [&] {
    words_[offset_ / 8] ^= uint64_t{data[i++]} << (8 * (offset_ % 8));
    ++offset_;
  };
  while (i < data.size() && offset_ % 8 != 0) one();
  for (; i + 8 <= data.size(); i += 8, offset_ += 8) {
    words_[offset_ / 8] ^= keccak::LoadLittleEndian(&data[i]);
  }
  while (i < data.size()) one();
}

Keccak256State& Keccak256State::Update(ByteView data) {
  if (offset_ != 0 && data.size() >= kRate - offset_) {
    const size_t room = kRate - offset_;
    Fill(data.first(room));
    Permute(words_);
    offset_ = 0;
    data = data.subspan(room);
  }
  if (const size_t blocks = data.size() / kRate; offset_ == 0 && blocks > 0) {
    AbsorbBlocks(words_, data.data(), blocks);
    data = data.subspan(blocks * kRate);
  }
  Fill(data);
  return *this;
}

Hash32 Keccak256State::Digest() const {
  uint64_t last[25];
  std::ranges::copy(words_, last);
  last[offset_ / 8] ^= uint64_t{0x01} << (8 * (offset_ % 8));
  last[kRate / 8 - 1] ^= keccak::kLastBit;
  Permute(last);
  Hash32 out;
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<uint8_t>(last[i / 8] >> (8 * (i % 8)));
  }
  return out;
}

Hash32 Keccak256(ByteView data) { return Keccak256State().Update(data).Digest(); }

}  // namespace flblk
