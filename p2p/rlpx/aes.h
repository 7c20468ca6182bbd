// AES-256 as frames use it: one running CTR stream per direction, and single blocks inside the MACs
// (OpenSSL).
#pragma once

#include <openssl/evp.h>

#include <memory>

#include "signer/bytes.h"

namespace flblk::rlpx {

struct CipherContextFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, CipherContextFree>;

// AES-256-CTR with iv 0. Move-only; every byte passed advances the stream.
class AesCtrStream {
 public:
  explicit AesCtrStream(const Hash32& key);
  // `out` holds in.size() bytes and may be in.data() itself.
  void Apply(ByteView in, uint8_t* out);

 private:
  CipherContext context_;
};

// AES-256-ECB of one block.
class AesBlock {
 public:
  explicit AesBlock(const Hash32& key);
  FixedBytes<16> Encrypt(std::span<const uint8_t, 16> block);

 private:
  CipherContext context_;
};

}  // namespace flblk::rlpx
