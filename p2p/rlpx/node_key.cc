#include "p2p/rlpx/node_key.h"

#include <secp256k1.h>
#include <secp256k1_ecdh.h>
#include <secp256k1_recovery.h>
#include <sodium.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "signer/key_file.h"

namespace flblk::rlpx {
namespace {

constexpr size_t kSecretBytes = 32;

// The libraries fail here only where their contract says they cannot with checked input.
void Require(bool ok) {
  if (!ok) std::abort();
}

// One immutable context for the process, blinded once; every function here only reads it.
const secp256k1_context* Context() {
  static const secp256k1_context* const context = [] {
    Require(sodium_init() >= 0);
    secp256k1_context* made = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    FixedBytes<32> blind;
    randombytes_buf(blind.data(), blind.size());
    Require(secp256k1_context_randomize(made, blind.data()) == 1);
    sodium_memzero(blind.data(), blind.size());
    return made;
  }();
  return context;
}

// False where `id` is no curve point.
bool ParsePoint(const NodeId& id, secp256k1_pubkey* out) {
  FixedBytes<65> uncompressed;
  uncompressed[0] = 0x04;
  std::copy(id.begin(), id.end(), uncompressed.begin() + 1);
  return secp256k1_ec_pubkey_parse(Context(), out, uncompressed.data(), uncompressed.size()) == 1;
}

NodeId SerializePoint(const secp256k1_pubkey& point) {
  FixedBytes<65> uncompressed;
  size_t size = uncompressed.size();
  secp256k1_ec_pubkey_serialize(Context(), uncompressed.data(), &size, &point,
                                SECP256K1_EC_UNCOMPRESSED);
  NodeId id;
  std::copy(uncompressed.begin() + 1, uncompressed.end(), id.begin());
  return id;
}

// The "hash" of secp256k1_ecdh that RLPx wants: x as it is.
int CopyX(unsigned char* out, const unsigned char* x, const unsigned char*, void*) {
  std::memcpy(out, x, 32);
  return 1;
}

}  // namespace

void NodeKey::Wipe::operator()(uint8_t* p) const { sodium_free(p); }

NodeKey::NodeKey(std::unique_ptr<uint8_t[], Wipe> secret) : secret_(std::move(secret)) {
  secp256k1_pubkey point;
  Require(secp256k1_ec_pubkey_create(Context(), &point, secret_.get()) == 1);
  id_ = SerializePoint(point);
}

NodeKey::NodeKey(NodeKey&&) noexcept = default;
NodeKey& NodeKey::operator=(NodeKey&&) noexcept = default;
NodeKey::~NodeKey() = default;

absl::StatusOr<NodeKey> NodeKey::FromSecret(std::span<const uint8_t, 32> secret) {
  if (secp256k1_ec_seckey_verify(Context(), secret.data()) != 1) {
    return absl::InvalidArgumentError(
        "node key: not a secp256k1 secret (zero, or not below the order)");
  }
  std::unique_ptr<uint8_t[], Wipe> locked(static_cast<uint8_t*>(sodium_malloc(kSecretBytes)));
  if (locked == nullptr) return absl::ResourceExhaustedError("node key: no locked memory");
  std::copy(secret.begin(), secret.end(), locked.get());
  return NodeKey(std::move(locked));
}

absl::StatusOr<NodeKey> NodeKey::Generate() {
  FixedBytes<kSecretBytes> secret;
  do {
    Context();  // sodium_init
    randombytes_buf(secret.data(), secret.size());
  } while (secp256k1_ec_seckey_verify(Context(), secret.data()) != 1);
  absl::StatusOr<NodeKey> key = FromSecret(secret);
  sodium_memzero(secret.data(), secret.size());
  return key;
}

absl::StatusOr<NodeKey> NodeKey::LoadOrCreate(const std::string& path) {
  FixedBytes<kSecretBytes> secret;
  absl::Status status = LoadSecretHexFile(path, secret);
  if (absl::IsNotFound(status)) {
    absl::StatusOr<NodeKey> made = Generate();
    if (!made.ok()) return made;
    status = WriteSecretHexFile(path, std::span<const uint8_t, 32>(made->secret_.get(), 32));
    if (status.ok()) return made;
    // Another process was first: its key counts.
    if (absl::IsAlreadyExists(status)) status = LoadSecretHexFile(path, secret);
  }
  if (!status.ok()) return status;
  absl::StatusOr<NodeKey> key = FromSecret(secret);
  sodium_memzero(secret.data(), secret.size());
  if (!key.ok()) {
    return absl::Status(key.status().code(), absl::StrCat(path, ": ", key.status().message()));
  }
  return key;
}

absl::StatusOr<Hash32> NodeKey::Ecdh(const NodeId& remote) const {
  secp256k1_pubkey point;
  if (!ParsePoint(remote, &point)) {
    return absl::InvalidArgumentError("public key: not a point of secp256k1");
  }
  Hash32 x;
  if (secp256k1_ecdh(Context(), x.data(), &point, secret_.get(), CopyX, nullptr) != 1) {
    return absl::InternalError("node key: ECDH failed");
  }
  return x;
}

FixedBytes<65> NodeKey::SignRecoverable(const Hash32& digest) const {
  secp256k1_ecdsa_recoverable_signature signature;
  Require(secp256k1_ecdsa_sign_recoverable(Context(), &signature, digest.data(), secret_.get(),
                                           nullptr, nullptr) == 1);
  FixedBytes<65> out;
  int v = 0;
  secp256k1_ecdsa_recoverable_signature_serialize_compact(Context(), out.data(), &v, &signature);
  out[64] = static_cast<uint8_t>(v);
  return out;
}

absl::StatusOr<NodeId> RecoverNodeId(const Hash32& digest, const FixedBytes<65>& signature) {
  secp256k1_ecdsa_recoverable_signature parsed;
  secp256k1_pubkey point;
  if (signature[64] > 3 ||
      secp256k1_ecdsa_recoverable_signature_parse_compact(Context(), &parsed, signature.data(),
                                                          signature[64]) != 1 ||
      secp256k1_ecdsa_recover(Context(), &point, &parsed, digest.data()) != 1) {
    return absl::InvalidArgumentError("signature: no public key can be recovered");
  }
  return SerializePoint(point);
}

}  // namespace flblk::rlpx
