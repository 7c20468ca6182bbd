// Seals one message for many sessions at once. The frame MAC (Keccak) is what a fan-out costs, and
// it is serial within a session; side by side, eight sessions take about the time of one. Byte for
// byte what Session::Send would write.
#pragma once

#include <span>

#include "p2p/rlpx/session.h"

namespace flblk::net {

// Sessions that go well together: the lanes of the widest vector unit.
inline constexpr size_t kFanOutGroup = 8;

// Whether the frame may be sealed for that session (else Session::Send says why not).
bool CanSeal(const wire::Frame& frame, const rlpx::Session::Egress& receiver);

// Appends the sealed frame to each receiver's output. Each is CanSeal, none is there twice.
void SealForAll(const wire::Frame& frame, std::span<const rlpx::Session::Egress> receivers);

}  // namespace flblk::net
