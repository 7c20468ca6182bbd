// The sequencer and the hosts of the builders.
#include <algorithm>

#include "tests/sim/world_state.h"

namespace flblk::sim {

void World::SlotStart(uint32_t slot) {
  if (slot > 0) Seal(slot - 1);
  Forkchoice(authorized_, slot, true);
  for (uint32_t b = 0; b < s_.builders; ++b) {
    if (b == authorized_) continue;
    for (const Failover& f : s_.failovers) {
      if (f.tell_the_old && f.at + kWarmUp <= now_) {
        Forkchoice(b, slot, false);
        break;
      }
    }
  }
}

void World::Forkchoice(uint32_t builder, uint32_t slot, bool authorized) {
  if (!nodes_[builder].engine || Frozen(builder)) return;
  if (authorized) nodes_[builder].was_frozen.reset();
  core::ForkchoiceUpdated update;
  update.attributes = core::PayloadAttributes{Timestamp(slot), slot, IdOfSlot(slot)};
  if (authorized) {
    update.authorization =
        FakeAuthorization(Keys().back(), IdOfSlot(slot), Timestamp(slot), Keys()[builder]);
    Log("builder ", builder, " is authorized for slot ", slot);
  }
  Step(builder, update);
}

void World::SchedulePublish(uint32_t n) {
  Node& node = nodes_[n];
  if (!node.publishing || node.next_index >= s_.flashblocks) return;
  const Duration due =
      SlotBegin(node.host_slot) + kPublishInterval * static_cast<int64_t>(node.next_index + 1);
  Push(std::max(due, now_), What::kPublish, n, 0, ++node.publish_ticket);
}

void World::Publish(uint32_t n, uint64_t ticket) {
  Node& node = nodes_[n];
  if (!node.engine || !node.publishing || ticket != node.publish_ticket) return;
  Log("builder ", n, " publishes slot ", node.host_slot, " index ", node.next_index);
  Step(n, MakeFlashblock(n));
}

// Another life of a host builds another block.
core::PublishFlashblock World::MakeFlashblock(uint32_t n) const {
  const Node& node = nodes_[n];
  core::PublishFlashblock publish;
  wire::FlashblocksPayloadV1& f = publish.flashblock;
  f.index = node.next_index;
  if (f.index == 0) {
    f.base.emplace();
    f.base->timestamp = Timestamp(node.host_slot);
    f.base->block_number = node.host_slot;
  }
  f.diff.gas_used = f.index;
  f.diff.transactions = {{static_cast<uint8_t>(node.host_slot), static_cast<uint8_t>(f.index),
                          static_cast<uint8_t>(n), static_cast<uint8_t>(node.life)}};
  f.metadata = "{\"fees\":\"0x0\"}";
  return publish;
}

// getPayload at the end of the slot. A host that would publish into it all the same is refused.
void World::Seal(uint32_t slot) {
  for (uint32_t n = 0; n < s_.builders; ++n) {
    Node& node = nodes_[n];
    if (!node.engine || Frozen(n) || !node.publishing || node.host_slot != slot) continue;
    Step(n, core::PayloadSealed{IdOfSlot(slot)});
    ++node.publish_ticket;
    if (node.engine->Step(MakeFlashblock(n), NowOf(node)).status.ok())
      Fail(absl::StrCat("builder ", n, " publishes into the sealed slot ", slot));
  }
}

void World::PublishingChanged(uint32_t n, const core::PublishingChanged& change) {
  Node& node = nodes_[n];
  Log("builder ", n, ": ", core::Name(change.from), " -> ", core::Name(change.to), " (",
      core::Name(change.cause), "), next index ", change.next_index, ", missing ", change.missing);
  if (change.from != change.to) ++result_.handoffs;
  if (change.authorization) {
    const uint32_t slot = SlotOf(change.authorization->timestamp);
    if (change.from != change.to && slot != node.active_slot) node.announced = now_;
    node.active_slot = slot;
  }
  node.publishing = change.to == core::PublishState::kPublishing;
  CheckClearance(n, node.publishing);
  if (change.cause == core::Cause::kTakeoverTimeout && now_ < node.rival_heard + s_.takeover_after)
    Fail(absl::StrCat("builder ", n, " takes over from one that is not silent"));
  if (!node.publishing) return;
  node.host_slot = SlotOf(change.authorization->timestamp);
  node.next_index = change.next_index;
  if (change.missing > 0) node.next_index = s_.flashblocks;  // cannot build on what it never saw
  SchedulePublish(n);
}

}  // namespace flblk::sim
