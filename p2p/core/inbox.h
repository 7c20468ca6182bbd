// The block in progress: verified flashblocks in index order, each once, from index 0 without a
// gap.
//
// A block is a slot and a payload id. The first verified flashblock of a newer slot opens its
// block; whatever else comes with an older slot, or with another payload id for the same slot, is
// not delivered (first wins, as at the reference). The payload id is a hash of parent and
// attributes, so the builder that takes over in the middle of a block is authorized for the same id
// and goes on at the next index: continuity is by payload id, whoever signs. A successor authorized
// for another id (the version byte counts, as at the reference) cannot continue the block; it is
// heard again in the next slot.
//
// Bounded: kMaxFlashblockIndex + 1 flashblocks and kMaxBlockBytes of bodies; what exceeds that is
// refused.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "p2p/core/events.h"

namespace flblk::core {

class Inbox {
 public:
  static constexpr size_t kMaxBlockBytes = size_t{64} << 20;

  enum class Verdict : uint8_t {
    kAccepted,      // new: relay it; `delivered` may still be empty (a gap before it)
    kDuplicate,     // the content is known, only the signature differs
    kEvidence,      // contradicts `first`; see Offered
    kOtherPayload,  // another builder's other payload id for this slot
    kLate,          // its block is over
    kFull,          // over a bound
  };
  struct Offered {
    Verdict verdict = Verdict::kAccepted;
    std::span<const FlashblockDelivered>
        delivered;                              // now in order; views block(), until the next Offer
    Evidence kind = Evidence::kTwoFlashblocks;  // kEvidence only
    wire::FramePtr first;                       // kEvidence only: the frame that came first
  };
  // `item` is verified, its index within the limit, its payload id that of its Authorization.
  Offered Offer(FlashblockDelivered item);

  bool empty() const { return block_.empty() && ahead_.empty(); }
  uint64_t slot() const { return slot_; }  // 0 while empty
  const PayloadId& payload_id() const { return payload_id_; }
  // In order from index 0; ends before the first gap.
  const std::vector<FlashblockDelivered>& block() const { return block_; }
  // Behind a gap, by index.
  const std::map<uint64_t, FlashblockDelivered>& ahead() const { return ahead_; }

  // Where a publisher with this Authorization goes on.
  struct Resume {
    bool possible = true;     // false: the slot is over, or has another payload id
    uint64_t next_index = 0;  // behind the highest index known
    uint64_t missing = 0;     // indices below it that never came
  };
  Resume ResumePoint(const Authorization& authorization) const;

 private:
  const FlashblockDelivered* At(uint64_t index) const;
  const FlashblockDelivered* FirstBy(const PublicKey& builder) const;
  void Open(uint64_t slot, const PayloadId& payload_id);

  uint64_t slot_ = 0;
  PayloadId payload_id_{};
  std::vector<FlashblockDelivered> block_;
  std::map<uint64_t, FlashblockDelivered> ahead_;
  size_t bytes_ = 0;  // of the bodies held
};

}  // namespace flblk::core
