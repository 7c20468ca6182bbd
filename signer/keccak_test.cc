#include "signer/keccak.h"

#include <gtest/gtest.h>

#include <random>

namespace flblk {
namespace {

Bytes Pattern(size_t size) {
  Bytes out(size);
  for (size_t i = 0; i < size; ++i) out[i] = static_cast<uint8_t>(i % 251);
  return out;
}

TEST(Keccak256, KnownHashes) {
  EXPECT_EQ(ToHex(Keccak256({})),
            "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
  EXPECT_EQ(ToHex(Keccak256(AsBytes("abc"))),
            "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
}

// From a transcription of FIPS 202 in Python that agrees with hashlib's SHA3-256 once the padding
// byte is 0x06.
TEST(Keccak256, AroundTheBlockSize) {
  const std::pair<size_t, const char*> cases[] = {
      {135, "cbdfd9dee5faad3818d6b06f95a219fd290b0e1706f6a82e5a595b9ce9faca62"},
      {136, "7ce759f1ab7f9ce437719970c26b0a66ff11fe3e38e17df89cf5d29c7d7f807e"},
      {137, "ac73d4fae68b8453f764007c1a20ce95994187861f0c3227a3a8e99a73a3b1db"},
      {271, "27eceb59ebc3dc8a04a5b135be641591a7278540e4556a2ba9f408194e666ec3"},
      {272, "8e2476e65823b24d96ebe239f2c1534cdf763e689e2410c3b1cb0c74e6177bfc"},
      {1000, "af692982e84a5a9688359025660a7857cd28ee7c8d867cfa1677baf2e6d1f63b"},
  };
  for (const auto& [size, want] : cases) EXPECT_EQ(ToHex(Keccak256(Pattern(size))), want) << size;
}

TEST(Keccak256, HashOfTheHashesOfAllPrefixes) {
  const Bytes data = Pattern(500);
  Keccak256State all;
  for (size_t size = 0; size <= data.size(); ++size) {
    all.Update(Keccak256(ByteView(data).first(size)));
  }
  EXPECT_EQ(ToHex(all.Digest()),
            "da1dad3e05498e8d4281956f791be5c5aaa9f7a09148f5f8f1a298eea8c65011");
}

TEST(Keccak256State, AnySplitGivesTheSameState) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const Bytes data = Pattern(random() % 700);
    Keccak256State whole, pieces;
    whole.Update(data);
    for (ByteView rest(data); !rest.empty();) {
      const size_t take = std::min<size_t>(rest.size(), random() % 200);
      pieces.Update(rest.first(take));
      rest = rest.subspan(take);
    }
    ASSERT_EQ(pieces, whole) << data.size();
    ASSERT_EQ(pieces.Digest(), Keccak256(data));
  }
}

TEST(Keccak256State, ADigestDoesNotDisturbTheState) {
  Keccak256State state;
  state.Update(AsBytes("ab"));
  const Keccak256State copy = state;
  const Hash32 first = state.Digest();
  EXPECT_EQ(state, copy);
  EXPECT_EQ(state.Digest(), first);
  EXPECT_EQ(state.Update(AsBytes("c")).Digest(), Keccak256(AsBytes("abc")));
  EXPECT_EQ(copy.Digest(), first);
}

}  // namespace
}  // namespace flblk
