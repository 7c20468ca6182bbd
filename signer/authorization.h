// Authorization: the sequencer's (rollup-boost's) signed permission for one builder to publish one
// payload.
//
//   Authorization = [ payload_id(8), timestamp u64, builder_vk(32), authorizer_sig(64) ]
//   authorizer_sig = Ed25519( BLAKE3( payload_id || timestamp as 8 bytes LITTLE-endian ||
//   builder_vk ) )
#pragma once

#include "signer/bytes.h"
#include "signer/ed25519.h"

namespace flblk {

struct Authorization {
  PayloadId payload_id{};
  uint64_t timestamp = 0;  // L2 block time, unix seconds: the slot
  PublicKey builder_vk;
  Signature authorizer_sig;
  auto operator<=>(const Authorization&) const = default;
};

// The 32 bytes the authorizer signs.
Hash32 AuthorizationDigest(const PayloadId& payload_id, uint64_t timestamp,
                           const PublicKey& builder_vk);

// The authorizer's side.
Authorization MakeAuthorization(const SecretKey& authorizer, const PayloadId& payload_id,
                                uint64_t timestamp, const PublicKey& builder_vk);

// UNAUTHENTICATED where the signature is not `authorizer`'s.
absl::Status VerifyAuthorization(const Authorization& authorization, const PublicKey& authorizer);

}  // namespace flblk
