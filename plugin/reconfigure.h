// What a running node takes over from a changed configuration: its peers. Everything else is fixed
// when it starts.
#pragma once

#include <string>
#include <vector>

#include "p2p/net/node.h"
#include "plugin/config.h"

namespace flblk::plugin {

// Keys whose values differ and that only a restart puts into force, in the order of --help.
// log_level is the sidecar's own and not among them.
std::vector<std::string> KeysThatNeedARestart(const Config& running, const Config& wanted);

struct PeerChanges {
  std::vector<std::string> lines;   // for the log, one per peer added, changed or removed
  std::vector<std::string> errors;  // likewise; the others were applied
};
// Puts the lists trusted_peers and static_nodes of `wanted` into force, and what succeeded into
// `running`: the next call tries the rest again. Peers that the admin service added stay. A peer in
// both lists is trusted.
PeerChanges ApplyPeers(const Config& wanted, Config& running, net::Node& node);

}  // namespace flblk::plugin
