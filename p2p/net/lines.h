// The longer lines p2p/net writes to its log, as text. Pure.
#pragma once

#include <string>

#include "p2p/net/node.h"

namespace flblk::net {

// Enough of a node id to recognise it in a log.
std::string Short(const NodeId& id);

// `named`: configured as trusted or static. `peers`: how many there are now.
std::string PeerUpLine(const PeerInfo& peer, size_t peers);
std::string PeerDownLine(const PeerInfo& peer, const std::string& why, size_t peers);
std::string PenaltyLine(const PeerInfo& peer, const core::Penalise& penalty);
std::string DialFailedLine(const Enode& target, const std::string& why, Duration retry_in);
std::string PublishingLine(const core::PublishingChanged& change);
// `slot`: of the Authorization.
std::string ForkchoiceRefusedLine(const absl::Status& status, uint64_t slot);
std::string FrozenLine(Duration since);  // the network thread was heard of last
std::string EvidenceLine(const core::EquivocationFound& evidence);

}  // namespace flblk::net
