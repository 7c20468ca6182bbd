// A peer by hand: a blocking socket and a session, which reads only when the test says so.
#pragma once

#include <string>
#include <vector>

#include "p2p/rlpx/session.h"

namespace flblk::net::testing {

class RawPeer {
 public:
  // Connects to 127.0.0.1:`port`. `small_buffer`: asks the kernel for a small receive buffer, so
  // that not reading is felt soon.
  explicit RawPeer(uint16_t port, bool small_buffer = false);
  ~RawPeer();
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  void Close();
  // The hard way: the other end sees a reset.
  void Reset();
  // Bytes without any session.
  void SendBytes(ByteView bytes);
  // Reads until the other end closes or `limit` has passed; true: it closed.
  bool ReadUntilClosed(Duration limit);

  // Begins a session as initiator.
  void StartSession(const rlpx::NodeKey* key, const NodeId& remote, const rlpx::EthConfig& eth = {},
                    const std::string& client_id = "raw/1");
  // Reads, and answers what the session answers by itself, until the event arrives; false: it did
  // not within the limit.
  bool WaitEstablished(Duration limit);
  bool WaitMessages(size_t n, Duration limit);
  bool WaitClosed(Duration limit);
  void Send(const wire::Frame& frame);
  void SendControl(wire::MessageId id);
  // The first `n` bytes of the session's output only, once.
  void SendPartOfOutput(size_t n);

  const std::vector<wire::FramePtr>& messages() const { return messages_; }
  const rlpx::Closed& closed() const { return *closed_; }

 private:
  template <typename Condition>
  bool Run(Condition condition, Duration limit);
  bool ReadSome(Duration limit);
  void Flush();

  int fd_ = -1;
  bool eof_ = false;
  std::optional<rlpx::Session> session_;
  bool established_ = false;
  std::optional<rlpx::Closed> closed_;
  std::vector<wire::FramePtr> messages_;
};

}  // namespace flblk::net::testing
