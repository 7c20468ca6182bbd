// Flashblocks and Authorizations as JSON text: the form op-rbuilder, rollup-boost and World Chain
// use on their websockets and in RPC calls. For tools and bridges; the flblk wire itself carries
// RLP.
//
//   flashblock = { "payload_id": "0x<8 bytes>", "index": n,
//                  "base": {..} | null | absent, "diff": {..}, "metadata": any value }
//   base       = { the fields of wire::Base: bytes as hex, integers as hex quantities }
//   diff       = { the fields of wire::Diff likewise, "transactions": ["0x..", ..],
//                  "withdrawals": [{"index", "validatorIndex", "address", "amount"}, ..],
//                  "access_list_data": absent | null | "0x<the RLP item>" | World Chain's object,
//                                      see access_list_json.h }
//
// Integers are read as hex quantity, decimal string or JSON number, and written as hex quantities
// (index: as number). Unknown keys are ignored: blob_gas_used and post_exec_tx have no place in the
// RLP form and are dropped. A key twice, or a missing one, is an error.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "p2p/wire/messages.h"
#include "signer/authorization.h"

namespace flblk::wire {

// INVALID_ARGUMENT names the field. metadata is kept byte for byte but for white space between its
// tokens. RESOURCE_EXHAUSTED above kMaxJsonBytes.
absl::StatusOr<FlashblocksPayloadV1> ReadFlashblockJson(std::string_view json);

// Compact, in op-rbuilder's key order, base absent where there is none. Metadata that is no JSON is
// written as null.
std::string WriteFlashblockJson(const FlashblocksPayloadV1& flashblock);

//   authorization = { "payload_id": "0x<8 bytes>", "timestamp": n, "builder_vk": [32 numbers],
//                     "authorizer_sig": [64 numbers] }
// Read is also hex text for the two arrays and a hex quantity for the timestamp. No signature is
// checked.
absl::StatusOr<Authorization> ReadAuthorizationJson(std::string_view json);
std::string WriteAuthorizationJson(const Authorization& authorization);

}  // namespace flblk::wire
