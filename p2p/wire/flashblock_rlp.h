// FlashblocksPayloadV1 to and from RLP, inside other items (see messages.h for the grammar).
//
// The outer list is hand-written in the reference: surplus items at its end are ignored. Diff, Base
// and the withdrawals are derived: they must be consumed exactly. An access_list_data written as
// 0x80 reads as absent; a host's dialect with an integer there (blob_gas_used) is an error, as it
// is for World Chain.
#pragma once

#include "p2p/wire/messages.h"
#include "p2p/wire/rlp.h"

namespace flblk::wire {

// Reads the next item of `in`. The metadata is any byte string here: metadata.h reads it.
FlashblocksPayloadV1 ReadFlashblock(RlpReader& in);

// Puts one item into a sizer or a writer of rlp.h.
void PutFlashblock(const FlashblocksPayloadV1& flashblock, RlpSizer& out);
void PutFlashblock(const FlashblocksPayloadV1& flashblock, RlpWriter& out);

}  // namespace flblk::wire
