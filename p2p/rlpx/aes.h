// AES-256 as frames use it: one running CTR stream per direction, and single blocks inside the
// MACs. VAES (four blocks to an instruction) where the processor has it, else OpenSSL; chosen at
// run time, byte-identical.
#pragma once

#include <openssl/evp.h>

#include <memory>

#include "signer/bytes.h"

namespace flblk::rlpx {

enum class AesPath { kOpenSsl, kVaes };

// Whether this build has it and this processor runs it. kOpenSsl: always.
bool IsSupported(AesPath path);
// The fastest supported one.
AesPath BestAesPath();

struct CipherContextFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, CipherContextFree>;

// The key as the processor's instructions take it; wiped in the end.
struct AesKeySchedule;
struct AesKeyScheduleFree {
  void operator()(AesKeySchedule* schedule) const;
};
using AesKeySchedulePtr = std::unique_ptr<AesKeySchedule, AesKeyScheduleFree>;

// AES-256-CTR with iv 0. Move-only; every byte passed advances the stream.
class AesCtrStream {
 public:
  // `path` must be supported.
  explicit AesCtrStream(const Hash32& key, AesPath path = BestAesPath());
  // `out` holds in.size() bytes and may be in.data() itself.
  void Apply(ByteView in, uint8_t* out);
  // Takes over the key and the place in the stream of one with the same path; see
  // FrameSealer::CopyFrom.
  void CopyFrom(const AesCtrStream& other);

 private:
  CipherContext context_;        // kOpenSsl
  AesKeySchedulePtr schedule_;   // kVaes
  uint64_t next_block_ = 0;      // kVaes: number of the first block not begun
  FixedBytes<16> key_stream_{};  // kVaes: of the block begun, its last left_ bytes unused
  size_t left_ = 0;
};

// AES-256-ECB of one block.
class AesBlock {
 public:
  explicit AesBlock(const Hash32& key, AesPath path = BestAesPath());
  FixedBytes<16> Encrypt(std::span<const uint8_t, 16> block);
  void CopyFrom(const AesBlock& other);  // of the same path

 private:
  CipherContext context_;       // kOpenSsl
  AesKeySchedulePtr schedule_;  // kVaes
};

}  // namespace flblk::rlpx
