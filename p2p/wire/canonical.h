// Whether a World Chain node that decodes a message and encodes it again gets the same bytes.
//
// The reference relays a re-encoding, with typed metadata (see metadata.h). Where that differs from
// what the builder signed, the signature fails at the next hop and the honest relay in between pays
// for it. Lost in a re-encoding: surplus items of hand-written lists, an access_list_data written
// as 0x80, and every metadata text but the canonical one. flblk forwards the received bytes; this
// tells what to expect from others who get them, and what a publisher must never emit.
#pragma once

#include "p2p/wire/envelope.h"

namespace flblk::wire {

// False also where the item does not decode.
bool IsCanonical(ByteView message_item);
// The same for a flashblock message that has been decoded already.
bool IsCanonical(ByteView message_item, const FlashblocksPayloadV1& decoded);

// The same for the Authorization, which stands under the builder's signature too.
bool IsCanonicalAuthorization(const Envelope& envelope);

}  // namespace flblk::wire
