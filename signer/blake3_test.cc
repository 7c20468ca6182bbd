#include "signer/blake3.h"

#include <gtest/gtest.h>

namespace flblk {
namespace {

// The input of the official test vectors: 0, 1, ..., 250, 0, 1, ...
Bytes Pattern(size_t size) {
  Bytes out(size);
  for (size_t i = 0; i < size; ++i) out[i] = static_cast<uint8_t>(i % 251);
  return out;
}

TEST(Blake3, KnownHashes) {
  EXPECT_EQ(ToHex(Blake3({})), "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
  EXPECT_EQ(ToHex(Blake3(AsBytes("abc"))),
            "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85");
  EXPECT_EQ(ToHex(Blake3(Pattern(1))),
            "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213");
}

TEST(Blake3, AnySplitGivesTheSameHash) {
  const Bytes data = Pattern(9000);
  const Hash32 whole = Blake3(data);
  for (size_t cut : {0, 1, 63, 64, 65, 1023, 1024, 1025, 4096, 8999, 9000}) {
    const ByteView view(data);
    Blake3Hasher hasher;
    hasher.Update(view.first(cut));
    const Blake3Hasher copy = hasher;
    EXPECT_EQ(hasher.Update(view.subspan(cut)).Digest(), whole) << cut;
    EXPECT_EQ(copy.Digest(), Blake3(view.first(cut))) << cut;
  }
}

}  // namespace
}  // namespace flblk
