// Values for tests.
#pragma once

#include "p2p/wire/messages.h"
#include "signer/authorization.h"

namespace flblk::plugin {

inline SecretKey TestKey(uint8_t fill) {
  FixedBytes<32> seed;
  seed.fill(fill);
  return *SecretKey::FromSeed(seed);
}

inline Authorization TestAuthorization(uint64_t slot, uint8_t builder = 2, uint8_t authorizer = 1) {
  PayloadId id{4, 1, 2, 3, 4, 5, 6, static_cast<uint8_t>(slot)};
  return MakeAuthorization(TestKey(authorizer), id, slot, TestKey(builder).public_key());
}

inline wire::FlashblocksPayloadV1 TestFlashblock(const Authorization& authorization,
                                                 uint64_t index) {
  wire::FlashblocksPayloadV1 out;
  out.payload_id = authorization.payload_id;
  out.index = index;
  out.diff.gas_used = 21000 * (index + 1);
  out.diff.block_hash.fill(static_cast<uint8_t>(index + 1));
  out.diff.transactions = {Bytes{0x02, static_cast<uint8_t>(index)}, Bytes{0x7e, 0x01}};
  out.metadata = "{\"fees\":\"0x0\"}";
  if (index == 0) {
    out.base.emplace();
    out.base->timestamp = authorization.timestamp;
    out.base->block_number = authorization.timestamp / 2;
  }
  return out;
}

}  // namespace flblk::plugin
