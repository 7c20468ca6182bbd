#include "signer/ed25519.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>

namespace flblk {
namespace {

constexpr size_t kExpandedSize = crypto_sign_SECRETKEYBYTES;
static_assert(kExpandedSize == 64 && crypto_sign_SEEDBYTES == 32);

// Once true, libsodium serves every thread.
bool SodiumReady() {
  static const bool ready = sodium_init() >= 0;
  return ready;
}

bool SodiumAccepts(const PublicKey& key, ByteView message, const Signature& signature) {
  return crypto_sign_verify_detached(signature.bytes.data(), message.data(), message.size(),
                                     key.bytes.data()) == 0;
}

bool OpenSslAccepts(const PublicKey& key, ByteView message, const Signature& signature) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pkey(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.bytes.data(), key.bytes.size()),
      EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  ERR_set_mark();  // a rejection is an answer: nothing of it stays in the thread's error queue
  const bool accepted =
      pkey != nullptr && context != nullptr &&
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
      EVP_DigestVerify(context.get(), signature.bytes.data(), signature.bytes.size(),
                       message.data(), message.size()) == 1;
  ERR_pop_to_mark();
  return accepted;
}

// Whether everything the loaded libsodium accepts is accepted by the reference too. True
// for 1.0.18; a libsodium that checks the cofactored equation accepts this signature (dalek's
// validation vector 51), which satisfies only that one.
bool SodiumIsCofactorless() {
  PublicKey key;
  Signature signature;
  const bool parsed =
      FromHexExact("10eb7c3acfb2bed3e0d6ab89bf5a3d6afddd1176ce4812e38d9fd485058fdb1f", "key",
                   key.bytes)
          .ok() &&
      FromHexExact(
          "b62cf890de42c413b11b1411c9f01f1c4d77aa87ef182258d1251f69af2a3506"
          "030b03796b78f7afeadfccaedc9d09ce6d487d1ece1f16b1ae2b59b7e5c40603",
          "signature", signature.bytes)
          .ok();
  return parsed && SodiumReady() && !SodiumAccepts(key, AsBytes("ed25519vectors 3"), signature);
}

}  // namespace

void SecretKey::Wipe::operator()(uint8_t* p) const { sodium_free(p); }

absl::StatusOr<SecretKey> SecretKey::FromSeed(std::span<const uint8_t, 32> seed) {
  if (!SodiumReady()) return absl::InternalError("libsodium does not start");
  std::unique_ptr<uint8_t[], Wipe> expanded(static_cast<uint8_t*>(sodium_malloc(kExpandedSize)));
  if (expanded == nullptr) return absl::ResourceExhaustedError("no locked memory for a secret key");
  PublicKey public_key;
  crypto_sign_seed_keypair(public_key.bytes.data(), expanded.get(), seed.data());
  return SecretKey(std::move(expanded), public_key);
}

absl::StatusOr<SecretKey> SecretKey::Generate() {
  if (!SodiumReady()) return absl::InternalError("libsodium does not start");
  FixedBytes<32> seed;
  randombytes_buf(seed.data(), seed.size());
  absl::StatusOr<SecretKey> key = FromSeed(seed);
  sodium_memzero(seed.data(), seed.size());
  return key;
}

Signature SecretKey::Sign(ByteView message) const {
  Signature signature;
  crypto_sign_detached(signature.bytes.data(), nullptr, message.data(), message.size(),
                       expanded_.get());
  return signature;
}

void SecretKey::ExportSeedHex(std::span<char, 64> out) const {
  char text[65];  // libsodium's encoder does not branch on the secret; it ends the text with a zero
  sodium_bin2hex(text, sizeof text, expanded_.get(), 32);
  std::copy_n(text, out.size(), out.data());
  sodium_memzero(text, sizeof text);
}

// libsodium's addition decompresses both points as the reference does: it accepts y >= p, points of
// small order and a sign bit on x = 0, and refuses only what has no x.
bool IsCurvePoint(const PublicKey& key) {
  static constexpr uint8_t kIdentity[crypto_core_ed25519_BYTES] = {1};
  uint8_t sum[crypto_core_ed25519_BYTES];
  return SodiumReady() && crypto_core_ed25519_add(sum, key.bytes.data(), kIdentity) == 0;
}

// libsodium is twice as fast; what it rejects and the reference accepts (small order or
// non-canonical A, small order R) is decided by OpenSSL.
bool Verify(const PublicKey& key, ByteView message, const Signature& signature) {
  static const bool accept_is_final = SodiumIsCofactorless();
  if (accept_is_final && SodiumAccepts(key, message, signature)) return true;
  return OpenSslAccepts(key, message, signature);
}

}  // namespace flblk
