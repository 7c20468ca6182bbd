// Ed25519 (RFC 8032, pure) as the flashblocks network uses it: keys, signatures, and verification
// whose verdict equals the reference's (ed25519-dalek `verify`: cofactorless, S < L, non-canonical
// and small-order A accepted). libsodium signs and keeps the secrets; see Verify for the second
// look.
#pragma once

#include <memory>

#include "signer/bytes.h"

namespace flblk {

struct PublicKey {
  FixedBytes<32> bytes{};
  auto operator<=>(const PublicKey&) const = default;
};

struct Signature {
  FixedBytes<64> bytes{};
  auto operator<=>(const Signature&) const = default;
};

// A secret key in locked memory, wiped on destruction. Move-only; has no printer and no hash.
class SecretKey {
 public:
  // From the 32-byte seed of RFC 8032. The caller wipes its own copy.
  static absl::StatusOr<SecretKey> FromSeed(std::span<const uint8_t, 32> seed);
  // From the operating system's random generator.
  static absl::StatusOr<SecretKey> Generate();

  SecretKey(SecretKey&&) noexcept = default;
  SecretKey& operator=(SecretKey&&) noexcept = default;

  const PublicKey& public_key() const { return public_key_; }
  Signature Sign(ByteView message) const;

  // Writes the seed as 64 hex characters into `out` (for key files only).
  void ExportSeedHex(std::span<char, 64> out) const;

 private:
  struct Wipe {
    void operator()(uint8_t* p) const;
  };
  SecretKey(std::unique_ptr<uint8_t[], Wipe> expanded, PublicKey pk)
      : expanded_(std::move(expanded)), public_key_(pk) {}

  std::unique_ptr<uint8_t[], Wipe> expanded_;  // 64 bytes, sodium_malloc: seed || public key
  PublicKey public_key_;
};

// Whether the 32 bytes decompress to a point of the curve (the reference refuses a frame whose
// builder_vk does not, before any signature is looked at).
bool IsCurvePoint(const PublicKey& key);

// True exactly when ed25519-dalek 2 `VerifyingKey::verify` accepts.
bool Verify(const PublicKey& key, ByteView message, const Signature& signature);

}  // namespace flblk
