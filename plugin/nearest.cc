#include "plugin/nearest.h"

#include <algorithm>
#include <numeric>

namespace flblk::plugin {
namespace {

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replace, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string Nearest(std::string_view name, const std::vector<std::string>& known) {
  const std::string& nearest = *std::min_element(
      known.begin(), known.end(),
      [&](const auto& a, const auto& b) { return EditDistance(name, a) < EditDistance(name, b); });
  return EditDistance(name, nearest) <= std::max<size_t>(2, name.size() / 3) ? nearest : "";
}

std::string NearestHint(const std::string& nearest) {
  return nearest.empty() ? "" : "; the nearest known one is " + nearest;
}

}  // namespace flblk::plugin
