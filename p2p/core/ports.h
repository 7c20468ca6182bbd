// What the engine needs from outside, as interfaces, so that simulation and model checking can
// replace the expensive or the unrepeatable ones.
#pragma once

#include "p2p/wire/envelope.h"
#include "signer/signer.h"

namespace flblk::core {

// Cryptography of received frames. Production: VerifyAuthorization / Verify of signer/.
class Verifier {
 public:
  virtual ~Verifier() = default;
  virtual bool AuthorizationValid(
      const Authorization& authorization) = 0;  // against the network's authorizer
  virtual bool ActorValid(const PublicKey& builder, const Hash32& digest, const Signature& sig) = 0;
};

// snappy block compression of a message body (p2p/rlpx in production; core does not depend on it).
class Compressor {
 public:
  virtual ~Compressor() = default;
  virtual Bytes Compress(ByteView body) = 0;
};

// I2: asked before a flashblock is signed; remembers it durably where the operator wants that.
// ALREADY_EXISTS where another content was signed for the same (payload id, index).
class SignOnce {
 public:
  virtual ~SignOnce() = default;
  virtual absl::Status Claim(uint64_t slot, const PayloadId& payload_id, uint64_t index,
                             const Hash32& digest) = 0;
};

}  // namespace flblk::core
