// What the builder signs with. The local key today; a remote signer implements the same two calls.
#pragma once

#include "signer/ed25519.h"

namespace flblk {

class Signer {
 public:
  virtual ~Signer() = default;
  virtual const PublicKey& public_key() const = 0;
  // Signs a 32-byte digest. UNAVAILABLE where the key cannot be reached. May block only as long as
  // the implementation documents; LocalSigner takes about 15 us.
  virtual absl::StatusOr<Signature> Sign(const Hash32& digest) = 0;
};

class LocalSigner final : public Signer {
 public:
  explicit LocalSigner(SecretKey key) : key_(std::move(key)) {}
  const PublicKey& public_key() const override { return key_.public_key(); }
  absl::StatusOr<Signature> Sign(const Hash32& digest) override { return key_.Sign(digest); }

 private:
  SecretKey key_;
};

}  // namespace flblk
