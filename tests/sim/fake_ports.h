// The engine's ports for simulation: cryptography that costs nothing and still tells keys and
// contents apart, a sign-once memory that survives the crash of its node, as the journal on disk
// does.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "p2p/core/ports.h"

namespace flblk::sim {

// digest XOR key in the first half, key in the second: valid for exactly that pair.
inline Signature FakeSignature(const PublicKey& key, const Hash32& digest) {
  Signature s;
  for (size_t i = 0; i < 32; ++i) {
    s.bytes[i] = digest[i] ^ key.bytes[i];
    s.bytes[32 + i] = key.bytes[i];
  }
  return s;
}

inline Authorization FakeAuthorization(const PublicKey& authorizer, const PayloadId& payload_id,
                                       uint64_t timestamp, const PublicKey& builder) {
  Authorization a{payload_id, timestamp, builder, {}};
  Hash32 digest{};
  for (size_t i = 0; i < 32; ++i) digest[i] = builder.bytes[i];
  for (size_t i = 0; i < 8; ++i) {
    digest[i] ^= payload_id[i];
    digest[8 + i] ^= static_cast<uint8_t>(timestamp >> (8 * i));
  }
  a.authorizer_sig = FakeSignature(authorizer, digest);
  return a;
}

class FakeVerifier final : public core::Verifier {
 public:
  explicit FakeVerifier(const PublicKey& authorizer) : authorizer_(authorizer) {}
  bool AuthorizationValid(const Authorization& a) override {
    return FakeAuthorization(authorizer_, a.payload_id, a.timestamp, a.builder_vk) == a;
  }
  bool ActorValid(const PublicKey& builder, const Hash32& digest, const Signature& sig) override {
    return FakeSignature(builder, digest) == sig;
  }

 private:
  PublicKey authorizer_;
};

class FakeSigner final : public Signer {
 public:
  explicit FakeSigner(const PublicKey& key) : key_(key) {}
  const PublicKey& public_key() const override { return key_; }
  absl::StatusOr<Signature> Sign(const Hash32& digest) override {
    return FakeSignature(key_, digest);
  }

 private:
  PublicKey key_;
};

class FakeCompressor final : public core::Compressor {
 public:
  Bytes Compress(ByteView) override { return {0}; }  // nothing here reads it
};

// Survives its node's crash. A second content for one index is refused; what was claimed is never
// forgotten.
class DurableSignOnce final : public core::SignOnce {
 public:
  absl::Status Claim(uint64_t slot, const PayloadId& payload_id, uint64_t index,
                     const Hash32& digest) override {
    auto [at, fresh] = claims_.try_emplace({slot, payload_id, index}, digest);
    if (fresh || at->second == digest) return absl::OkStatus();
    return absl::AlreadyExistsError(absl::StrCat("index ", index, " was already signed"));
  }

 private:
  std::map<std::tuple<uint64_t, PayloadId, uint64_t>, Hash32> claims_;
};

}  // namespace flblk::sim
