// Hello, the first message of both sides (id 0x00, never compressed).
//
//   Hello = [ 5, client-id, [ [cap-name, cap-version] ... ], listen-port, node-id(64) ]
//
// Exactly five items are written (reth reads no more); further ones are accepted. Source: devp2p
// rlpx.md "Hello".
#pragma once

#include "p2p/rlpx/capability.h"
#include "signer/bytes.h"

namespace flblk::rlpx {

inline constexpr uint8_t kHelloId = 0x00;
inline constexpr uint64_t kP2pVersion = 5;

struct Hello {
  uint64_t version = kP2pVersion;
  std::string client_id;                 // decoded: printable, at most kMaxClientIdBytes
  std::vector<Capability> capabilities;  // decoded: names printable, without quotes, cut likewise
  uint16_t listen_port = 0;              // 0: not listening
  NodeId node_id{};                      // zero where the peer's has another length than 64 bytes
};

Bytes EncodeHello(const Hello& hello);
// INVALID_ARGUMENT names the field; RESOURCE_EXHAUSTED over kMaxHelloCapabilities.
absl::StatusOr<Hello> DecodeHello(ByteView body);

}  // namespace flblk::rlpx
