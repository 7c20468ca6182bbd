// The border between protobuf and the domain. Behind it no protobuf type exists; in front of it
// every field has been held against its size.
//
// Errors: INVALID_ARGUMENT names the field and the limit ("flashblock.diff.state_root: 31 bytes,
// expected 32"). `path` heads the field's name.
#pragma once

#include <string_view>

#include "p2p/core/events.h"
#include "p2p/net/node.h"

namespace flblk::v1 {
class Authorization;
class Equivocation;
class FlashblocksPayloadV1;
class ForkchoiceUpdatedRequest;
class HandoffEntry;
class Peer;
class PublishingEvent;
class PublishRequest;
class VerifiedFlashblock;
}  // namespace flblk::v1

namespace flblk::plugin {

// ---- in
absl::StatusOr<Authorization> FromProto(std::string_view path, const v1::Authorization& in);
// Sizes only; the engine verifies. An Authorization without attributes is refused here.
absl::StatusOr<core::ForkchoiceUpdated> FromProto(const v1::ForkchoiceUpdatedRequest& in);
// payload_id may be empty (zero then). Typed metadata without a time, and absent metadata, get
// `now_unix_ns`.
absl::StatusOr<wire::FlashblocksPayloadV1> FromProto(std::string_view path,
                                                     const v1::FlashblocksPayloadV1& in,
                                                     int64_t now_unix_ns);
// Any of the three forms of a delta. RESOURCE_EXHAUSTED where it cannot fit a frame.
absl::StatusOr<wire::FlashblocksPayloadV1> FromProto(const v1::PublishRequest& in,
                                                     int64_t now_unix_ns);
// Exactly N bytes.
template <size_t N>
absl::Status ReadFixed(std::string_view path, std::string_view bytes, FixedBytes<N>& out);

// ---- out
void ToProto(const Authorization& in, v1::Authorization& out);
void ToProto(const wire::FlashblocksPayloadV1& in, v1::FlashblocksPayloadV1& out);
void ToProto(const core::FlashblockDelivered& in, bool include_rlp, v1::VerifiedFlashblock& out);
// Without `flashblocks`.
void ToProto(const core::PublishingChanged& in, int64_t unix_ns, v1::PublishingEvent& out);
void ToProto(const net::HistoryEntry& in, v1::HandoffEntry& out);
void ToProto(const net::PeerInfo& in, v1::Peer& out);
void ToProto(const core::EquivocationFound& in, int64_t unix_ns, v1::Equivocation& out);
// flblk.v1.PublishState and flblk.v1.Cause have the domain's order, one higher.
int ToProtoState(core::PublishState state);
int ToProtoCause(core::Cause cause);

}  // namespace flblk::plugin
