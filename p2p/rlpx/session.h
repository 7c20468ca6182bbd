// One RLPx connection as a byte machine: EIP-8 handshake, frames, Hello, snappy, capability matching, Ping,
// Disconnect and the eth companion. No socket, no clock, no thread. Any split of the input gives the same
// events and the same output; after the first error the session is dead and says so.
//
// Sources: devp2p rlpx.md, EIP-8, EIP-706; time limits: see kSessionLimits in limits.h of this folder.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "p2p/rlpx/node_key.h"
#include "p2p/wire/frame.h"
#include "p2p/wire/time.h"

namespace flblk::rlpx {

enum class Role : uint8_t { kInitiator, kRecipient };

// devp2p Disconnect reasons.
enum class DisconnectReason : uint8_t {
  kRequested = 0x00, kTcpError = 0x01, kProtocolBreach = 0x02, kUselessPeer = 0x03, kTooManyPeers = 0x04,
  kAlreadyConnected = 0x05, kIncompatibleVersion = 0x06, kInvalidIdentity = 0x07, kClientQuitting = 0x08,
  kUnexpectedIdentity = 0x09, kSelf = 0x0a, kPingTimeout = 0x0b, kSubprotocolError = 0x10,
};
const char* Name(DisconnectReason reason);

// The eth companion: reth drops every session without a shared `eth`. See eth_companion.h.
struct EthConfig {
  bool enabled = true;                     // offer eth/69 and eth/68
  std::optional<uint64_t> network_id;      // expected and sent; absent: mirror the remote's
  std::optional<Hash32> genesis;           // expected and sent; absent: mirror
  FixedBytes<4> fork_hash{};               // sent where the remote's Status did not come first
  uint64_t fork_next = 0;
  Hash32 head_hash{};                      // latest; zero: genesis
  uint64_t head_number = 0;
};

struct SessionConfig {
  Role role = Role::kRecipient;
  const NodeKey* key = nullptr;            // ours; outlives the session
  std::optional<NodeId> remote;            // initiator: whom we dialled
  std::string client_id = "flblk/0.1.0";
  uint16_t listen_port = 0;
  bool offer_flblk1 = true;                // flblk/2 is always offered
  EthConfig eth;
};

// ---- events
struct Established {                       // both Hellos done, flblk shared
  NodeId node_id{};
  std::string client_id;
  uint8_t flblk_version = 2;
  uint8_t eth_version = 0;                 // 0: none shared
  uint16_t remote_listen_port = 0;
};
struct MessageReceived {
  wire::FramePtr frame;
};
struct EthReady {                          // the remote's Status was accepted
  uint64_t network_id = 0;
  Hash32 genesis{};
};
// Terminal, last event of every session. Pending output (a Disconnect) may still be flushed, then close.
struct Closed {
  std::optional<DisconnectReason> received;  // the peer's reason
  std::optional<DisconnectReason> sent;      // ours
  std::string why;                           // one line for the log
};
using SessionEvent = std::variant<Established, MessageReceived, EthReady, Closed>;

class Session {
 public:
  // `entropy` seeds ephemeral key, nonce, IV and padding; 32 bytes from the system generator in production.
  Session(const SessionConfig& config, std::span<const uint8_t, 32> entropy, Now now);
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  // Bytes from the socket, any split.
  void OnBytes(ByteView bytes, Now now, std::vector<SessionEvent>& out);
  void OnTimer(Now now, std::vector<SessionEvent>& out);
  std::optional<MonoTime> NextDeadline() const;

  // Seals one flblk message into the output. Only between Established and Closed; FAILED_PRECONDITION else.
  absl::Status Send(const wire::Frame& frame);
  // Our side ends it: writes Disconnect where the protocol allows one and emits Closed.
  void Disconnect(DisconnectReason reason, std::string why, Now now, std::vector<SessionEvent>& out);

  // Ordered output bytes not yet taken. The driver writes them and then calls Consume.
  ByteView PendingOutput() const;
  void ConsumeOutput(size_t n);

  bool closed() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace flblk::rlpx
