// The engine's ports in production.
#pragma once

#include "p2p/core/ports.h"

namespace flblk::net {

// Ed25519 of signer/, against one network's authorizer.
class NetworkVerifier final : public core::Verifier {
 public:
  explicit NetworkVerifier(const PublicKey& authorizer) : authorizer_(authorizer) {}
  bool AuthorizationValid(const Authorization& authorization) override;
  bool ActorValid(const PublicKey& builder, const Hash32& digest, const Signature& sig) override;

 private:
  const PublicKey authorizer_;
};

class SnappyCompressor final : public core::Compressor {
 public:
  Bytes Compress(ByteView body) override;
};

}  // namespace flblk::net
