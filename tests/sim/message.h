// The byte that a message of the model is; included by model*.cc.
#pragma once

#include "tests/sim/model.h"

namespace flblk::sim {

inline constexpr unsigned kHeardSlots = 3;  // what is older is no message of late
inline constexpr unsigned kFlashblockCode = 2;

inline Message MakeMessage(unsigned code, Slot slot) {
  return static_cast<Message>(code | slot << 3);
}
inline unsigned CodeOf(Message m) { return m & 7; }
inline Slot SlotOfMessage(Message m) { return m >> 3 & 15; }
inline bool IsOld(Message m) { return (m & 128) != 0; }

}  // namespace flblk::sim
