// 256-bit integers (32 big-endian bytes) as text, read and written as the reference's ruint does.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "signer/bytes.h"

namespace flblk::wire {

// "0x"/"0X" hex, "0o"/"0O" octal, "0b"/"0B" binary, else decimal; underscores are skipped; no
// digits at all is zero. nullopt: another character, or more than 256 bits.
std::optional<Hash32> ParseUint256(std::string_view text);

// "0x" and lower-case hex without leading zeros; zero is "0x0".
std::string FormatUint256(const Hash32& value);

}  // namespace flblk::wire
