#include "p2p/rlpx/snappy_block.h"

#include <snappy.h>

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

namespace flblk::rlpx {
namespace {

// The densest element: a copy with two bytes of offset makes 64 bytes out of 3.
constexpr size_t kBestOut = 64, kBestIn = 3;

// The library takes its working memory from the heap on every call: 32 KB and 13/6 of its input, as
// far as that goes. For pieces of this size it stays below 128 KB, from where on malloc may map
// fresh pages each time. A block's elements refer back at most 64 KB; not to look beyond the piece
// costs 0.5 to 2 % in size and no time.
constexpr size_t kPiece = size_t{44} << 10;
constexpr size_t kLongestLength = 5;  // varint of 32 bits

const char* Chars(ByteView bytes) { return reinterpret_cast<const char*>(bytes.data()); }

size_t PutVarint(size_t value, uint8_t* out) {
  size_t n = 0;
  for (; value >= 0x80; value >>= 7) out[n++] = static_cast<uint8_t>(value | 0x80);
  out[n++] = static_cast<uint8_t>(value);
  return n;
}

// Puts the elements of `piece` to `end` and returns their size. The library writes a length before
// them, over what stands there: at least as many bytes, which are put back.
size_t AppendElements(ByteView piece, uint8_t* end) {
  std::array<uint8_t, kLongestLength> length, before;
  const size_t n = PutVarint(piece.size(), length.data());
  std::copy_n(end - n, n, before.begin());
  size_t size = 0;
  snappy::RawCompress(Chars(piece), piece.size(), reinterpret_cast<char*>(end - n), &size);
  std::copy_n(before.begin(), n, end - n);
  return size - n;
}

}  // namespace

Bytes SnappyCompress(ByteView body) {
  const size_t whole = body.size() / kPiece;
  Bytes out(kLongestLength + whole * snappy::MaxCompressedLength(kPiece) +
            snappy::MaxCompressedLength(body.size() % kPiece));
  size_t size = PutVarint(body.size(), out.data());
  while (!body.empty()) {
    const ByteView piece = body.first(std::min(body.size(), kPiece));
    size += AppendElements(piece, out.data() + size);
    body = body.subspan(piece.size());
  }
  out.resize(size);
  return out;
}

absl::StatusOr<Bytes> SnappyUncompress(ByteView compressed, size_t limit) {
  size_t size = 0;
  if (!snappy::GetUncompressedLength(Chars(compressed), compressed.size(), &size)) {
    return absl::InvalidArgumentError("snappy: no length");
  }
  if (size > limit) {
    return absl::ResourceExhaustedError(
        absl::StrCat("snappy: declares ", size, " bytes, limit ", limit));
  }
  if (size > compressed.size() * kBestOut / kBestIn) {
    return absl::InvalidArgumentError(
        absl::StrCat("snappy: ", compressed.size(), " bytes cannot hold the declared ", size));
  }
  Bytes out(size);
  if (!snappy::RawUncompress(Chars(compressed), compressed.size(),
                             reinterpret_cast<char*>(out.data()))) {
    return absl::InvalidArgumentError("snappy: broken elements");
  }
  return out;
}

}  // namespace flblk::rlpx
