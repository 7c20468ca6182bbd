// One message for many sessions at once: SealMany (p2p/rlpx/seal_many.h) on sessions. Byte for byte
// what Session::Send would write.
#pragma once

#include <span>

#include "p2p/rlpx/seal_many.h"
#include "p2p/rlpx/session.h"

namespace flblk::net {

// Sessions that are sealed side by side.
inline constexpr size_t kFanOutGroup = rlpx::kSealGroup;

// Whether the frame may be sealed for that session (else Session::Send says why not).
bool CanSeal(const wire::Frame& frame, const rlpx::Session::Egress& receiver);

// Its id for that session.
uint8_t WireId(const wire::Frame& frame, const rlpx::Session::Egress& receiver);

// Appends the sealed frame to each receiver's output. At most kFanOutGroup; each is CanSeal, none
// is there twice.
void SealForAll(const wire::Frame& frame, std::span<const rlpx::Session::Egress> receivers);

}  // namespace flblk::net
