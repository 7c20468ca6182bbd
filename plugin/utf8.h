// UTF-8, for texts that go into protobuf strings and JSON: both must be valid, and peers may send
// anything.
#pragma once

#include <string>
#include <string_view>

namespace flblk::plugin {

// Strict (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view text);

// `text` itself where it is UTF-8, else with U+FFFD in place of each byte that does not fit.
std::string ToUtf8(std::string_view text);

}  // namespace flblk::plugin
