#include "p2p/rlpx/snappy_block.h"

#include <gtest/gtest.h>
#include <snappy.h>

#include <random>

#include "p2p/wire/limits.h"
#include "p2p/wire/testing/vectors.h"

namespace flblk::rlpx {
namespace {

using wire::testing::LoadJson;
using wire::testing::Unhex;

TEST(Snappy, RoundTrip) {
  std::mt19937_64 random(1);
  for (size_t size :
       {0, 1, 59, 60, 61, 127, 128, 45055, 45056, 45057, 45056 + 127, 90112, 1 << 20}) {
    Bytes noise(size), zeros(size);
    for (uint8_t& b : noise) b = static_cast<uint8_t>(random());
    EXPECT_EQ(*SnappyUncompress(SnappyCompress(noise), size), noise);
    EXPECT_EQ(*SnappyUncompress(SnappyCompress(zeros), size), zeros);
  }
}

// Whether in one piece or in several: what the library itself makes of it is no larger than by 2 %.
TEST(Snappy, PiecesCostLittle) {
  std::mt19937_64 random(2);
  for (size_t size : {1000, 44 << 10, 100'000, 1 << 20}) {
    Bytes body(size);
    for (size_t i = 0; i < size; ++i) body[i] = i % 96 < 64 ? static_cast<uint8_t>(random()) : 0;
    std::string whole;
    snappy::Compress(reinterpret_cast<const char*>(body.data()), size, &whole);
    const Bytes pieces = SnappyCompress(body);
    EXPECT_EQ(*SnappyUncompress(pieces, size), body);
    EXPECT_LE(pieces.size(), whole.size() * 51 / 50) << size;
  }
}

TEST(Snappy, EmptyBodyIsOneZeroByte) {
  EXPECT_EQ(SnappyCompress({}), Bytes{0});
  EXPECT_TRUE(SnappyUncompress(Bytes{0}, 0)->empty());
}

TEST(Snappy, DeclaredLengthMeetsTheLimitFirst) {
  Bytes header =
      Unhex(LoadJson("vectors/p2p_base.json")["snappy_header_declaring_16MiB"].get<std::string>());
  absl::Status status = SnappyUncompress(header, wire::kMaxMessageBytes).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "snappy: declares 16777216 bytes, limit 16777215");
  const Bytes body = SnappyCompress(Bytes(100));
  EXPECT_TRUE(SnappyUncompress(body, 100).ok());
  EXPECT_EQ(SnappyUncompress(body, 99).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(Snappy, ABombWithoutTheBytesForItIsRefusedUnallocated) {
  Bytes bomb = Unhex("ffffff07");  // 2^24 - 1, and next to nothing behind it
  bomb.resize(1000);
  absl::Status status = SnappyUncompress(bomb, wire::kMaxMessageBytes).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "snappy: 1000 bytes cannot hold the declared 16777215");
}

TEST(Snappy, TheDensestBlockThereIsPasses) {
  const Bytes zeros(wire::kMaxMessageBytes);
  EXPECT_TRUE(SnappyUncompress(SnappyCompress(zeros), zeros.size()).ok());
  // One literal byte, then copies of 64 bytes with a two-byte offset, nothing else.
  Bytes dense = Unhex(
      "c15d"
      "00"
      "61");
  const size_t copies = 187;  // 1 + 187 * 64 = 11969 = 0x2ec1
  for (size_t i = 0; i < copies; ++i) dense.insert(dense.end(), {0xfe, 0x01, 0x00});
  absl::StatusOr<Bytes> out = SnappyUncompress(dense, 20000);
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(*out, Bytes(1 + copies * 64, 'a'));
}

TEST(Snappy, RefusesWhatIsNoBlock) {
  for (const char* hex :
       {"", "ff", "ffffffffff7f", "0300", "02c1", "0204c1", "0204c1c1c1", "04fe0100"}) {
    EXPECT_EQ(SnappyUncompress(Unhex(hex), 1 << 20).status().code(),
              absl::StatusCode::kInvalidArgument)
        << hex;
  }
}

}  // namespace
}  // namespace flblk::rlpx
