// Slots in the search. They are kept relative: the slot in progress is always kCurrent, and when it
// ends everything is renumbered. Order and small distances stay, larger ones collapse to two:
// nothing in the hand-off tells "two slots ago" from "more than two slots ago", and nothing knows
// the time of day. So a run of any number of slots stays within a few numbers, and the search
// reaches a fixpoint without a limit on slots.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "p2p/wire/time.h"
#include "signer/authorization.h"

namespace flblk::sim {

inline constexpr size_t kMaxParties = 3;

using Slot = uint8_t;                 // 0: none
using Key = uint8_t;                  // the key of party i is the i-th lowest
inline constexpr Slot kCurrent = 14;  // fits the four bits of a message
inline constexpr Slot kSlots = kCurrent + 1;

using SlotMap = std::array<Slot, kSlots>;  // old number -> new number

// The renumbering at the end of a slot, where `used` has a bit for each slot that is still known
// somewhere. False: more slots are remembered than fit.
inline bool NextSlotMap(uint32_t used, SlotMap& out) {
  out = {};
  int next = kCurrent;  // the new slot
  int above = kCurrent + 1;
  for (int old = kCurrent; old > 0; --old) {
    if ((used >> old & 1) == 0) continue;
    next -= above - old < 2 ? 1 : 2;
    if (next < 1) return false;
    out[old] = static_cast<Slot>(next);
    above = old;
  }
  return true;
}

inline constexpr uint64_t kBlockSeconds = 2;
inline constexpr Duration kInterval = std::chrono::milliseconds(200);

inline uint64_t Timestamp(Slot slot) { return slot == 0 ? 0 : 1000 + kBlockSeconds * slot; }
inline Slot SlotOf(uint64_t timestamp) {
  return timestamp == 0 ? 0 : static_cast<Slot>((timestamp - 1000) / kBlockSeconds);
}

inline PublicKey KeyOf(Key key) {
  PublicKey k;
  k.bytes[0] = static_cast<uint8_t>(key + 1);
  return k;
}

inline Authorization AuthorizationFor(Key key, Slot slot) {
  Authorization a;
  a.payload_id = {3, 0, 0, 0, 0, 0, 0, slot};
  a.timestamp = Timestamp(slot);
  a.builder_vk = KeyOf(key);
  return a;
}

inline char NameOf(uint8_t party) { return static_cast<char>('A' + party); }

}  // namespace flblk::sim
