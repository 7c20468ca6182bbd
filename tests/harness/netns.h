// A small Ethernet of its own for a run: every node has a network namespace with one address, all
// are ports of one bridge, and a node is cut off by taking its port out. Nothing of it is visible
// outside, and all of it is gone when the object and the nodes are.
//
// Needs CAP_SYS_ADMIN and CAP_NET_ADMIN, kernel support for veth and bridge, and the ip program.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace flblk::harness {

class Network {
 public:
  static constexpr size_t kMaxNodes = 200;

  // `directory` takes a few short files. UNAVAILABLE names the step that is not possible here.
  static absl::StatusOr<std::unique_ptr<Network>> Create(size_t nodes,
                                                         const std::string& directory);
  ~Network();
  // Whether Create can work on this machine; the error of a small try.
  static absl::Status Try();

  // The namespace, for Child::Spawn; owned by the network.
  int fd(size_t node) const { return node_fds_[node]; }
  static std::string Address(size_t node);  // IPv4

  // Takes effect at once, both ways; sockets notice nothing but silence. Any thread.
  absl::Status Cut(size_t node) { return Port(node, false); }
  absl::Status Join(size_t node) { return Port(node, true); }

 private:
  Network() = default;
  absl::Status Build(size_t nodes, const std::string& directory);  // on a thread of its own
  absl::Status Port(size_t node, bool member);

  std::vector<int> node_fds_;
  std::vector<int> ports_;  // interface index of each node's end at the bridge
  int control_ = -1;        // a socket in the bridge's namespace
};

}  // namespace flblk::harness
