#include "p2p/core/frame_memory.h"

#include <algorithm>
#include <cstring>

namespace flblk::core {

size_t FrameMemory::Hash::operator()(const FrameKey& key) const {
  // Keys are signed by builders of the network: nobody else can choose them.
  uint64_t payload = 0, builder = 0;
  std::memcpy(&payload, key.payload_id.data(), sizeof payload);
  std::memcpy(&builder, key.builder.bytes.data(), sizeof builder);
  uint64_t h = payload;
  for (const uint64_t part : {builder, key.slot, key.index}) {
    h = (h ^ part) * 0x9e3779b97f4a7c15;
    h ^= h >> 32;
  }
  return h;
}

SeenFrame* FrameMemory::Find(const FrameKey& key) {
  const auto it = numbers_.find(key);
  return it == numbers_.end() ? nullptr : &frames_[it->second - base_];
}

SeenFrame& FrameMemory::Insert(const FrameKey& key, const Signature& actor_sig, MonoTime now) {
  Expire(now);
  if (frames_.size() >= kCapacity) PopFront();
  numbers_[key] = base_ + frames_.size();
  SeenFrame& frame = frames_.emplace_back();
  frame.key = key;
  frame.actor_sig = actor_sig;
  frame.first_at = now;
  return frame;
}

void FrameMemory::Expire(MonoTime now) {
  while (!frames_.empty() && now - frames_.front().first_at > kRetention) PopFront();
}

void FrameMemory::PopFront() {
  const auto it = numbers_.find(frames_.front().key);
  if (it != numbers_.end() && it->second == base_) numbers_.erase(it);  // not of a later copy
  frames_.pop_front();
  ++base_;
  cursor_ = std::max(cursor_, base_);
}

void FrameMemory::ForgetPeer(size_t number) {
  for (SeenFrame& frame : frames_) frame.have.Remove(number);
}

}  // namespace flblk::core
