// Disconnect (id 0x01): one reason, then the connection is closed.
//
//   Disconnect = [ reason ]
//
// Read as well: a bare integer, 00 for 80, and each of them compressed or not (sloppy peers, and a
// Disconnect in the place of Hello, write it plain). Source: devp2p rlpx.md "Disconnect", EIP-706.
#pragma once

#include "signer/bytes.h"

namespace flblk::rlpx {

inline constexpr uint8_t kDisconnectId = 0x01;

// A reason may be any byte; these have names.
enum class DisconnectReason : uint8_t {
  kRequested = 0x00,
  kTcpError = 0x01,
  kProtocolBreach = 0x02,
  kUselessPeer = 0x03,
  kTooManyPeers = 0x04,
  kAlreadyConnected = 0x05,
  kIncompatibleVersion = 0x06,
  kInvalidIdentity = 0x07,
  kClientQuitting = 0x08,
  kUnexpectedIdentity = 0x09,
  kSelf = 0x0a,
  kPingTimeout = 0x0b,
  kSubprotocolError = 0x10,
};
const char* Name(DisconnectReason reason);

// Uncompressed.
Bytes EncodeDisconnect(DisconnectReason reason);
// `payload`: as it came, compressed or not. INVALID_ARGUMENT where it is neither form.
absl::StatusOr<DisconnectReason> DecodeDisconnect(ByteView payload);

}  // namespace flblk::rlpx
