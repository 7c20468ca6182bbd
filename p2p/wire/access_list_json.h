// The block access list as World Chain's JSON has it, turned into the RLP item that flblk carries.
//
//   access_list_data = { "access_list": { "changes": [ account .. ], "min_tx_index": n,
//                                         "max_tx_index": n },
//                        "access_list_hash": "0x<32 bytes>" }
//   account          = { "address": "0x<20 bytes>", "storageChanges": [ slot .. ],
//                        "storageReads": [ U256 .. ],
//                        "balanceChanges": [ { index, "postBalance": U256 } .. ],
//                        "nonceChanges": [ { index, "newNonce": n } .. ],
//                        "codeChanges": [ { index, "newCode": "0x.." } .. ] }
//   slot             = { "slot": U256, "changes": [ { index, "newValue": U256 } .. ] }
//   index            = "blockAccessIndex", in other releases of alloy-eip7928 "txIndex" or "index"
//
// Later releases of alloy-eip7928 write "balance", "nonce", "code" and "value" (also "postNonce",
// "postValue") for the values; they are read too. Any other member is an error: what is not
// understood would be lost. The hash is taken as it stands.
#pragma once

#include "p2p/wire/strict_json.h"
#include "signer/bytes.h"

namespace flblk::wire {

// Reads one object; the item passes CheckAccessListData. Empty after an error, which names the
// member.
Bytes ReadAccessListJson(StrictJson& in, const std::string& field);

}  // namespace flblk::wire
