#include "p2p/net/send_queue.h"

#include <algorithm>

namespace flblk::net {

SendQueue::Verdict SendQueue::Push(wire::FramePtr frame, core::SendClass cls, uint64_t slot) {
  if (cls == core::SendClass::kControl) {
    if (control_ >= kMaxControl) return Verdict::kOverflow;
    ++control_;
    items_.push_back({std::move(frame), kControlSlot, 0});
    return Verdict::kQueued;
  }
  if (slot < open_from_ || slot == kControlSlot) {
    ++dropped_;
    return Verdict::kDropped;
  }
  if (slot > newest_slot_) {
    newest_slot_ = slot;
    if (slot > kMaxSlotAge) DropThrough(slot - kMaxSlotAge - 1);
  }
  const size_t cost = frame->snappy.size() + kFrameOverhead;
  while (bytes_ + cost > max_bytes_ && OldestSlot() < slot) DropThrough(OldestSlot());
  if (bytes_ + cost > max_bytes_) {
    open_from_ = std::max(open_from_, slot + 1);
    ++dropped_;
    return Verdict::kDropped;
  }
  bytes_ += cost;
  items_.push_back({std::move(frame), slot, cost});
  return Verdict::kQueued;
}

void SendQueue::Pop() {
  const Item& item = items_.front();
  if (item.slot == kControlSlot) --control_;
  bytes_ -= item.cost;
  items_.pop_front();
}

void SendQueue::DropFlashblocks() { DropThrough(kControlSlot - 1); }

void SendQueue::DropThrough(uint64_t slot) {
  open_from_ = std::max(open_from_, slot + 1);
  if (bytes_ == 0) return;
  const auto kept = std::remove_if(items_.begin(), items_.end(), [&](const Item& item) {
    if (item.slot > slot) return false;
    bytes_ -= item.cost;
    ++dropped_;
    return true;
  });
  items_.erase(kept, items_.end());
}

uint64_t SendQueue::OldestSlot() const {
  uint64_t oldest = kControlSlot;
  for (const Item& item : items_) oldest = std::min(oldest, item.slot);
  return oldest;
}

}  // namespace flblk::net
