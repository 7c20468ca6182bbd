#include "p2p/wire/known_frames.h"

#include <algorithm>

namespace flblk::wire {
namespace {

// The end first: it holds the signature, so that different frames of one size differ there.
constexpr size_t kTail = 64;

bool Same(ByteView a, ByteView b) {
  if (a.size() != b.size()) return false;
  if (a.data() == b.data()) return true;  // what is relayed and delivered is one frame
  const size_t tail = std::min(a.size(), kTail);
  return std::ranges::equal(a.last(tail), b.last(tail)) && std::ranges::equal(a, b);
}

}  // namespace

void KnownFrames::Add(const FramePtr& frame) {
  if (Size(*frame) > kMaxBytes || Find(frame->id, frame->snappy) != nullptr) return;
  frames_.push_front(frame);
  bytes_ += Size(*frame);
  while (frames_.size() > kCapacity || bytes_ > kMaxBytes) {
    bytes_ -= Size(*frames_.back());
    frames_.pop_back();
  }
}

FramePtr KnownFrames::Find(MessageId id, ByteView snappy) const {
  for (const FramePtr& frame : frames_) {
    if (frame->id == id && Same(frame->snappy, snappy)) return frame;
  }
  return nullptr;
}

}  // namespace flblk::wire
