#include "p2p/net/fan_out.h"

#include "p2p/rlpx/frame.h"
#include "p2p/rlpx/limits.h"
#include "signer/keccak_lanes.h"

namespace flblk::net {

using rlpx::FrameSealer;

bool CanSeal(const wire::Frame& frame, const rlpx::Session::Egress& receiver) {
  return receiver.sealer != nullptr && static_cast<uint8_t>(frame.id) < receiver.flblk_length &&
         !frame.snappy.empty() && frame.snappy.size() < rlpx::kMaxFrameContent;
}

void SealForAll(const wire::Frame& frame, std::span<const rlpx::Session::Egress> receivers) {
  const size_t payload = frame.snappy.size();
  std::vector<uint8_t*> out;
  std::vector<KeccakJob> jobs;
  out.reserve(receivers.size());
  jobs.reserve(receivers.size());
  for (const rlpx::Session::Egress& receiver : receivers) {
    uint8_t* const place = receiver.output->Extend(FrameSealer::SealedSize(payload));
    const auto id = static_cast<uint8_t>(receiver.flblk_offset + static_cast<uint8_t>(frame.id));
    receiver.sealer->Begin(id, frame.snappy, place);
    jobs.push_back({&receiver.sealer->mac().state(), FrameSealer::BodyCiphertext(payload, place)});
    out.push_back(place);
  }
  AbsorbAll(jobs);
  for (size_t i = 0; i < receivers.size(); ++i) receivers[i].sealer->Finish(payload, out[i]);
}

}  // namespace flblk::net
