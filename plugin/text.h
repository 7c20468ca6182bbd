// Text helpers on std::string_view. (Debian's absl is built with its own string_view, which does
// not mix.)
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"

namespace flblk::plugin {

namespace internal {
template <typename T>
void Append(std::string& out, const T& part) {
  if constexpr (std::is_same_v<T, char>) {
    out += part;
  } else if constexpr (std::is_arithmetic_v<T>) {
    out += std::to_string(part);
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    out += std::string_view(part);
  } else {
    out.append(part.data(), part.size());
  }
}
}  // namespace internal

// Joins strings, views and numbers.
template <typename... Parts>
std::string Cat(const Parts&... parts) {
  std::string out;
  (internal::Append(out, parts), ...);
  return out;
}

template <typename... Parts>
absl::Status Invalid(const Parts&... parts) {
  return absl::InvalidArgumentError(Cat(parts...));
}

// "<head>: <message of status>", the same code.
inline absl::Status Within(std::string_view head, const absl::Status& status) {
  return absl::Status(status.code(), Cat(head, ": ", status.message()));
}

// A whole decimal (or base 8) number without sign and blanks; nullopt where it is none or
// overflows.
inline std::optional<uint64_t> ParseUnsigned(std::string_view text, int base = 10) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

inline bool ConsumePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

inline std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

// A name as one word: "rival stopped" is rival_stopped, for log lines and metric labels.
inline std::string Word(std::string_view name) {
  std::string out(name);
  for (char& c : out) c = c == ' ' ? '_' : c;
  return out;
}

// The trimmed parts between separators; empty parts are left out.
inline std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    if (const auto part = Trim(text.substr(0, end)); !part.empty()) parts.push_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

}  // namespace flblk::plugin
