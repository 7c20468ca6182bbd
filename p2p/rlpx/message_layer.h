// What happens inside the frames of one connection: Hello, snappy, capability ids, Ping,
// Disconnect, eth. Opened frames go in, events and payloads of frames to be sealed come out. Pure.
//
//   before both Hellos: Hello or Disconnect, plain      after: everything is snappy compressed
//   ids 0x00..0x03 Hello, Disconnect, Ping, Pong; from 0x10 on the shared capabilities, see
//   capability.h
//
// A breach of devp2p itself is answered by Disconnect 0x02, one of eth or flblk by 0x10, whose
// penalty at reth is milder.
#pragma once

#include <optional>
#include <vector>

#include "p2p/rlpx/capability.h"
#include "p2p/rlpx/frame.h"
#include "p2p/rlpx/hello.h"
#include "p2p/rlpx/liveness.h"
#include "p2p/rlpx/session_types.h"

namespace flblk::rlpx {

class MessageLayer {
 public:
  // `remote`: the key proven in the handshake. Puts our Hello into the outbox. `deadline`: for the
  // peer's.
  MessageLayer(const SessionConfig& config, const NodeId& remote, MonoTime deadline);

  // Content limit of the next incoming frame.
  size_t MaxContent() const { return liveness_ ? kMaxFrameContent : kMaxHelloFrame; }

  void OnHeard(Now now);      // any bytes
  void OnFramePart(Now now);  // a frame has begun and is not whole yet
  void OnFrame(OpenedFrame frame, Now now, std::vector<SessionEvent>& out);
  void OnTimer(Now now, std::vector<SessionEvent>& out);
  std::optional<MonoTime> NextDeadline() const;
  // Disconnect (into the outbox) and Closed.
  void Close(DisconnectReason reason, std::string why, std::vector<SessionEvent>& out);
  bool closed() const { return closed_; }

  // The shared flblk; null before Established and after Closed.
  const SharedCapability* flblk() const { return flblk_ && !closed_ ? &*flblk_ : nullptr; }

  struct Message {
    uint8_t id = 0;
    Bytes payload;  // as it goes into the frame
  };
  // To be sealed in this order; the caller empties it after each call.
  std::vector<Message>& outbox() { return outbox_; }

 private:
  using Events = std::vector<SessionEvent>;
  void OnFirstFrame(const OpenedFrame& frame, Now now, Events& out);
  void OnHello(const Hello& theirs, Now now, Events& out);
  void OnBaseMessage(const OpenedFrame& frame, Now now, Events& out);
  void OnDisconnect(ByteView payload, Events& out);
  void OnEth(const OpenedFrame& frame, Now now, Events& out);
  void OnFlblk(OpenedFrame frame, Events& out);
  // Seals the companion's answers and reports its failure or its remote Status.
  void AfterEth(std::optional<EthCompanion::Failure> failure, bool was_ready,
                std::vector<EthCompanion::Out> answers, Events& out);
  void Put(uint8_t id, ByteView body);

  const SessionConfig config_;
  const NodeId remote_;
  const MonoTime hello_due_;
  std::optional<SharedCapability> eth_;
  std::optional<SharedCapability> flblk_;
  std::optional<Liveness> liveness_;  // from Established on
  std::optional<EthCompanion> companion_;
  bool closed_ = false;
  std::vector<Message> outbox_;
};

}  // namespace flblk::rlpx
