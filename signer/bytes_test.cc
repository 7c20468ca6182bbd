#include "signer/bytes.h"

#include <gtest/gtest.h>

namespace flblk {
namespace {

TEST(Hex, WritesLowerCaseWithoutPrefix) {
  EXPECT_EQ(ToHex(Bytes{}), "");
  EXPECT_EQ(ToHex(Bytes{0x00, 0x0f, 0xA5, 0xff}), "000fa5ff");
}

TEST(Hex, EveryByteSurvivesTheRoundTrip) {
  Bytes all(256);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint8_t>(i);
  EXPECT_EQ(*FromHex(ToHex(all)), all);
}

TEST(Hex, ReadsEitherCaseAndPrefix) {
  const Bytes want{0xab, 0xcd};
  EXPECT_EQ(*FromHex("abcd"), want);
  EXPECT_EQ(*FromHex("ABcd"), want);
  EXPECT_EQ(*FromHex("0xabCD"), want);
  EXPECT_EQ(*FromHex("0Xabcd"), want);
  EXPECT_EQ(*FromHex(""), Bytes{});
  EXPECT_EQ(*FromHex("0x"), Bytes{});
}

TEST(Hex, RefusesWithoutRepeatingTheText) {
  EXPECT_EQ(FromHex("abc").status(), absl::InvalidArgumentError("hex has an odd number of digits"));
  for (const char* bad : {"0g", "g0", "a ", "0x0x", "\xff\xff", "`@", "/:"}) {
    EXPECT_EQ(FromHex(bad).status(),
              absl::InvalidArgumentError("hex has a character that is no digit"))
        << bad;
  }
}

TEST(HexExact, NamesTheFieldAndTheLength) {
  FixedBytes<2> out{};
  EXPECT_TRUE(FromHexExact("0x1234", "key", out).ok());
  EXPECT_EQ(out, (FixedBytes<2>{0x12, 0x34}));
  EXPECT_EQ(FromHexExact("123", "key", out),
            absl::InvalidArgumentError("key: want 4 hex digits, found 3"));
  EXPECT_EQ(FromHexExact("123456", "key", out),
            absl::InvalidArgumentError("key: want 4 hex digits, found 6"));
}

TEST(HexExact, LeavesNothingBehindOnABadDigit) {
  FixedBytes<2> out{9, 9};
  EXPECT_EQ(FromHexExact("12zz", "key", out),
            absl::InvalidArgumentError("key: has a character that is no hex digit"));
  EXPECT_EQ(out, (FixedBytes<2>{0, 0}));
}

}  // namespace
}  // namespace flblk
