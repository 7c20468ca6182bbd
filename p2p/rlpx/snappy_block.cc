#include "p2p/rlpx/snappy_block.h"

#include <snappy.h>

#include "absl/strings/str_cat.h"

namespace flblk::rlpx {
namespace {

// The densest element: a copy with two bytes of offset makes 64 bytes out of 3.
constexpr size_t kBestOut = 64, kBestIn = 3;

const char* Chars(ByteView bytes) { return reinterpret_cast<const char*>(bytes.data()); }

}  // namespace

Bytes SnappyCompress(ByteView body) {
  Bytes out(snappy::MaxCompressedLength(body.size()));
  size_t size = 0;
  snappy::RawCompress(Chars(body), body.size(), reinterpret_cast<char*>(out.data()), &size);
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
