// AES-256 with the processor's instructions, compiled with their flags; a caller asks the processor
// first (aes.cc). Internal to rlpx.
#pragma once

#include <cstddef>
#include <cstdint>

namespace flblk::rlpx {

struct AesKeySchedule {
  alignas(16) uint8_t round_keys[15][16];
};

namespace aes {

// Needs AES.
void ExpandKey(const uint8_t* key, AesKeySchedule& out);
void EncryptBlock(const AesKeySchedule& key, const uint8_t* in, uint8_t* out);

// Needs VAES, AVX-512F and AVX-512BW. out = in ^ the key stream from block number `block` on (the
// counter is the number, 128 bits, big-endian). `size` is any number of bytes; out may be in.
void XorKeyStream(const AesKeySchedule& key, uint64_t block, const uint8_t* in, uint8_t* out,
                  size_t size);

}  // namespace aes
}  // namespace flblk::rlpx
