#include "signer/bytes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace flblk {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

int DigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string_view WithoutPrefix(std::string_view text) {
  return text.starts_with("0x") || text.starts_with("0X") ? text.substr(2) : text;
}

// Two digits per byte of `out`; false at the first character that is no digit.
bool Decode(std::string_view digits, std::span<uint8_t> out) {
  for (size_t i = 0; i < out.size(); ++i) {
    const int high = DigitValue(digits[2 * i]), low = DigitValue(digits[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

}  // namespace

std::string ToHex(ByteView bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (uint8_t b : bytes) {
    text.push_back(kDigits[b >> 4]);
    text.push_back(kDigits[b & 15]);
  }
  return text;
}

absl::StatusOr<Bytes> FromHex(std::string_view text) {
  const std::string_view digits = WithoutPrefix(text);
  if (digits.size() % 2 != 0) return absl::InvalidArgumentError("hex has an odd number of digits");
  Bytes out(digits.size() / 2);
  if (!Decode(digits, out))
    return absl::InvalidArgumentError("hex has a character that is no digit");
  return out;
}

absl::Status FromHexExact(std::string_view text, std::string_view what, std::span<uint8_t> out) {
  const std::string_view digits = WithoutPrefix(text);
  if (digits.size() != 2 * out.size()) {
    return absl::InvalidArgumentError(absl::StrCat(std::string(what), ": want ", 2 * out.size(),
                                                   " hex digits, found ", digits.size()));
  }
  if (!Decode(digits, out)) {
    std::fill(out.begin(), out.end(), uint8_t{0});
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(what), ": has a character that is no hex digit"));
  }
  return absl::OkStatus();
}

}  // namespace flblk
