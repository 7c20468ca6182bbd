#include "plugin/utf8.h"

#include <gtest/gtest.h>

namespace flblk::plugin {
namespace {

TEST(Utf8, AcceptsEachLengthAndItsBounds) {
  for (const char* text :
       {"", "a", "\x7f", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "flblk \xE2\x86\x92"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
    EXPECT_EQ(ToUtf8(text), text);
  }
}

TEST(Utf8, RefusesWhatTheStandardForbids) {
  for (const char* text : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
                           "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF",
                           "\xC2", "\xE2\x86", "\xE2\x86\x41", "a\xC2"}) {
    EXPECT_FALSE(IsUtf8(text));
    EXPECT_TRUE(IsUtf8(ToUtf8(text)));
  }
  EXPECT_EQ(ToUtf8("a\xFF\x62"), "a\xEF\xBF\xBD\x62");
}

}  // namespace
}  // namespace flblk::plugin
