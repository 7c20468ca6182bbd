#include "p2p/wire/rlp.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace flblk::wire {
namespace {

constexpr uint8_t kShortString = 0x80;
constexpr uint8_t kShortList = 0xc0;
constexpr size_t kMaxShort = 55;  // longest contents with a one-byte header

size_t ByteLength(uint64_t value) { return (static_cast<size_t>(std::bit_width(value)) + 7) / 8; }

}  // namespace

bool RlpReader::Fail(std::string_view field, std::string_view problem) {
  if (!ok()) return false;
  std::string message(field);
  message.append(": ").append(problem);
  absl::StrAppend(&message, " (at byte ", rest_.data() - begin_, ")");
  *status_ = absl::InvalidArgumentError(message);
  return false;
}

bool RlpReader::ReadHeader(std::string_view field, Header* header) {
  if (!ok()) return false;
  if (rest_.empty()) return Fail(field, "missing");
  const uint8_t first = rest_[0];
  if (first < kShortString) {
    *header = {.list = false, .size = 0, .length = 1};
    return true;
  }
  header->list = first >= kShortList;
  header->size = 1;
  header->length = first - (header->list ? kShortList : kShortString);
  if (header->length > kMaxShort) {
    const size_t digits = header->length - kMaxShort;  // 1..8
    if (rest_.size() - 1 < digits) return Fail(field, "length is cut off");
    if (rest_[1] == 0) return Fail(field, "length has a leading zero");
    uint64_t length = 0;
    for (size_t i = 1; i <= digits; ++i) length = length << 8 | rest_[i];
    if (length <= kMaxShort) return Fail(field, "length is not in its shortest form");
    header->size = 1 + digits;
    header->length = length;
  }
  if (header->length > rest_.size() - header->size) {
    return Fail(field, absl::StrCat("needs ", header->length, " bytes, ",
                                    rest_.size() - header->size, " are left"));
  }
  if (first == kShortString + 1 && rest_[1] < kShortString) {
    return Fail(field, "single byte below 0x80 has a header");
  }
  return true;
}

ByteView RlpReader::Take(size_t skip, size_t length) {
  ByteView taken = rest_.subspan(skip, length);
  rest_ = rest_.subspan(skip + length);
  return taken;
}

ByteView RlpReader::Item(std::string_view field) {
  Header header;
  if (!ReadHeader(field, &header)) return {};
  return Take(0, header.size + header.length);
}

ByteView RlpReader::String(std::string_view field) {
  Header header;
  if (!ReadHeader(field, &header)) return {};
  if (header.list) {
    Fail(field, "is a list, not a string");
    return {};
  }
  return Take(header.size, header.length);
}

RlpReader RlpReader::List(std::string_view field) {
  RlpReader inner = *this;
  inner.rest_ = rest_.first(0);
  Header header;
  if (!ReadHeader(field, &header)) return inner;
  if (!header.list) {
    Fail(field, "is a string, not a list");
  } else if (depth_ == kMaxRlpDepth) {
    Fail(field, absl::StrCat("lists nest deeper than ", kMaxRlpDepth));
  } else {
    inner.rest_ = Take(header.size, header.length);
    inner.depth_ = depth_ + 1;
  }
  return inner;
}

ByteView RlpReader::Integer(std::string_view field, size_t max_bytes) {
  RlpReader here = *this;
  ByteView digits = String(field);
  if (digits.size() > max_bytes) {
    here.Fail(field,
              absl::StrCat("integer has ", digits.size(), " bytes, the limit is ", max_bytes));
    return {};
  }
  if (!digits.empty() && digits[0] == 0) {
    here.Fail(field, "integer has a leading zero");
    return {};
  }
  return digits;
}

uint64_t RlpReader::Uint(std::string_view field) {
  uint64_t value = 0;
  for (uint8_t digit : Integer(field, sizeof value)) value = value << 8 | digit;
  return value;
}

Hash32 RlpReader::Uint256(std::string_view field) {
  Hash32 value{};
  ByteView digits = Integer(field, value.size());
  std::copy(digits.begin(), digits.end(), value.end() - digits.size());
  return value;
}

void RlpReader::Fixed(std::string_view field, std::span<uint8_t> out) {
  RlpReader here = *this;
  ByteView contents = String(field);
  if (!ok()) return;
  if (contents.size() != out.size()) {
    here.Fail(field, absl::StrCat("has ", contents.size(), " bytes, must have ", out.size()));
    return;
  }
  std::copy(contents.begin(), contents.end(), out.begin());
}

void RlpReader::Finish(std::string_view field) {
  if (!rest_.empty()) Fail(field, absl::StrCat(rest_.size(), " surplus bytes"));
}

size_t RlpHeaderSize(size_t contents) {
  return contents <= kMaxShort ? 1 : 1 + ByteLength(contents);
}

size_t RlpUintSize(uint64_t value) { return value < kShortString ? 1 : 1 + ByteLength(value); }

ByteView RlpTrim(ByteView big_endian) {
  auto first = std::find_if(big_endian.begin(), big_endian.end(), [](uint8_t b) { return b != 0; });
  return {first, big_endian.end()};
}

void RlpWriter::Header(uint8_t base, size_t contents) {
  if (contents <= kMaxShort) {
    out_.push_back(static_cast<uint8_t>(base + contents));
    return;
  }
  const size_t digits = ByteLength(contents);
  out_.push_back(static_cast<uint8_t>(base + kMaxShort + digits));
  for (size_t i = digits; i-- > 0;) out_.push_back(static_cast<uint8_t>(contents >> (8 * i)));
}

void RlpWriter::String(ByteView s) {
  if (s.size() != 1 || s[0] >= kShortString) Header(kShortString, s.size());
  Item(s);
}

void RlpWriter::Uint(uint64_t value) {
  FixedBytes<8> digits;
  for (size_t i = 0; i < digits.size(); ++i) {
    digits[i] = static_cast<uint8_t>(value >> (8 * (digits.size() - 1 - i)));
  }
  String(RlpTrim(digits));
}

}  // namespace flblk::wire
