// The nearest known name, for errors about unknown ones.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace flblk::plugin {

// By edit distance; the first of equals. "" where none is near: more than two characters and more
// than a third of `name` would have to change. `known` is not empty.
std::string Nearest(std::string_view name, const std::vector<std::string>& known);

// "; the nearest known one is NEAREST"; "" for "".
std::string NearestHint(const std::string& nearest);

}  // namespace flblk::plugin
