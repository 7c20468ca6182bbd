// What a flashblock must be beyond its grammar: checks shared by the publisher and the receiver.
//
// Every error names the field and the limit: OUT_OF_RANGE for an index, RESOURCE_EXHAUSTED for a
// size, INVALID_ARGUMENT for all else.
#pragma once

#include "p2p/wire/messages.h"
#include "signer/authorization.h"

namespace flblk::wire {

// What the reference drops on receipt, and no more: an index above kMaxFlashblockIndex, a payload
// id that is not the Authorization's. The builder signed it, so the relay is not at fault.
absl::Status CheckReceived(const FlashblocksPayloadV1& flashblock,
                           const Authorization& authorization);

// base stands exactly at index 0, and its timestamp is the Authorization's. The reference does not
// check this on receipt; its own builder never breaks it.
absl::Status CheckBase(const FlashblocksPayloadV1& flashblock, const Authorization& authorization);

enum class MetadataRule {
  kWorldChain,  // canonical World Chain metadata, what every relay hands on unchanged
  kAnyJson,     // any JSON value: networks without World Chain nodes
};

// All of the above and: no empty transaction, at most kMaxTransactions; extra_data at most
// kMaxExtraDataBytes; metadata by its rule and at most kMaxMetadataBytes; access_list_data of the
// right shape; the whole message at most kMaxMessageBytes.
absl::Status CheckPublish(const FlashblocksPayloadV1& flashblock,
                          const Authorization& authorization,
                          MetadataRule rule = MetadataRule::kWorldChain);

// Bytes of the flblk message that carries this flashblock, id byte included, uncompressed.
size_t AuthorizedSize(const FlashblocksPayloadV1& flashblock, const Authorization& authorization);

}  // namespace flblk::wire
