#include "p2p/wire/uint256.h"

#include <gtest/gtest.h>

namespace flblk::wire {
namespace {

std::string Parsed(std::string_view text) {
  std::optional<Hash32> value = ParseUint256(text);
  return value ? FormatUint256(*value) : "error";
}

TEST(Uint256, ReadsEveryRadix) {
  EXPECT_EQ(Parsed("0x1bc16d674ec80000"), "0x1bc16d674ec80000");
  EXPECT_EQ(Parsed("0X1BC16d674EC80000"), "0x1bc16d674ec80000");
  EXPECT_EQ(Parsed("2000000000000000000"), "0x1bc16d674ec80000");
  EXPECT_EQ(Parsed("0o17"), "0xf");
  EXPECT_EQ(Parsed("0O17"), "0xf");
  EXPECT_EQ(Parsed("0b1010"), "0xa");
  EXPECT_EQ(Parsed("0B1010"), "0xa");
  EXPECT_EQ(Parsed("017"), "0x11");
}

TEST(Uint256, NoDigitsIsZeroAndUnderscoresAreSkipped) {
  for (const char* zero : {"", "0x", "0o", "0b", "_", "0x_", "0", "000", "0x0000"}) {
    EXPECT_EQ(Parsed(zero), "0x0") << zero;
  }
  EXPECT_EQ(Parsed("1_000"), "0x3e8");
  EXPECT_EQ(Parsed("0x_f_f_"), "0xff");
}

TEST(Uint256, RefusesOtherCharacters) {
  for (const char* bad :
       {"x", "-1", "+1", " 1", "1 ", "0xg", "0o8", "0b2", "1a", "0x-", "0d1", "1.0", "\xc2\xb2"}) {
    EXPECT_EQ(Parsed(bad), "error") << bad;
  }
}

TEST(Uint256, LimitIs256Bits) {
  const std::string max = "0x" + std::string(64, 'f');
  EXPECT_EQ(Parsed(max), max);
  EXPECT_EQ(Parsed("0x000" + std::string(64, 'f')), max);
  EXPECT_EQ(Parsed("0x1" + std::string(64, '0')), "error");
  EXPECT_EQ(
      Parsed("115792089237316195423570985008687907853269984665640564039457584007913129639935"),
      max);
  EXPECT_EQ(
      Parsed("115792089237316195423570985008687907853269984665640564039457584007913129639936"),
      "error");
  EXPECT_EQ(Parsed("0o1" + std::string(85, '7')), max);
  EXPECT_EQ(Parsed("0o2" + std::string(85, '0')), "error");
}

}  // namespace
}  // namespace flblk::wire
