// One RLPx connection as a byte machine: EIP-8 handshake, frames, Hello, snappy, capability
// matching, Ping, Disconnect and the eth companion. No socket, no clock, no thread. Any split of
// the input gives the same events and the same output; after the first error the session is dead
// and says so.
//
// Memory: an idle session holds a few KB; a message in flight up to its size, as far as it has
// arrived. Sources: devp2p rlpx.md, EIP-8, EIP-706; time limits: see kSessionLimits in limits.h of
// this folder.
#pragma once

#include <memory>
#include <vector>

#include "p2p/rlpx/node_key.h"
#include "p2p/rlpx/output_buffer.h"
#include "p2p/rlpx/session_types.h"
#include "p2p/wire/time.h"
#include "signer/keccak_lanes.h"

namespace flblk::rlpx {

class FrameSealer;

class Session {
 public:
  // `entropy` seeds ephemeral key, nonce, IV and padding; 32 bytes from the system generator in
  // production.
  Session(const SessionConfig& config, std::span<const uint8_t, 32> entropy, Now now);
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  // Bytes from the socket, any split.
  void OnBytes(ByteView bytes, Now now, std::vector<SessionEvent>& out);
  // For a driver that has the MACs of several sessions absorb together (AbsorbAll in
  // keccak_lanes.h), where most of the work on large messages is: what the MAC can absorb of
  // `bytes` in advance; `state` is null where there is nothing. Whoever takes a job does it before
  // any other call of this session that brings bytes, and the next bytes are these, in any split.
  KeccakJob TakeAhead(ByteView bytes);
  void OnTimer(Now now, std::vector<SessionEvent>& out);
  std::optional<MonoTime> NextDeadline() const;

  // Seals one flblk message into the output. Only between Established and Closed;
  // FAILED_PRECONDITION else, or where the negotiated version has no such id. INVALID_ARGUMENT:
  // frame.snappy is empty; RESOURCE_EXHAUSTED: it does not fit a frame.
  absl::Status Send(const wire::Frame& frame);
  // Our side ends it: writes Disconnect where the protocol allows one and emits Closed.
  void Disconnect(DisconnectReason reason, std::string why, Now now,
                  std::vector<SessionEvent>& out);

  // Ordered output bytes not yet taken; valid until the next call of this session that is not
  // const. The driver writes them and then calls Consume. A session answers Pings and eth requests
  // by itself, at a bounded rate: the driver bounds the sum by dropping peers that do not read.
  ByteView PendingOutput() const;
  void ConsumeOutput(size_t n);

  bool closed() const;

  // For a driver that seals one message for many sessions at once (SealMany in seal_many.h): the
  // egress state and where its frames go, in place of Send. `sealer` is null before Established and
  // after Closed. Each frame is made room for and sealed before any other call of this session.
  struct Egress {
    FrameSealer* sealer = nullptr;
    OutputBuffer* output = nullptr;
    uint8_t flblk_offset = 0;  // wire id = offset + wire::MessageId
    uint8_t flblk_length = 0;  // ids of the negotiated version
  };
  Egress egress();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace flblk::rlpx
