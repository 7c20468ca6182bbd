// What waits for one peer's socket: shared frames in the order of the engine, under a byte bound.
// Pure.
//
// Frames wait here unencrypted and uncopied (one immutable buffer for all peers) and are sealed
// only when the socket can take them, because what is sealed can no longer be dropped: frame MACs
// chain.
//
// Who is dropped when a peer is slow (the publisher never waits, other peers never notice):
//   1. Control messages: never. A peer with more than kMaxControl of them waiting is beyond help:
//   kOverflow.
//   2. Blocks (slots) that have become stale, more than kMaxSlotAge behind the newest one queued:
//   the receiver
//      may already be charged for passing them on (kStaleGraceSeconds).
//   3. Over the byte bound: the oldest waiting block as a whole, then the next one, but never a
//   part of the
//      block that the new frame belongs to.
//   4. Still over: the new frame itself, and with it the rest of its block.
// A block once cut stays cut: later frames of it, or of an older one, are refused. So a peer always
// sees a prefix of each block, perhaps an empty one, and never a gap inside it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "p2p/core/events.h"

namespace flblk::net {

class SendQueue {
 public:
  static constexpr size_t kMaxControl = 1024;    // frames
  static constexpr uint64_t kMaxSlotAge = 6;     // seconds
  static constexpr size_t kFrameOverhead = 128;  // bytes charged per frame beside its snappy body

  explicit SendQueue(size_t max_bytes) : max_bytes_(max_bytes) {}

  enum class Verdict : uint8_t {
    kQueued,    // waits in order
    kDropped,   // refused: a flashblock of a block that is cut for this peer
    kOverflow,  // control bound hit; close the peer
  };
  // `slot` counts for flashblocks only.
  Verdict Push(wire::FramePtr frame, core::SendClass cls, uint64_t slot);

  bool empty() const { return items_.empty(); }
  const wire::FramePtr& front() const { return items_.front().frame; }
  void Pop();

  // Drops every flashblock and refuses those to come; control messages stay. For the way out.
  void DropFlashblocks();

  size_t bytes() const { return bytes_; }  // waiting, overhead included; control is not counted
  size_t frames() const { return items_.size(); }
  uint64_t dropped() const { return dropped_; }  // flashblocks, ever

 private:
  struct Item {
    wire::FramePtr frame;
    uint64_t slot;  // kControlSlot: control
    size_t cost;
  };
  static constexpr uint64_t kControlSlot = UINT64_MAX;

  void DropThrough(uint64_t slot);
  // The oldest slot that waits; kControlSlot where no flashblock does.
  uint64_t OldestSlot() const;

  std::deque<Item> items_;
  size_t max_bytes_;
  size_t bytes_ = 0;
  size_t control_ = 0;
  uint64_t newest_slot_ = 0;
  uint64_t open_from_ = 0;  // slots below are cut
  uint64_t dropped_ = 0;
};

}  // namespace flblk::net
