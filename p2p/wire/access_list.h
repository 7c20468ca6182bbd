// The shape of World Chain's block access list, which flblk carries but does not look into.
//
//   access_list_data = [ AccessList, access_list_hash(32) ]
//   AccessList       = [ [ AccountChanges ... ], min_tx_index u64, max_tx_index u64 ]
//   AccountChanges   = [ address(20), [ SlotChanges ... ], [ slot U256 ... ] (reads),
//                        [ [ block_access_index u64, balance U256 ] ... ],
//                        [ [ block_access_index u64, nonce u64 ] ... ],
//                        [ [ block_access_index u64, code bytes ] ... ] ]
//   SlotChanges      = [ slot U256, [ [ block_access_index u64, value U256 ] ... ] ]
//
// U256 is a minimal-length integer (World Chain since 2026-03-31). Every list must be consumed
// exactly. The hash is not compared with the list: the reference does not either when it decodes.
#pragma once

#include "p2p/wire/rlp.h"

namespace flblk::wire {

// Reads the next item of `in`, checks it and returns it complete, header included; empty after an
// error.
ByteView ReadAccessListData(RlpReader& in);

// The same for one item that stands alone; trailing bytes are an error.
absl::Status CheckAccessListData(ByteView item);

}  // namespace flblk::wire
