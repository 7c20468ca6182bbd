#include "p2p/net/engine_ports.h"

#include "p2p/rlpx/snappy_block.h"
#include "signer/authorization.h"

namespace flblk::net {

bool NetworkVerifier::AuthorizationValid(const Authorization& authorization) {
  return VerifyAuthorization(authorization, authorizer_).ok();
}

bool NetworkVerifier::ActorValid(const PublicKey& builder, const Hash32& digest,
                                 const Signature& sig) {
  return Verify(builder, digest, sig);
}

Bytes SnappyCompressor::Compress(ByteView body) { return rlpx::SnappyCompress(body); }

}  // namespace flblk::net
