// One flblk message as it travels between session, engine and peers: immutable, shared, never
// re-encoded.
#pragma once

#include <memory>

#include "p2p/wire/messages.h"
#include "signer/bytes.h"

namespace flblk::wire {

struct Frame {
  MessageId id = MessageId::kAuthorized;
  Bytes body;    // uncompressed, without the id byte
  Bytes snappy;  // snappy block of `body`, as received or compressed once; never empty
};
using FramePtr = std::shared_ptr<const Frame>;

}  // namespace flblk::wire
