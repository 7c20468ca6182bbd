#include "p2p/core/marker_memory.h"

namespace flblk::core {

MarkerMemory::Known MarkerMemory::Check(wire::MessageKind kind, const Authorization& authorization,
                                        const Signature& sig) const {
  Known known = Known::kNew;
  for (const Marker& m : markers_) {
    if (m.kind != kind || m.authorization.timestamp != authorization.timestamp ||
        m.authorization.builder_vk != authorization.builder_vk) {
      continue;
    }
    if (m.sig == sig && m.authorization == authorization) return Known::kSame;
    known = Known::kOtherBytes;
  }
  return known;
}

void MarkerMemory::Insert(wire::MessageKind kind, const Authorization& authorization,
                          const Signature& sig) {
  if (markers_.size() == kCapacity) markers_.pop_front();
  markers_.push_back({kind, authorization, sig});
}

}  // namespace flblk::core
