#include "tests/harness/topology.h"

#include "absl/strings/str_cat.h"
#include "tests/harness/script.h"

namespace flblk::harness {
namespace {

enum class Role : uint8_t { kBuilder, kRelay, kSubscriber };

Role RoleOf(const Shape& shape, size_t node) {
  if (node < shape.builders) return Role::kBuilder;
  return node < shape.builders + shape.relays ? Role::kRelay : Role::kSubscriber;
}

bool Linked(const Shape& shape, Topology topology, size_t a, size_t b) {
  if (topology == Topology::kMesh) return true;
  if (topology == Topology::kLine) return b == a + 1;
  const Role first = RoleOf(shape, a), second = RoleOf(shape, b);
  if (first == Role::kBuilder && second == Role::kBuilder) return topology == Topology::kHa;
  if (first == Role::kSubscriber) return false;
  if (second == Role::kSubscriber) return (first == Role::kRelay) == (shape.relays > 0);
  return true;
}

}  // namespace

absl::StatusOr<Topology> ParseTopology(absl::string_view word) {
  if (word == "ha") return Topology::kHa;
  if (word == "star") return Topology::kStar;
  if (word == "mesh") return Topology::kMesh;
  if (word == "line") return Topology::kLine;
  return absl::InvalidArgumentError(
      absl::StrCat("topology \"", word, "\" is not ha, star, mesh or line"));
}

absl::StatusOr<std::vector<std::pair<size_t, size_t>>> Links(const Shape& shape,
                                                             Topology topology) {
  if (shape.builders == 0) return absl::InvalidArgumentError("topology: at least one builder");
  if (topology == Topology::kStar && shape.relays == 0) {
    return absl::InvalidArgumentError("topology star: at least one relay");
  }
  std::vector<std::pair<size_t, size_t>> links;
  for (size_t a = 0; a < shape.nodes(); ++a) {
    for (size_t b = a + 1; b < shape.nodes(); ++b) {
      if (Linked(shape, topology, a, b)) links.emplace_back(a, b);
    }
  }
  return links;
}

std::string NodeName(const Shape& shape, size_t node) {
  switch (RoleOf(shape, node)) {
    case Role::kBuilder:
      return BuilderName(node);
    case Role::kRelay:
      return absl::StrCat("R", node - shape.builders + 1);
    case Role::kSubscriber:
      return absl::StrCat("S", node - shape.builders - shape.relays + 1);
  }
  return "?";
}

}  // namespace flblk::harness
