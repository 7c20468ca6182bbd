#include "p2p/core/inbox.h"

#include <utility>

#include "p2p/wire/limits.h"

namespace flblk::core {
namespace {

Inbox::Offered Refuse(Inbox::Verdict verdict) {
  Inbox::Offered offered;
  offered.verdict = verdict;
  return offered;
}

Inbox::Offered Against(Evidence kind, const FlashblockDelivered& first) {
  Inbox::Offered offered = Refuse(Inbox::Verdict::kEvidence);
  offered.kind = kind;
  offered.first = first.frame;
  return offered;
}

// What the second flashblock for a known (payload id, index) means.
Inbox::Offered Compare(const FlashblockDelivered& first, const FlashblockDelivered& second) {
  if (first.authorization.builder_vk != second.authorization.builder_vk) {
    return Against(Evidence::kTwoBuilders, first);
  }
  if (*first.flashblock == *second.flashblock) return Refuse(Inbox::Verdict::kDuplicate);
  return Against(Evidence::kTwoFlashblocks, first);
}

}  // namespace

Inbox::Offered Inbox::Offer(FlashblockDelivered item) {
  const Authorization& authorization = item.authorization;
  const uint64_t index = item.flashblock->index;
  if (!empty() && authorization.timestamp < slot_) return Refuse(Verdict::kLate);
  if (empty() || authorization.timestamp > slot_) {
    Open(authorization.timestamp, authorization.payload_id);
  } else if (authorization.payload_id != payload_id_) {
    const FlashblockDelivered* first = FirstBy(authorization.builder_vk);
    return first != nullptr ? Against(Evidence::kTwoPayloads, *first)
                            : Refuse(Verdict::kOtherPayload);
  } else if (const FlashblockDelivered* first = At(index)) {
    return Compare(*first, item);
  }
  const size_t size = item.frame->body.size();
  const bool over = !item.own && bytes_ + size > kMaxBlockBytes;  // ours are out already
  if (over || index > wire::kMaxFlashblockIndex) return Refuse(Verdict::kFull);
  bytes_ += size;
  const size_t before = block_.size();
  if (index != before) {
    ahead_.emplace(index, std::move(item));
    return {};
  }
  block_.push_back(std::move(item));
  for (auto it = ahead_.find(block_.size()); it != ahead_.end(); it = ahead_.find(block_.size())) {
    block_.push_back(std::move(it->second));
    ahead_.erase(it);
  }
  Offered offered;
  offered.delivered = std::span(block_).subspan(before);
  return offered;
}

void Inbox::Open(uint64_t slot, const PayloadId& payload_id) {
  slot_ = slot;
  payload_id_ = payload_id;
  block_.clear();
  ahead_.clear();
  bytes_ = 0;
}

const FlashblockDelivered* Inbox::At(uint64_t index) const {
  if (index < block_.size()) return &block_[index];
  const auto it = ahead_.find(index);
  return it == ahead_.end() ? nullptr : &it->second;
}

const FlashblockDelivered* Inbox::FirstBy(const PublicKey& builder) const {
  for (const FlashblockDelivered& item : block_) {
    if (item.authorization.builder_vk == builder) return &item;
  }
  for (const auto& [index, item] : ahead_) {
    if (item.authorization.builder_vk == builder) return &item;
  }
  return nullptr;
}

Inbox::Resume Inbox::ResumePoint(const Authorization& authorization) const {
  if (empty() || authorization.timestamp > slot_) return {};
  if (authorization.timestamp < slot_ || authorization.payload_id != payload_id_) {
    return {.possible = false};
  }
  const uint64_t next = ahead_.empty() ? block_.size() : ahead_.rbegin()->first + 1;
  return {.possible = true, .next_index = next, .missing = next - block_.size() - ahead_.size()};
}

}  // namespace flblk::core
