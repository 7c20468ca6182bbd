// Who is connected to whom. Nodes are numbered builders first, then relays, then subscribers. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace flblk::harness {

struct Shape {
  size_t builders = 2;
  size_t relays = 1;
  size_t subscribers = 2;
  size_t nodes() const { return builders + relays + subscribers; }
  bool IsBuilder(size_t node) const { return node < builders; }
};

enum class Topology : uint8_t {
  kHa,  // builders with each other and with every relay; relays with each other; subscribers behind
        // the relays (behind the builders where there is no relay)
  kStar,  // as kHa, but builders hear each other only through the relays; needs one
  kMesh,  // everyone with everyone
  kLine,  // a chain in node order
};

// INVALID_ARGUMENT names the word that is wrong.
absl::StatusOr<Topology> ParseTopology(absl::string_view word);

// Undirected, each once, first < second, sorted. INVALID_ARGUMENT where the shape cannot be
// connected.
absl::StatusOr<std::vector<std::pair<size_t, size_t>>> Links(const Shape& shape, Topology topology);

// Builders "A", "B", ...; relays "R1", ...; subscribers "S1", ...
std::string NodeName(const Shape& shape, size_t node);

}  // namespace flblk::harness
