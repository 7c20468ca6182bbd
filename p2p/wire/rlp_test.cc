#include "p2p/wire/rlp.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "p2p/wire/testing/vectors.h"

namespace flblk::wire {
namespace {

using testing::Unhex;

// What `read` makes of the bytes: "ok", or the error's text.
std::string Verdict(const std::string& hex, const std::function<void(RlpReader&)>& read) {
  Bytes bytes = Unhex(hex);
  absl::Status status;
  RlpReader in(bytes, &status);
  read(in);
  if (status.ok()) return "ok";
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

std::string Text(ByteView view) { return ToHex(view); }

TEST(RlpReader, ReadsEveryForm) {
  Bytes bytes = Unhex(
      "7f"
      "80"
      "8180"
      "83646f67"
      "c0"
      "c20102"
      "820400"
      "a0" +
      std::string(62, '0') + "01");
  absl::Status status;
  RlpReader in(bytes, &status);
  EXPECT_EQ(Text(in.String("a")), "7f");
  EXPECT_TRUE(in.NextIsEmptyString());
  EXPECT_EQ(Text(in.String("b")), "");
  EXPECT_EQ(Text(in.String("c")), "80");
  EXPECT_EQ(Text(in.Item("d")), "83646f67");
  EXPECT_TRUE(in.NextIsList());
  EXPECT_FALSE(in.List("e").More());
  RlpReader list = in.List("f");
  EXPECT_EQ(list.Uint("f0"), 1u);
  EXPECT_EQ(list.Uint("f1"), 2u);
  list.Finish("f");
  EXPECT_EQ(in.Uint("g"), 1024u);
  Hash32 hash;
  in.Fixed("h", hash);
  EXPECT_EQ(hash[31], 1);
  in.Finish("all");
  EXPECT_TRUE(status.ok()) << status;
}

TEST(RlpReader, RefusesWhatIsNotTheShortestForm) {
  auto string = [](RlpReader& in) { in.String("s"); };
  auto list = [](RlpReader& in) { in.List("l"); };
  EXPECT_EQ(Verdict("8100", string), "s: single byte below 0x80 has a header (at byte 0)");
  EXPECT_EQ(Verdict("817f", string), "s: single byte below 0x80 has a header (at byte 0)");
  EXPECT_EQ(Verdict("8180", string), "ok");
  EXPECT_EQ(Verdict("b800", string), "s: length has a leading zero (at byte 0)");
  EXPECT_EQ(Verdict("b837" + std::string(110, 'a'), string),
            "s: length is not in its shortest form (at byte 0)");
  EXPECT_EQ(Verdict("b838" + std::string(112, 'a'), string), "ok");
  EXPECT_EQ(Verdict("b90038" + std::string(112, 'a'), string),
            "s: length has a leading zero (at byte 0)");
  EXPECT_EQ(Verdict("f837" + std::string(110, '1'), list),
            "l: length is not in its shortest form (at byte 0)");
  EXPECT_EQ(Verdict("f838" + std::string(112, '1'), list), "ok");
}

TEST(RlpReader, RefusesLengthsBeyondTheInput) {
  auto item = [](RlpReader& in) { in.Item("x"); };
  EXPECT_EQ(Verdict("", item), "x: missing (at byte 0)");
  EXPECT_EQ(Verdict("83646f", item), "x: needs 3 bytes, 2 are left (at byte 0)");
  EXPECT_EQ(Verdict("81", item), "x: needs 1 bytes, 0 are left (at byte 0)");
  EXPECT_EQ(Verdict("c3", item), "x: needs 3 bytes, 0 are left (at byte 0)");
  EXPECT_EQ(Verdict("b8", item), "x: length is cut off (at byte 0)");
  EXPECT_EQ(Verdict("bbffffff", item), "x: length is cut off (at byte 0)");
  EXPECT_EQ(Verdict("bfffffffffffffffff", item),
            "x: needs 18446744073709551615 bytes, 0 are left (at byte 0)");
  EXPECT_EQ(Verdict("fffffffffffffffff8", item),
            "x: needs 18446744073709551608 bytes, 0 are left (at byte 0)");
}

TEST(RlpReader, IntegersHaveNoLeadingZeroAndALimit) {
  auto uint = [](RlpReader& in) { in.Uint("n"); };
  auto uint256 = [](RlpReader& in) { in.Uint256("n"); };
  EXPECT_EQ(Verdict("00", uint), "n: integer has a leading zero (at byte 0)");
  EXPECT_EQ(Verdict("820001", uint), "n: integer has a leading zero (at byte 0)");
  EXPECT_EQ(Verdict("89010000000000000000", uint),
            "n: integer has 9 bytes, the limit is 8 (at byte 0)");
  EXPECT_EQ(Verdict("88ffffffffffffffff", uint), "ok");
  EXPECT_EQ(Verdict("c0", uint), "n: is a list, not a string (at byte 0)");
  EXPECT_EQ(Verdict("a1"
                    "01" +
                        std::string(64, '0'),
                    uint256),
            "n: integer has 33 bytes, the limit is 32 (at byte 0)");
  EXPECT_EQ(Verdict("a0"
                    "00" +
                        std::string(62, 'f'),
                    uint256),
            "n: integer has a leading zero (at byte 0)");
  EXPECT_EQ(Verdict("a0" + std::string(64, 'f'), uint256), "ok");
}

TEST(RlpReader, NamesFieldAndPosition) {
  EXPECT_EQ(Verdict("c401820102",
                    [](RlpReader& in) {
                      RlpReader list = in.List("outer");
                      list.Uint("a");
                      FixedBytes<3> three;
                      list.Fixed("b", three);
                    }),
            "b: has 2 bytes, must have 3 (at byte 2)");
  EXPECT_EQ(Verdict("c20102",
                    [](RlpReader& in) {
                      RlpReader list = in.List("outer");
                      list.Uint("a");
                      list.Finish("outer");
                    }),
            "outer: 1 surplus bytes (at byte 2)");
  EXPECT_EQ(Verdict("01", [](RlpReader& in) { in.List("outer"); }),
            "outer: is a string, not a list (at byte 0)");
}

TEST(RlpReader, TheFirstErrorStays) {
  Bytes bytes = Unhex(
      "c0"
      "05");
  absl::Status status;
  RlpReader in(bytes, &status);
  EXPECT_EQ(in.Uint("first"), 0u);
  EXPECT_EQ(in.Uint("second"), 0u);
  EXPECT_FALSE(in.More());
  EXPECT_FALSE(in.NextIsList());
  EXPECT_FALSE(in.NextIsEmptyString());
  EXPECT_TRUE(in.Item("third").empty());
  in.Finish("fourth");
  EXPECT_EQ(status.message(), "first: is a list, not a string (at byte 0)");
}

TEST(RlpReader, DepthIsBounded) {
  auto descend = [](RlpReader& in) {
    RlpReader at = in;
    while (at.More()) at = at.List("nest");
  };
  auto nested = [](size_t levels) {
    Bytes item;
    for (size_t i = 0; i < levels; ++i) {
      Bytes inner = item;
      item = RlpEncodeList([&](auto& out) { out.Item(inner); });
    }
    return ToHex(item);
  };
  EXPECT_EQ(Verdict(nested(kMaxRlpDepth), descend), "ok");
  EXPECT_EQ(Verdict(nested(kMaxRlpDepth + 1), descend),
            "nest: lists nest deeper than 16 (at byte 16)");
}

TEST(RlpWriter, WritesEveryForm) {
  Bytes list = RlpEncodeList([](auto& out) {
    out.Uint(0);
    out.Uint(127);
    out.Uint(128);
    out.Uint(0x0400);
    out.Uint(UINT64_MAX);
    out.String(AsBytes("dog"));
    out.String(ByteView());
    out.List([](auto& inner) { inner.List([](auto&) {}); });
    Hash32 number{};
    out.Uint256(number);
    number[30] = 1;
    out.Uint256(number);
  });
  EXPECT_EQ(ToHex(list),
            "db"
            "80"
            "7f"
            "8180"
            "820400"
            "88ffffffffffffffff"
            "83646f67"
            "80"
            "c1c0"
            "80"
            "820100");
}

TEST(RlpWriter, LengthFormsAtTheirBorders) {
  for (size_t n : {0, 1, 2, 55, 56, 255, 256, 65535, 65536, 1 << 20}) {
    Bytes contents(n, 0xab);
    Bytes item = RlpEncodeList([&](auto& out) { out.String(contents); });
    EXPECT_EQ(item.size(), RlpListSize(RlpStringSize(contents)));
    EXPECT_EQ(item.capacity(), item.size()) << "one allocation of the exact size";
    absl::Status status;
    RlpReader list = RlpReader(item, &status).List("list");
    ByteView read = list.String("string");
    list.Finish("list");
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_TRUE(std::equal(read.begin(), read.end(), contents.begin(), contents.end())) << n;
  }
}

TEST(RlpWriter, EveryIntegerReadsBack) {
  std::mt19937_64 random(1);
  for (int bits = 0; bits <= 64; ++bits) {
    for (int i = 0; i < 50; ++i) {
      const uint64_t value = bits == 0 ? 0 : random() >> (64 - bits);
      Bytes item = RlpEncodeList([&](auto& out) { out.Uint(value); });
      absl::Status status;
      EXPECT_EQ(RlpReader(item, &status).List("list").Uint("value"), value);
      EXPECT_EQ(item.size(), 1 + RlpUintSize(value));
      EXPECT_TRUE(status.ok()) << status;
    }
  }
}

// Any bytes: never a crash, and what reads as an item is written back byte for byte.
void CopyItem(RlpReader& in, Bytes* out) {
  if (!in.NextIsList()) {
    ByteView string = in.String("string");
    Bytes item = RlpEncode([&](auto& o) { o.String(string); });
    out->insert(out->end(), item.begin(), item.end());
    return;
  }
  RlpReader list = in.List("list");
  Bytes items;
  while (list.More()) CopyItem(list, &items);
  Bytes item = RlpEncodeList([&](auto& o) { o.Item(items); });
  out->insert(out->end(), item.begin(), item.end());
}

TEST(RlpReader, RandomBytesReadOnlyIfCanonical) {
  std::mt19937 random(2);
  int accepted = 0;
  for (int i = 0; i < 200000; ++i) {
    Bytes bytes(random() % 12 + 1);
    for (uint8_t& b : bytes) {
      const uint32_t r = random();
      b = static_cast<uint8_t>(r % 3 == 0   ? 0xc0 + r / 3 % 8
                               : r % 3 == 1 ? 0x80 + r / 3 % 4
                                            : r / 3);
    }
    absl::Status status;
    RlpReader in(bytes, &status);
    Bytes copy;
    CopyItem(in, &copy);
    if (!status.ok()) continue;
    ++accepted;
    ASSERT_EQ(ToHex(copy), ToHex(ByteView(bytes).first(bytes.size() - in.rest().size())));
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace flblk::wire
