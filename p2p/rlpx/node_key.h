// The devp2p identity: a secp256k1 key pair. The secret lives in locked memory and is wiped.
#pragma once

#include <memory>
#include <string>

#include "signer/bytes.h"

namespace flblk::rlpx {

class NodeKey {
 public:
  // INVALID_ARGUMENT where the 32 bytes are no valid secp256k1 secret.
  static absl::StatusOr<NodeKey> FromSecret(std::span<const uint8_t, 32> secret);
  static absl::StatusOr<NodeKey> Generate();
  // 64 hex characters; created with mode 0600 where it does not exist; a file others can read is
  // refused.
  static absl::StatusOr<NodeKey> LoadOrCreate(const std::string& path);

  NodeKey(NodeKey&&) noexcept;
  NodeKey& operator=(NodeKey&&) noexcept;
  ~NodeKey();

  const NodeId& id() const { return id_; }
  // x coordinate of secret * point; INVALID_ARGUMENT where `remote` is no curve point.
  absl::StatusOr<Hash32> Ecdh(const NodeId& remote) const;
  // Recoverable ECDSA, r || s || v (v 0..3).
  FixedBytes<65> SignRecoverable(const Hash32& digest) const;

 private:
  struct Wipe {
    void operator()(uint8_t* p) const;
  };
  explicit NodeKey(std::unique_ptr<uint8_t[], Wipe> secret);
  std::unique_ptr<uint8_t[], Wipe> secret_;  // 32 bytes, sodium_malloc
  NodeId id_{};
};

// The public key that signed `digest`.
absl::StatusOr<NodeId> RecoverNodeId(const Hash32& digest, const FixedBytes<65>& signature);

}  // namespace flblk::rlpx
