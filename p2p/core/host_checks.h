// What a host call must satisfy before anything happens. Pure; each message names the field and the
// limit.
#pragma once

#include "p2p/core/events.h"
#include "p2p/core/ports.h"

namespace flblk::core {

// INVALID_ARGUMENT: authorization without attributes, or about another timestamp or payload id
// (byte 0, the version, may differ), or too far in the future. PERMISSION_DENIED: for another
// builder. UNAUTHENTICATED: not the authorizer's.
absl::Status CheckForkchoice(const ForkchoiceUpdated& update, const PublicKey& self,
                             Verifier& verifier, uint64_t now_unix_seconds);

// INVALID_ARGUMENT: payload id (byte 0 ignored, all zero: not given), base missing, unexpected or
// about another timestamp. OUT_OF_RANGE: index. RESOURCE_EXHAUSTED: over a limit of
// p2p/wire/limits.h.
absl::Status CheckHostFlashblock(const wire::FlashblocksPayloadV1& flashblock,
                                 const Authorization& authorization, uint64_t next_index,
                                 std::optional<uint64_t> block_number);

// The rules of a received flashblock that decoding does not check: base exactly at index 0, its
// timestamp the Authorization's. INVALID_ARGUMENT.
absl::Status CheckBase(const wire::FlashblocksPayloadV1& flashblock,
                       const Authorization& authorization);

}  // namespace flblk::core
