// What a session is given and what it reports.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "p2p/rlpx/disconnect.h"
#include "p2p/rlpx/eth_companion.h"
#include "p2p/rlpx/handshake.h"
#include "p2p/wire/known_frames.h"

namespace flblk::rlpx {

struct SessionConfig {
  Role role = Role::kRecipient;
  const NodeKey* key = nullptr;  // ours; outlives the session
  std::optional<NodeId> remote;  // initiator: whom we dialled
  std::string client_id = "flblk/0.1.0";
  uint16_t listen_port = 0;
  bool offer_flblk1 = true;  // flblk/2 is always offered
  EthConfig eth;
  const wire::KnownFrames* known_frames = nullptr;  // null: none; outlives the session
};

// ---- events
struct Established {  // both Hellos done, flblk shared
  NodeId node_id{};
  std::string client_id;
  uint8_t flblk_version = 2;
  uint8_t eth_version = 0;  // 0: none shared
  uint16_t remote_listen_port = 0;
};
struct MessageReceived {
  wire::FramePtr frame;
};
struct EthReady {  // the remote's Status was accepted
  uint64_t network_id = 0;
  Hash32 genesis{};
};
// Terminal, last event of every session. Pending output (a Disconnect) may still be flushed, then
// close.
struct Closed {
  std::optional<DisconnectReason> received;  // the peer's reason
  std::optional<DisconnectReason> sent;      // ours
  std::string why;                           // one line for the log
};
using SessionEvent = std::variant<Established, MessageReceived, EthReady, Closed>;

}  // namespace flblk::rlpx
