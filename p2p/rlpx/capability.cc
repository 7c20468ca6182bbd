#include "p2p/rlpx/capability.h"

#include <algorithm>
#include <map>

namespace flblk::rlpx {
namespace {

struct Known {
  std::string_view name;
  uint64_t version;
  uint8_t length;
};
constexpr Known kKnown[] = {
    {"eth", 66, 17}, {"eth", 67, 17}, {"eth", 68, 17}, {"eth", 69, 18},
    {"eth", 70, 18}, {"eth", 71, 20}, {"eth", 72, 22}, {"flblk", 1, 1},
    {"flblk", 2, 5}, {"snap", 1, 8},  {"snap", 2, 10},
};

}  // namespace

std::optional<uint8_t> MessageCount(const Capability& capability) {
  for (const Known& known : kKnown) {
    if (known.name == capability.name && known.version == capability.version) return known.length;
  }
  return std::nullopt;
}

std::vector<SharedCapability> MatchCapabilities(const std::vector<Capability>& ours,
                                                const std::vector<Capability>& theirs) {
  std::map<std::string_view, const Capability*> best;  // by name, bytewise
  for (const Capability& capability : ours) {
    if (!MessageCount(capability) ||
        std::find(theirs.begin(), theirs.end(), capability) == theirs.end()) {
      continue;
    }
    const Capability*& chosen = best[capability.name];
    if (chosen == nullptr || chosen->version < capability.version) chosen = &capability;
  }
  std::vector<SharedCapability> shared;
  uint8_t offset = kFirstCapabilityId;
  for (const auto& [name, capability] : best) {
    const uint8_t length = *MessageCount(*capability);
    shared.push_back({capability->name, capability->version, offset, length});
    offset = static_cast<uint8_t>(offset + length);
  }
  return shared;
}

const SharedCapability* FindCapability(const std::vector<SharedCapability>& shared,
                                       std::string_view name) {
  for (const SharedCapability& capability : shared) {
    if (capability.name == name) return &capability;
  }
  return nullptr;
}

}  // namespace flblk::rlpx
