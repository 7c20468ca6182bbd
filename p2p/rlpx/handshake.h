// The EIP-8 handshake, both roles, as a byte machine. One packet goes each way; each is one ECIES
// packet.
//
//   auth body = [ signature(65), initiator-id(64), nonce(32), 4, ... ] padding
//   ack body  = [ recipient-ephemeral-id(64), nonce(32), 4, ... ] padding
//   signature = by the initiator's ephemeral key over (static-shared-x XOR nonce): r s v
//
// Further list items, any version number and any padding are accepted. We write 100..299 zero bytes
// of padding. Source: devp2p rlpx.md "Initial Handshake", EIP-8.
#pragma once

#include <optional>

#include "p2p/rlpx/node_key.h"
#include "signer/keccak.h"

namespace flblk::rlpx {

enum class Role : uint8_t { kInitiator, kRecipient };

// What the frames are made with. Wiped on destruction.
struct Secrets {
  Hash32 aes{};               // AES-256-CTR key of both directions
  Hash32 mac{};               // AES-256 key inside the MACs
  Keccak256State egress_mac;  // with nonce and packet already absorbed
  Keccak256State ingress_mac;

  Secrets() = default;
  Secrets(const Secrets&) = default;
  Secrets& operator=(const Secrets&) = default;
  ~Secrets();
};

// What one side of a handshake draws at random.
struct HandshakeRandom {
  FixedBytes<32> ephemeral{};  // session key pair, signs and agrees
  FixedBytes<32> ecies{};      // key pair of our packet's encryption
  Hash32 nonce{};
  FixedBytes<16> iv{};
  uint8_t padding = 100;  // modulo 200: bytes of padding beyond the least 100

  // Deterministic: the same 32 bytes give the same values.
  static HandshakeRandom FromEntropy(std::span<const uint8_t, 32> entropy);
};

class Handshake {
 public:
  // `key` outlives the handshake. `remote`: whom the initiator dialled; a recipient ignores it.
  Handshake(Role role, const NodeKey* key, std::optional<NodeId> remote,
            const HandshakeRandom& random);
  ~Handshake();

  // The initiator's auth packet; empty for a recipient. INVALID_ARGUMENT where `remote` is absent
  // or no curve point. Called once, before Feed.
  absl::StatusOr<Bytes> Start();

  // Takes bytes from the socket up to the end of the peer's packet and returns how many that were;
  // the rest belongs to the frames. After an error the handshake is dead. INVALID_ARGUMENT,
  // UNAUTHENTICATED.
  absl::StatusOr<size_t> Feed(ByteView bytes);

  bool done() const { return secrets_.has_value(); }
  // All below: once done. The recipient's ack packet, to be written (empty for an initiator).
  const Bytes& reply() const { return reply_; }
  // The peer's static key, proven.
  const NodeId& remote() const { return *remote_; }
  const Secrets& secrets() const { return *secrets_; }

 private:
  absl::Status ReadAuth();
  absl::Status ReadAck();
  absl::Status Finish(const NodeId& remote_ephemeral, const Hash32& remote_nonce);

  Role role_;
  const NodeKey* key_;
  std::optional<NodeId> remote_;
  HandshakeRandom random_;
  std::optional<NodeKey> ephemeral_;
  Bytes received_;  // the peer's packet as it arrives, at most 2 + kMaxHandshakePacket bytes
  Bytes sent_;      // ours, once made
  Bytes reply_;
  std::optional<Secrets> secrets_;
};

}  // namespace flblk::rlpx
