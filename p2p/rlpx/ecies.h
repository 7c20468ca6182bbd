// ECIES as RLPx uses it: the encrypted packets of the EIP-8 handshake.
//
//   packet  = size(2, big-endian) 04 X(32) Y(32) iv(16) c tag(32)      size: of all after itself
//   S       = x coordinate of ECDH(ephemeral, recipient)
//   kE | kM = KDF(S, 32), 16 bytes each      KDF: NIST SP 800-56A concatenation with SHA-256
//   c       = AES-128-CTR(kE, iv, plain)     tag = HMAC-SHA256(SHA256(kM), iv | c | size)
//
// Source: devp2p rlpx.md "ECIES Encryption", EIP-8; SEC 1 5.1.
#pragma once

#include "p2p/rlpx/node_key.h"

namespace flblk::rlpx {

inline constexpr size_t kEciesPrefix = 2;                   // size
inline constexpr size_t kEciesOverhead = 1 + 64 + 16 + 32;  // 04, point, iv, tag

// The packet, prefix included. `ephemeral` and `iv` are used once; see SafeIv. INVALID_ARGUMENT
// where `to` is no curve point; RESOURCE_EXHAUSTED where the packet would exceed
// kMaxHandshakePacket.
absl::StatusOr<Bytes> EciesSeal(const NodeId& to, ByteView plain, const NodeKey& ephemeral,
                                const FixedBytes<16>& iv);

// The plain bytes of a whole packet, prefix included. INVALID_ARGUMENT where its form is wrong,
// UNAUTHENTICATED where the tag is (compared in constant time).
absl::StatusOr<Bytes> EciesOpen(const NodeKey& key, ByteView packet);

// Peers differ in how many bits of the counter they increment (128 or the low 64). An iv whose low
// half cannot overflow within a packet makes that the same: this clears the half's top bit.
FixedBytes<16> SafeIv(FixedBytes<16> iv);

// SHA256(00000001 | secret) | SHA256(00000002 | secret) | ..., cut to out.size().
void ConcatKdf(ByteView secret, std::span<uint8_t> out);

}  // namespace flblk::rlpx
