// The nearest known name, for errors about unknown ones.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace flblk::plugin {

// By edit distance; the first of equals. `known` is not empty.
std::string Nearest(std::string_view name, const std::vector<std::string>& known);

}  // namespace flblk::plugin
