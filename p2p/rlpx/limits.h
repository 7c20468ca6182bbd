// Every limit of the RLPx layer that a length or a time from outside meets. Sources beside each
// number.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "p2p/wire/limits.h"
#include "p2p/wire/time.h"

namespace flblk::rlpx {

// EIP-8 packet, the bytes after its two size bytes. geth refuses more.
inline constexpr size_t kMaxHandshakePacket = 2048;
// First frame after the handshake, and everything before the peer's Hello (reth, geth).
inline constexpr size_t kMaxHelloFrame = 2048;
inline constexpr size_t kMaxHelloCapabilities = 64;
inline constexpr size_t kMaxClientIdBytes = 128;  // kept of the peer's; the rest is cut
// Uncompressed payload of Ping, Pong and Disconnect.
inline constexpr size_t kMaxBaseMessage = 1024;
// Uncompressed payload of an eth message we look into (Status, requests).
// The largest honest ones are lists of some hundred hashes.
inline constexpr size_t kMaxEthMessage = size_t{128} << 10;
// Uncompressed body of a received flblk message: World Chain may send 2^24 bytes with the id. We
// send one less.
inline constexpr size_t kMaxFlblkBody = wire::kMaxMessageBytes;
// One message, compressed and with its id, as it fits a frame.
inline constexpr size_t kMaxFrameContent = wire::kMaxFrameBytes;

struct SessionLimits {
  // Time.
  Duration handshake = std::chrono::seconds(20);  // from the first byte to both Hellos
  Duration hello = std::chrono::seconds(10);      // from the keys to the peer's Hello
  Duration status = std::chrono::seconds(10);     // from both Hellos to the peer's eth Status
  Duration ping = std::chrono::seconds(15);  // between our Pings; geth closes after 30 s of silence
  Duration idle = std::chrono::seconds(45);  // nothing at all arrived: Disconnect 0x0b
  Duration frame =
      std::chrono::seconds(30);  // from its first byte to its last: 0x0b (geth as well)
  // Incoming Pings: a token bucket, as reth has since 2026-08.
  uint32_t ping_burst = 5;
  Duration ping_refill = std::chrono::seconds(1);
  // Incoming eth requests: a token bucket. reth and geth have one of each kind under way at a time,
  // which eth_answer keeps at 10/s.
  uint32_t eth_request_burst = 100;
  Duration eth_request_refill = std::chrono::milliseconds(20);
  // How long we wait for the peer's Status (to mirror it) before we send a default one. Whoever
  // knows the network speaks before whoever does not.
  Duration status_wait_configured = std::chrono::seconds(1);
  Duration status_wait_mirror = std::chrono::seconds(2);
  // Empty answers to eth requests are held back this long, so that a peer that retries does not
  // spin.
  Duration eth_answer = std::chrono::milliseconds(100);
};
inline constexpr SessionLimits kSessionLimits;

}  // namespace flblk::rlpx
