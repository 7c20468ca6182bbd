// The flashblock frames accepted lately, by their compressed bytes. Copies that other peers pass on
// are the same bytes: they are recognised by comparing, without uncompressing or parsing another
// body, and share the memory of the first.
//
// Only verified frames are put in, and only an equal frame is found: nobody can make another one
// look known, nor push out what is in here but a builder of the network. A copy compressed by
// another encoder is not found and goes the long way. What a copy means for its sender is decided
// by the engine from the frame found, exactly as from one that was uncompressed.
//
// Bounded by kCapacity frames and kMaxBytes; the oldest makes room. Not thread-safe.
#pragma once

#include <deque>

#include "p2p/wire/frame.h"

namespace flblk::wire {

class KnownFrames {
 public:
  static constexpr size_t kCapacity = 32;
  static constexpr size_t kMaxBytes = size_t{32} << 20;  // bodies and compressed bytes

  // Nothing happens where it is in here, or over kMaxBytes by itself.
  void Add(const FramePtr& frame);
  // null: not known. The frame found has these id and bytes.
  FramePtr Find(MessageId id, ByteView snappy) const;

 private:
  static size_t Size(const Frame& frame) { return frame.body.size() + frame.snappy.size(); }

  std::deque<FramePtr> frames_;  // newest first
  size_t bytes_ = 0;
};

}  // namespace flblk::wire
