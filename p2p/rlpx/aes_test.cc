#include "p2p/rlpx/aes.h"

#include <gtest/gtest.h>

#include <random>

namespace flblk::rlpx {
namespace {

std::vector<AesPath> SupportedPaths() {
  std::vector<AesPath> paths = {AesPath::kOpenSsl};
  if (IsSupported(AesPath::kVaes)) paths.push_back(AesPath::kVaes);
  return paths;
}

Hash32 RandomKey(std::mt19937& random) {
  Hash32 key;
  for (uint8_t& b : key) b = static_cast<uint8_t>(random());
  return key;
}

Bytes RandomBytes(std::mt19937& random, size_t size) {
  Bytes bytes(size);
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
  return bytes;
}

TEST(Aes, BestPathIsSupported) {
  EXPECT_TRUE(IsSupported(AesPath::kOpenSsl));
  EXPECT_TRUE(IsSupported(BestAesPath()));
}

// FIPS 197 C.3.
TEST(Aes, BlockOfTheStandard) {
  Hash32 key;
  FixedBytes<16> plain;
  for (size_t i = 0; i < key.size(); ++i) key[i] = static_cast<uint8_t>(i);
  for (size_t i = 0; i < plain.size(); ++i) plain[i] = static_cast<uint8_t>(0x11 * i);
  for (const AesPath path : SupportedPaths()) {
    EXPECT_EQ(ToHex(AesBlock(key, path).Encrypt(plain)), "8ea2b7ca516745bfeafc49904b496089");
  }
}

TEST(Aes, BlocksAreTheSameOnEveryPath) {
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) {
    const Hash32 key = RandomKey(random);
    FixedBytes<16> plain;
    for (uint8_t& b : plain) b = static_cast<uint8_t>(random());
    const FixedBytes<16> expected = AesBlock(key, AesPath::kOpenSsl).Encrypt(plain);
    for (const AesPath path : SupportedPaths()) {
      EXPECT_EQ(AesBlock(key, path).Encrypt(plain), expected);
    }
  }
}

// The key stream's blocks are the encrypted numbers 0, 1, 2, ...
TEST(Aes, StreamIsTheEncryptedCounter) {
  const Hash32 key = {7};
  const Bytes zeros(300 * 16);
  for (const AesPath path : SupportedPaths()) {
    Bytes stream(zeros.size());
    AesCtrStream(key, path).Apply(zeros, stream.data());
    for (size_t i = 0; i < 300; ++i) {
      FixedBytes<16> counter{};
      counter[14] = static_cast<uint8_t>(i >> 8);
      counter[15] = static_cast<uint8_t>(i);
      const FixedBytes<16> block = AesBlock(key, path).Encrypt(counter);
      ASSERT_TRUE(std::equal(block.begin(), block.end(), stream.begin() + 16 * i)) << i;
    }
  }
}

// Pieces of every size, in place and not, at every position of a block.
TEST(Aes, AnySplitGivesTheSameStream) {
  std::mt19937 random(2);
  for (int round = 0; round < 300; ++round) {
    const Hash32 key = RandomKey(random);
    const Bytes plain = RandomBytes(random, random() % 5000);
    Bytes expected(plain.size());
    AesCtrStream(key, AesPath::kOpenSsl).Apply(plain, expected.data());
    const size_t longest = 1 + random() % 2000;
    for (const AesPath path : SupportedPaths()) {
      AesCtrStream stream(key, path);
      Bytes out = plain;
      for (size_t at = 0; at < plain.size();) {
        const size_t n = std::min<size_t>(random() % (longest + 1), plain.size() - at);
        const bool in_place = random() % 2 == 0;
        stream.Apply(ByteView(in_place ? out : plain).subspan(at, n), out.data() + at);
        at += n;
      }
      ASSERT_EQ(out, expected) << "round " << round;
    }
  }
}

// Nothing beyond the given bytes is written.
TEST(Aes, WritesOnlyWhatItWasGiven) {
  const Hash32 key = {9};
  for (const AesPath path : SupportedPaths()) {
    for (size_t size = 0; size < 600; ++size) {
      const Bytes plain(size, 0x11);
      Bytes out(size + 64, 0xee);
      AesCtrStream(key, path).Apply(plain, out.data());
      ASSERT_EQ(Bytes(out.begin() + static_cast<std::ptrdiff_t>(size), out.end()), Bytes(64, 0xee));
    }
  }
}

TEST(Aes, ACopyGoesOnFromThere) {
  std::mt19937 random(6);
  for (const AesPath path : SupportedPaths()) {
    const Hash32 key = RandomKey(random), other = RandomKey(random);
    AesCtrStream stream(key, path), copy(other, path);
    AesBlock block(key, path), block_copy(other, path);
    Bytes plain = RandomBytes(random, 77), a(plain.size()), b(plain.size());
    stream.Apply(plain, a.data());
    copy.CopyFrom(stream);
    stream.Apply(plain, a.data());
    copy.Apply(plain, b.data());
    EXPECT_EQ(a, b);
    block_copy.CopyFrom(block);
    const FixedBytes<16> text{1, 2, 3};
    EXPECT_EQ(block_copy.Encrypt(text), block.Encrypt(text));
  }
}

TEST(Aes, MovedStreamGoesOn) {
  const Bytes plain(1000, 0x3c);
  for (const AesPath path : SupportedPaths()) {
    Bytes expected(plain.size()), out(plain.size());
    AesCtrStream(Hash32{5}, path).Apply(plain, expected.data());
    AesCtrStream first(Hash32{5}, path);
    first.Apply(ByteView(plain).first(77), out.data());
    AesCtrStream second = std::move(first);
    second.Apply(ByteView(plain).subspan(77), out.data() + 77);
    EXPECT_EQ(out, expected);
  }
}

}  // namespace
}  // namespace flblk::rlpx
