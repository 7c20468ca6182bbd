#include "p2p/wire/strict_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

namespace flblk::wire {
namespace {

std::string Verdict(std::string_view json) {
  absl::Status status = CheckJson(json, "j");
  return status.ok() ? "ok" : std::string(status.message());
}

std::string ReadString(std::string_view json) {
  StrictJson in(json, "j");
  std::string text = in.String();
  in.Finish();
  return in.ok() ? text : std::string(in.status().message());
}

TEST(StrictJson, AcceptsEveryKindOfValue) {
  for (const char* json :
       {"null", "true", "false", "0", "-0", "12", "-1.5e+10", "1E3", "0.5", "\"\"",
        "\"a\\n\\u00e9\"", "[]", "{}", " [ 1 , [ ] , { \"a\" : { } , \"b\" : [ null ] } ] ",
        "{\"a\":1,\"a\":2}", "\"\\ud800\"", "123456789012345678901234567890", "1e999"}) {
    EXPECT_EQ(Verdict(json), "ok") << json;
  }
}

TEST(StrictJson, RefusesWithAReason) {
  EXPECT_EQ(Verdict(""), "j: not a JSON value (at byte 0)");
  EXPECT_EQ(Verdict("nul"), "j: not a JSON value (at byte 0)");
  EXPECT_EQ(Verdict("[1,]"), "j: not a JSON value (at byte 3)");
  EXPECT_EQ(Verdict("[1 2]"), "j: ',' expected (at byte 3)");
  EXPECT_EQ(Verdict("[1}"), "j: ',' expected (at byte 2)");
  EXPECT_EQ(Verdict("[1"), "j: ',' expected (at byte 2)");
  EXPECT_EQ(Verdict("{\"a\":1,}"), "j: key expected (at byte 7)");
  EXPECT_EQ(Verdict("{a:1}"), "j: key expected (at byte 1)");
  EXPECT_EQ(Verdict("{\"a\" 1}"), "j: ':' expected (at byte 5)");
  EXPECT_EQ(Verdict("01"), "j: number has a leading zero (at byte 2)");
  EXPECT_EQ(Verdict("-"), "j: digit expected (at byte 1)");
  EXPECT_EQ(Verdict("1."), "j: digit expected (at byte 2)");
  EXPECT_EQ(Verdict("1e+"), "j: digit expected (at byte 3)");
  EXPECT_EQ(Verdict("\"a"), "j: string has no end (at byte 2)");
  EXPECT_EQ(Verdict("\"\n\""), "j: control character in a string (at byte 1)");
  EXPECT_EQ(Verdict("\"\\x\""), "j: unknown escape (at byte 1)");
  EXPECT_EQ(Verdict("\"\\u12g4\""), "j: four hex digits expected (at byte 5)");
  EXPECT_EQ(Verdict("1 1"), "j: text after the value (at byte 2)");
  EXPECT_EQ(Verdict("\"\xff\""), "j: not UTF-8 (at byte 1)");
  EXPECT_EQ(Verdict(std::string_view("1\0", 2)), "j: text after the value (at byte 1)");
}

TEST(StrictJson, StringsAreUnescapedAndChecked) {
  EXPECT_EQ(ReadString("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "a\"\\/\b\f\n\r\t");
  EXPECT_EQ(ReadString("\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\""), "A\u00e9\u20ac\U0001F600");
  EXPECT_EQ(ReadString("\"\u00e9\u20ac\U0001F600\""), "\u00e9\u20ac\U0001F600");
  EXPECT_EQ(ReadString("\"\\ud800\""), "j: lone surrogate (at byte 7)");
  EXPECT_EQ(ReadString("\"\\ude00\""), "j: lone surrogate (at byte 7)");
  EXPECT_EQ(ReadString("\"\\ud800\\u0041\""), "j: lone surrogate (at byte 13)");
  EXPECT_EQ(ReadString("\"\\u00"), "j: four hex digits expected (at byte 5)");
  EXPECT_EQ(ReadString("\"\\"), "j: unknown escape (at byte 1)");
  EXPECT_EQ(ReadString("\"abc"), "j: string has no end (at byte 4)");
  EXPECT_EQ(ReadString("1"), "j: string expected (at byte 0)");
  EXPECT_EQ(ReadString("\"a\tb\""), "j: control character in a string (at byte 2)");
  // Overlong, surrogate, beyond U+10FFFF, cut off.
  for (const char* bad :
       {"\"\xc0\x80\"", "\"\xe0\x80\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"",
        "\"\xe2\x82\"", "\"\xf0\x80\x80\x80\"", "\"\x80\""}) {
    EXPECT_EQ(ReadString(bad), "j: string is not UTF-8 (at byte 1)");
  }
}

TEST(StrictJson, IntegersOnly) {
  auto number = [](std::string_view json) {
    StrictJson in(json, "j");
    const StrictJson::Integer n = in.Number();
    if (!in.ok()) return std::string(in.status().message());
    return (n.negative ? "-" : "") + std::to_string(n.magnitude);
  };
  EXPECT_EQ(number("18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(number("-18446744073709551615"), "-18446744073709551615");
  EXPECT_EQ(number("18446744073709551616"), "j: number exceeds 64 bits (at byte 20)");
  EXPECT_EQ(number("-0"), "j: -0 is not an integer (at byte 2)");
  EXPECT_EQ(number("1.0"), "j: number is not an integer (at byte 1)");
  EXPECT_EQ(number("1e2"), "j: number is not an integer (at byte 1)");
  EXPECT_EQ(number("007"), "j: number has a leading zero (at byte 3)");
  EXPECT_EQ(number("- 1"), "j: integer expected (at byte 1)");
  EXPECT_EQ(number("true"), "j: integer expected (at byte 0)");
}

TEST(StrictJson, DeepNestingNeedsNoStack) {
  const size_t depth = 2'000'000;
  EXPECT_EQ(Verdict(std::string(depth, '[') + std::string(depth, ']')), "ok");
  EXPECT_EQ(Verdict(std::string(depth, '[')), "j: not a JSON value (at byte 2000000)");
}

TEST(StrictJson, CompactLeavesStringsAlone) {
  EXPECT_EQ(CompactJson(" { \"a b\" : [ 1 , \"\\\" \\\\\" , \" \" ] }\n"),
            "{\"a b\":[1,\"\\\" \\\\\",\" \"]}");
}

// Against an independent reader: the same verdict on random token soup (nlohmann refuses lone
// surrogates and numbers out of range, which the soup does not contain).
TEST(StrictJson, SameVerdictAsAnotherReader) {
  const std::vector<std::string> tokens = {"{",       "}", "[",      "]",     ",",    ":",
                                           "\"a\"",   "1", "-0.5",   "null",  "true", " ",
                                           "\"\\n\"", "0", "falsee", "\"b\":"};
  std::mt19937 random(1);
  int accepted = 0;
  for (int i = 0; i < 300000; ++i) {
    std::string json;
    for (size_t n = random() % 8 + 1; n > 0; --n) json += tokens[random() % tokens.size()];
    const bool ok = nlohmann::json::accept(json);
    accepted += ok;
    ASSERT_EQ(CheckJson(json, "j").ok(), ok) << json;
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace flblk::wire
