#include "p2p/rlpx/ecies.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "p2p/rlpx/limits.h"

namespace flblk::rlpx {
namespace {

constexpr size_t kPoint = kEciesPrefix + 1;  // offsets within a packet
constexpr size_t kIv = kPoint + 64;
constexpr size_t kCipher = kIv + 16;
constexpr size_t kTag = 32;

struct Keys {
  FixedBytes<16> encryption;
  FixedBytes<32> mac;
  ~Keys() { OPENSSL_cleanse(this, sizeof *this); }
};

absl::StatusOr<std::unique_ptr<Keys>> DeriveKeys(const NodeKey& ours, const NodeId& theirs) {
  absl::StatusOr<Hash32> shared = ours.Ecdh(theirs);
  if (!shared.ok()) return shared.status();
  FixedBytes<32> material;
  ConcatKdf(*shared, material);
  auto keys = std::make_unique<Keys>();
  std::copy_n(material.begin(), 16, keys->encryption.begin());
  SHA256(material.data() + 16, 16, keys->mac.data());
  OPENSSL_cleanse(material.data(), material.size());
  OPENSSL_cleanse(shared->data(), shared->size());
  return keys;
}

// CTR mode: the same call encrypts and decrypts. `out` holds in.size() bytes.
bool ApplyCtr(const Keys& keys, const uint8_t* iv, ByteView in, uint8_t* out) {
  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                          &EVP_CIPHER_CTX_free);
  int written = 0;
  return context != nullptr &&
         EVP_EncryptInit_ex(context.get(), EVP_aes_128_ctr(), nullptr, keys.encryption.data(),
                            iv) == 1 &&
         EVP_EncryptUpdate(context.get(), out, &written, in.data(), static_cast<int>(in.size())) ==
             1;
}

// Over iv | c and then the size prefix; `packet` has room for the tag at its end or holds one.
FixedBytes<kTag> Tag(const Keys& keys, ByteView packet) {
  ByteView covered = packet.subspan(kIv, packet.size() - kIv - kTag);
  Bytes message(covered.begin(), covered.end());
  message.insert(message.end(), packet.begin(), packet.begin() + kEciesPrefix);
  FixedBytes<kTag> tag{};
  HMAC(EVP_sha256(), keys.mac.data(), static_cast<int>(keys.mac.size()), message.data(),
       message.size(), tag.data(), nullptr);
  return tag;
}

}  // namespace

absl::StatusOr<Bytes> EciesSeal(const NodeId& to, ByteView plain, const NodeKey& ephemeral,
                                const FixedBytes<16>& iv) {
  const size_t size = plain.size() + kEciesOverhead;
  if (size > kMaxHandshakePacket) {
    return absl::ResourceExhaustedError(
        absl::StrCat("handshake packet: ", size, " bytes, limit ", kMaxHandshakePacket));
  }
  absl::StatusOr<std::unique_ptr<Keys>> keys = DeriveKeys(ephemeral, to);
  if (!keys.ok()) return keys.status();
  Bytes packet(kEciesPrefix + size);
  packet[0] = static_cast<uint8_t>(size >> 8);
  packet[1] = static_cast<uint8_t>(size);
  packet[2] = 0x04;
  std::copy(ephemeral.id().begin(), ephemeral.id().end(), packet.begin() + kPoint);
  std::copy(iv.begin(), iv.end(), packet.begin() + kIv);
  if (!ApplyCtr(**keys, iv.data(), plain, packet.data() + kCipher)) {
    return absl::InternalError("handshake packet: AES-128-CTR failed");
  }
  const FixedBytes<kTag> tag = Tag(**keys, packet);
  std::copy(tag.begin(), tag.end(), packet.end() - kTag);
  return packet;
}

absl::StatusOr<Bytes> EciesOpen(const NodeKey& key, ByteView packet) {
  if (packet.size() < kEciesPrefix + kEciesOverhead ||
      packet.size() > kEciesPrefix + kMaxHandshakePacket ||
      packet.size() - kEciesPrefix != (size_t{packet[0]} << 8 | packet[1])) {
    return absl::InvalidArgumentError(
        absl::StrCat("handshake packet: size prefix does not fit its ", packet.size(), " bytes (",
                     kEciesOverhead, " to ", kMaxHandshakePacket, " after the prefix)"));
  }
  if (packet[2] != 0x04) {
    return absl::InvalidArgumentError(
        "handshake packet: ephemeral key is not in uncompressed form");
  }
  NodeId ephemeral;
  std::copy_n(packet.begin() + kPoint, ephemeral.size(), ephemeral.begin());
  absl::StatusOr<std::unique_ptr<Keys>> keys = DeriveKeys(key, ephemeral);
  if (!keys.ok()) return keys.status();
  if (CRYPTO_memcmp(Tag(**keys, packet).data(), packet.data() + packet.size() - kTag, kTag) != 0) {
    return absl::UnauthenticatedError("handshake packet: wrong tag");
  }
  Bytes plain(packet.size() - kEciesPrefix - kEciesOverhead);
  if (!ApplyCtr(**keys, packet.data() + kIv, packet.subspan(kCipher, plain.size()), plain.data())) {
    return absl::InternalError("handshake packet: AES-128-CTR failed");
  }
  return plain;
}

FixedBytes<16> SafeIv(FixedBytes<16> iv) {
  iv[8] &= 0x7f;
  return iv;
}

void ConcatKdf(ByteView secret, std::span<uint8_t> out) {
  Bytes block;
  block.reserve(4 + secret.size());
  block.resize(4);
  block.insert(block.end(), secret.begin(), secret.end());
  FixedBytes<32> digest;
  for (size_t done = 0, counter = 1; done < out.size(); ++counter) {
    for (int i = 0; i < 4; ++i) block[i] = static_cast<uint8_t>(counter >> (24 - 8 * i));
    SHA256(block.data(), block.size(), digest.data());
    const size_t n = std::min(digest.size(), out.size() - done);
    std::copy_n(digest.begin(), n, out.begin() + done);
    done += n;
  }
  OPENSSL_cleanse(block.data(), block.size());
  OPENSSL_cleanse(digest.data(), digest.size());
}

}  // namespace flblk::rlpx
