// Messages of the node as lines for people or as one line of JSON. Bytes are hex with 0x. Internal
// to flblkctl.
#pragma once

#include <cstdint>
#include <string>

namespace flblk::v1 {
class HandoffEntry;
class NodeInfoResponse;
class Peer;
class PendingBlock;
class PublishingEvent;
class PublishResponse;
class VerifiedFlashblock;
class Equivocation;
enum PublishState : int;
}  // namespace flblk::v1

namespace flblk::plugin {

// "publishing"
std::string StateName(v1::PublishState state);
// "FAILED_PRECONDITION"; OK for 0.
std::string CodeName(uint32_t code);

// With `json` one compact object, else text (several lines for NodeInfo); without a line end.
std::string Print(const v1::NodeInfoResponse& info, bool json);
std::string Print(const v1::Peer& peer, bool json);
std::string Print(const v1::HandoffEntry& entry, bool json);
std::string Print(const v1::PublishingEvent& event, bool json);
std::string Print(const v1::VerifiedFlashblock& flashblock, bool json);
std::string Print(const v1::PublishResponse& response, bool json);
std::string Print(const v1::PendingBlock& block, bool json);
std::string Print(const v1::Equivocation& found, bool json);

}  // namespace flblk::plugin
