#include "p2p/wire/uint256.h"

#include <array>

namespace flblk::wire {
namespace {

using Limbs = std::array<uint32_t, 8>;  // least significant first

// limbs = limbs * factor + digit; false where that needs more than 256 bits.
bool MultiplyAdd(Limbs& limbs, uint32_t factor, uint32_t digit) {
  uint64_t carry = digit;
  for (uint32_t& limb : limbs) {
    carry += uint64_t{limb} * factor;
    limb = static_cast<uint32_t>(carry);
    carry >>= 32;
  }
  return carry == 0;
}

uint32_t DigitValue(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint32_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<uint32_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<uint32_t>(c - 'A' + 10);
  return UINT32_MAX;
}

// Takes the prefix off `text`.
uint32_t TakeRadix(std::string_view& text) {
  if (text.size() < 2 || text[0] != '0') return 10;
  const char letter = static_cast<char>(text[1] | 0x20);  // lower case
  const uint32_t radix = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
  if (radix != 10) text.remove_prefix(2);
  return radix;
}

}  // namespace

std::optional<Hash32> ParseUint256(std::string_view text) {
  const uint32_t radix = TakeRadix(text);
  Limbs limbs{};
  for (char c : text) {
    if (c == '_') continue;
    const uint32_t digit = DigitValue(c);
    if (digit >= radix || !MultiplyAdd(limbs, radix, digit)) return std::nullopt;
  }
  Hash32 value;
  for (size_t i = 0; i < value.size(); ++i) {
    value[value.size() - 1 - i] = static_cast<uint8_t>(limbs[i / 4] >> (8 * (i % 4)));
  }
  return value;
}

std::string FormatUint256(const Hash32& value) {
  std::string digits = ToHex(value);
  const size_t first = digits.find_first_not_of('0');
  return "0x" + (first == std::string::npos ? "0" : digits.substr(first));
}

}  // namespace flblk::wire
