#include "p2p/net/fan_out.h"

#include <array>

#include "p2p/rlpx/limits.h"

namespace flblk::net {

using rlpx::FrameSealer;

bool CanSeal(const wire::Frame& frame, const rlpx::Session::Egress& receiver) {
  return receiver.sealer != nullptr && static_cast<uint8_t>(frame.id) < receiver.flblk_length &&
         !frame.snappy.empty() && frame.snappy.size() < rlpx::kMaxFrameContent;
}

uint8_t WireId(const wire::Frame& frame, const rlpx::Session::Egress& receiver) {
  return static_cast<uint8_t>(receiver.flblk_offset + static_cast<uint8_t>(frame.id));
}

void SealForAll(const wire::Frame& frame, std::span<const rlpx::Session::Egress> receivers) {
  const size_t size = FrameSealer::SealedSize(frame.snappy.size());
  std::array<rlpx::SealJob, kFanOutGroup> jobs;
  for (size_t i = 0; i < receivers.size(); ++i) {
    const rlpx::Session::Egress& to = receivers[i];
    jobs[i] = {.sealer = to.sealer, .id = WireId(frame, to), .out = to.output->Extend(size)};
  }
  rlpx::SealMany(frame.snappy, std::span(jobs).first(receivers.size()));
}

}  // namespace flblk::net
