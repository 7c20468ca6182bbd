#include "tests/sim/options.h"

#include <charconv>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace flblk::sim {
namespace {

// Digits and nothing else.
bool Read(const char* value, uint64_t& number) {
  const char* const end = value + std::strlen(value);
  const auto [stopped, error] = std::from_chars(value, end, number);
  return error == std::errc() && stopped == end;
}

std::string Wanted(const NumberOption& option) {
  std::string text = " needs a whole number";
  if (option.most != UINT64_MAX) {
    absl::StrAppend(&text, " from ", option.least, " to ", option.most);
  } else if (option.least > 0) {
    absl::StrAppend(&text, " of at least ", option.least);
  }
  return text + (option.zero_too ? " or 0" : "");
}

}  // namespace

std::string TakeNumber(const std::vector<NumberOption>& options, const std::string& name,
                       const char* value) {
  for (const NumberOption& option : options) {
    if (option.name != name) continue;
    uint64_t number = 0;
    const bool read = value != nullptr && Read(value, number);
    const bool allowed =
        (number >= option.least && number <= option.most) || (number == 0 && option.zero_too);
    if (read && allowed) {
      option.set(number);
      return {};
    }
    return absl::StrCat(name, Wanted(option), ", not '", value == nullptr ? "" : value, "'");
  }
  return absl::StrCat("unknown option '", name, "'");
}

}  // namespace flblk::sim
