// A peer that feeds a node: everything up to the node's RequestFlashblocks and the Accept, then
// frames sealed in advance and written when the measurement wants them.
#pragma once

#include <optional>

#include "p2p/rlpx/session.h"

namespace flblk::bench {

class Feed {
 public:
  // Returns once the node at 127.0.0.1:port has asked for flashblocks. `key` outlives the feed.
  Feed(uint16_t port, const NodeId& node, const rlpx::NodeKey& key);
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  void Seal(const wire::Frame& frame);
  // Of sealed bytes, those not written yet.
  size_t left() const { return session_->PendingOutput().size(); }
  // At most `limit` bytes, without waiting; true: the socket took something.
  bool WriteSome(size_t limit);
  // All but the last `keep` bytes.
  void WriteBut(size_t keep);
  // Answers what the node has asked meanwhile (Pings).
  void Answer();

 private:
  void Turn();

  const int fd_;
  std::optional<rlpx::Session> session_;
  bool asked_ = false;
};

}  // namespace flblk::bench
