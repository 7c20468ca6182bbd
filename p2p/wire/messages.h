// The flblk messages as values. Field order is the wire order; every integer is unsigned.
//
//   FlashblocksPayloadV1 = [ payload_id(8), index, Diff, metadata, Base | 0x80 ]
//   metadata = string holding JSON
//   Diff = [ state_root(32), receipts_root(32), logs_bloom(256), gas_used, block_hash(32),
//            [ tx bytes ... ], [ Withdrawal ... ], withdrawals_root(32), access_list_data? ]
//   Withdrawal = [ index, validator_index, address(20), amount ]
//   Base = [ parent_beacon_block_root(32), parent_hash(32), fee_recipient(20), prev_randao(32),
//            block_number, gas_limit, timestamp, extra_data, base_fee_per_gas U256 ]
#pragma once

#include <optional>
#include <string>

#include "signer/bytes.h"

namespace flblk::wire {

struct Withdrawal {
  uint64_t index = 0;
  uint64_t validator_index = 0;
  Address address{};
  uint64_t amount = 0;  // gwei
  bool operator==(const Withdrawal&) const = default;
};

struct Base {
  Hash32 parent_beacon_block_root{};
  Hash32 parent_hash{};
  Address fee_recipient{};
  Hash32 prev_randao{};
  uint64_t block_number = 0;
  uint64_t gas_limit = 0;
  uint64_t timestamp = 0;  // unix seconds
  Bytes extra_data;
  Hash32 base_fee_per_gas{};  // wei, 256-bit big-endian
  bool operator==(const Base&) const = default;
};

// Roots, bloom, gas and hash are cumulative for the block so far; transactions and withdrawals are
// only the new ones of this flashblock.
struct Diff {
  Hash32 state_root{};
  Hash32 receipts_root{};
  FixedBytes<256> logs_bloom{};
  uint64_t gas_used = 0;
  Hash32 block_hash{};
  std::vector<Bytes> transactions;  // EIP-2718 envelopes
  std::vector<Withdrawal> withdrawals;
  Hash32 withdrawals_root{};
  // World Chain's block access list: the complete RLP item [AccessList, access_list_hash], header
  // included, shape-checked; nullopt where the item is absent.
  std::optional<Bytes> access_list_data;
  bool operator==(const Diff&) const = default;
};

struct FlashblocksPayloadV1 {
  PayloadId payload_id{};
  uint64_t index = 0;
  Diff diff;
  std::string metadata;      // JSON text, kept byte for byte
  std::optional<Base> base;  // present exactly at index 0
  bool operator==(const FlashblocksPayloadV1&) const = default;
};

// The tag of AuthorizedMsg.
enum class MessageKind : uint8_t { kFlashblock = 0, kStartPublish = 1, kStopPublish = 2 };

// flblk-relative message ids.
enum class MessageId : uint8_t {
  kAuthorized = 0,
  kRequestFlashblocks = 1,  // 1..4: flblk/2 only, empty body
  kAcceptFlashblocks = 2,
  kRejectFlashblocks = 3,
  kCancelFlashblocks = 4,
};

}  // namespace flblk::wire
