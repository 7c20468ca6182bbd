// From a host's delta to one immutable signed frame: fill in, encode once, hash, claim, sign,
// compress once.
#pragma once

#include "p2p/core/events.h"
#include "p2p/core/ports.h"

namespace flblk::core {

struct PublisherPorts {  // borrowed for the call
  Signer& signer;
  SignOnce& sign_once;
  Compressor& compressor;
};

class Publisher {
 public:
  // `flashblock` has passed CheckHostFlashblock. The authorized payload id goes out whatever the
  // host wrote; empty metadata becomes {"fees":"0x0","flashblock_timestamp":<unix nanoseconds of
  // now>}. RESOURCE_EXHAUSTED: encoded over kMaxMessageBytes. Else the status of SignOnce (asked
  // before the key is used) or of the signer; after a failure the same delta may be given again.
  absl::StatusOr<FlashblockDelivered> Sign(wire::FlashblocksPayloadV1 flashblock,
                                           const Authorization& authorization, Now now,
                                           const PublisherPorts& ports);

 private:
  // The metadata stamp of the last flashblock tried, so that a repeated attempt is the same
  // content.
  struct Stamp {
    PayloadId payload_id{};
    uint64_t index = 0;
    int64_t unix_ns = 0;
  };
  Stamp stamp_;
};

// A signed StartPublish or StopPublish. The status of the signer.
absl::StatusOr<wire::FramePtr> SignMarker(wire::MessageKind start_or_stop,
                                          const Authorization& authorization, Signer& signer,
                                          Compressor& compressor);

}  // namespace flblk::core
