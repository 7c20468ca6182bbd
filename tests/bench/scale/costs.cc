#include "tests/bench/scale/costs.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace flblk::scale {
namespace {

constexpr double kMaxMicroseconds = 1e9;

// False: absent, no number, or out of range.
bool Read(const nlohmann::json& entry, const char* name, int64_t& ns) {
  const auto at = entry.find(name);
  if (at == entry.end() || !at->is_number()) return false;
  const double us = at->get<double>();
  if (!(us >= 0 && us <= kMaxMicroseconds)) return false;
  ns = static_cast<int64_t>(us * 1000);
  return true;
}

}  // namespace

absl::StatusOr<Costs> LoadCosts(const std::string& path, uint64_t size) {
  std::ifstream file(path);
  const nlohmann::json all = nlohmann::json::parse(file, nullptr, false);
  if (!all.is_object() || !all.contains("costs") || !all["costs"].is_array()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": no JSON object with a list 'costs'"));
  }
  for (const nlohmann::json& entry : all["costs"]) {
    if (!entry.is_object() || entry.value("size", uint64_t{0}) != size) continue;
    Costs out;
    out.size = size;
    out.wire_bytes = entry.value("wire_bytes", uint64_t{0});
    const std::pair<const char*, int64_t*> fields[] = {{"publish_us", &out.publish_ns},
                                                       {"relay_us", &out.relay_ns},
                                                       {"seal_group_us", &out.seal_group_ns},
                                                       {"send_us", &out.send_ns},
                                                       {"duplicate_us", &out.duplicate_ns}};
    for (const auto& [name, ns] : fields) {
      if (!Read(entry, name, *ns)) {
        return absl::InvalidArgumentError(
            absl::StrCat(path, ": size ", size, ": ", name, " is no time in microseconds"));
      }
    }
    return out;
  }
  return absl::NotFoundError(absl::StrCat(path, ": no costs of size ", size));
}

}  // namespace flblk::scale
