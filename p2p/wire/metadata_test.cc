#include "p2p/wire/metadata.h"

#include <gtest/gtest.h>

#include <random>

#include "p2p/wire/testing/flashblocks.h"

namespace flblk::wire {
namespace {

// What the reference would write after reading `json`, or the error.
std::string Rewritten(std::string_view json) {
  absl::StatusOr<Metadata> metadata = ReadMetadata(json);
  return metadata.ok() ? WriteMetadata(*metadata) : std::string(metadata.status().message());
}

TEST(Metadata, CanonicalTextStays) {
  for (const char* json :
       {"{\"fees\":\"0x0\"}",
        "{\"fees\":\"0x1bc16d674ec80000\",\"flashblock_timestamp\":1785000001234567890}",
        "{\"fees\":\"0x1\",\"flashblock_timestamp\":-9223372036854775808}",
        "{\"fees\":\"0x1\",\"flashblock_timestamp\":0}"}) {
    EXPECT_EQ(Rewritten(json), json);
    EXPECT_TRUE(IsCanonicalMetadata(json)) << json;
  }
}

TEST(Metadata, OtherFormsReadButAreNotCanonical) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {" { \"fees\" : \"0x00\" , \"extra\" : [1, {\"a\": null}] } ", "{\"fees\":\"0x0\"}"},
      {"{\"fees\":\"0XFf\"}", "{\"fees\":\"0xff\"}"},
      {"{\"fees\":\"\"}", "{\"fees\":\"0x0\"}"},
      {"{\"fees\":\"0x\"}", "{\"fees\":\"0x0\"}"},
      {"{\"fees\":\"0o17\"}", "{\"fees\":\"0xf\"}"},
      {"{\"fees\":\"0b11\"}", "{\"fees\":\"0x3\"}"},
      {"{\"fees\":\"1_000\"}", "{\"fees\":\"0x3e8\"}"},
      {"{\"fees\":18446744073709551615}", "{\"fees\":\"0xffffffffffffffff\"}"},
      {"{\"fees\":0,\"flashblock_timestamp\":null}", "{\"fees\":\"0x0\"}"},
      {"{\"flashblock_timestamp\":5,\"fees\":\"0x1\"}",
       "{\"fees\":\"0x1\",\"flashblock_timestamp\":5}"},
      {"[\"0x1\",7]", "{\"fees\":\"0x1\",\"flashblock_timestamp\":7}"},
      {" [ 1 , null ] ", "{\"fees\":\"0x1\"}"},
      {"{\"\\u0066ees\":\"\\u0030x5\"}", "{\"fees\":\"0x5\"}"},
      {"{\"fees\":\"0x0\",\"a\":1,\"a\":2}", "{\"fees\":\"0x0\"}"},
  };
  for (const auto& [json, canonical] : cases) {
    EXPECT_EQ(Rewritten(json), canonical) << json;
    EXPECT_FALSE(IsCanonicalMetadata(json)) << json;
  }
}

TEST(Metadata, ErrorsNameTheReason) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"", "metadata: '{' expected (at byte 0)"},
      {"null", "metadata: '{' expected (at byte 0)"},
      {"{}", "metadata: fees is missing (at byte 2)"},
      {"{\"fees\":null}", "metadata: integer expected (at byte 8)"},
      {"{\"fees\":-1}", "metadata: fees is negative (at byte 10)"},
      {"{\"fees\":1.5}", "metadata: number is not an integer (at byte 9)"},
      {"{\"fees\":18446744073709551616}", "metadata: number exceeds 64 bits (at byte 28)"},
      {"{\"fees\":\"0xg\"}", "metadata: fees is not a number of at most 256 bits (at byte 13)"},
      {"{\"fees\":\"1\",\"fees\":\"1\"}", "metadata: fees stands there twice (at byte 19)"},
      {"{\"fees\":0,\"flashblock_timestamp\":1,\"flashblock_timestamp\":1}",
       "metadata: flashblock_timestamp stands there twice (at byte 58)"},
      {"{\"fees\":0,\"flashblock_timestamp\":\"1\"}", "metadata: integer expected (at byte 33)"},
      {"{\"fees\":0,\"flashblock_timestamp\":9223372036854775808}",
       "metadata: flashblock_timestamp exceeds 64 bits (at byte 52)"},
      {"{\"fees\":0,\"flashblock_timestamp\":-9223372036854775809}",
       "metadata: flashblock_timestamp exceeds 64 bits (at byte 53)"},
      {"{\"fees\":0,\"flashblock_timestamp\":-0}", "metadata: -0 is not an integer (at byte 35)"},
      {"{\"fees\":0} x", "metadata: text after the value (at byte 11)"},
      {"{\"fees\":0,}", "metadata: string expected (at byte 10)"},
      {"{\"fees\":0", "metadata: '}' expected (at byte 9)"},
      {"[\"0x1\"]", "metadata: ',' expected (at byte 6)"},
      {"[1,2,3]", "metadata: ']' expected (at byte 4)"},
      {"[]", "metadata: integer expected (at byte 1)"},
      {"{\"fees\":0,\"a\":tru}", "metadata: not a JSON value (at byte 14)"},
  };
  for (const auto& [json, error] : cases) EXPECT_EQ(Rewritten(json), error) << json;
}

TEST(Metadata, LongTextIsNeverCanonical) {
  EXPECT_FALSE(IsCanonicalMetadata("{\"fees\":\"0x0\"" + std::string(200, ' ') + "}"));
  Metadata longest;
  longest.fees.fill(0xff);
  longest.flashblock_timestamp = INT64_MIN;
  EXPECT_TRUE(IsCanonicalMetadata(WriteMetadata(longest)));
}

TEST(Metadata, RandomValuesRoundTrip) {
  std::mt19937_64 random(9);
  for (int i = 0; i < 5000; ++i) {
    Metadata metadata;
    metadata.fees = testing::RandomFixed<32>(random);
    std::fill_n(metadata.fees.begin(), random() % 33, uint8_t{0});
    if (random() % 2)
      metadata.flashblock_timestamp = static_cast<int64_t>(random() >> (random() % 64));
    absl::StatusOr<Metadata> read = ReadMetadata(WriteMetadata(metadata));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, metadata);
  }
}

TEST(Metadata, MutationsNeverCrash) {
  const std::string json =
      "{\"fees\":\"0x1bc16d674ec80000\",\"x\":[1,{\"y\":\"\\u0041\"}],\"flashblock_timestamp\":17}";
  for (size_t at = 0; at < json.size(); ++at) {
    EXPECT_FALSE(ReadMetadata(json.substr(0, at)).ok());
    for (int c = 0; c < 256; ++c) {
      std::string mutated = json;
      mutated[at] = static_cast<char>(c);
      absl::StatusOr<Metadata> read = ReadMetadata(mutated);
      EXPECT_TRUE(!read.ok() || IsCanonicalMetadata(WriteMetadata(*read)));
    }
  }
}

}  // namespace
}  // namespace flblk::wire
