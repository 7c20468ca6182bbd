// The eth Status message, both layouts we offer.
//
//   eth/68: [ version, network-id, total-difficulty, head-hash, genesis, ForkId ]
//   eth/69: [ version, network-id, genesis, ForkId, earliest, latest, latest-hash ]
//   ForkId = [ hash(4), next ]
//
// Exactly these items are written (reth reads no more); further ones are accepted. Source: devp2p
// caps/eth.md, EIP-7642.
#pragma once

#include "signer/bytes.h"

namespace flblk::rlpx {

struct EthStatus {
  uint64_t version = 0;  // 68 or 69
  uint64_t network_id = 0;
  Hash32 genesis{};
  FixedBytes<4> fork_hash{};
  uint64_t fork_next = 0;
  Hash32 head_hash{};
  Hash32 total_difficulty{};  // eth/68; 256-bit big-endian
  uint64_t earliest = 0;      // eth/69: range of blocks served
  uint64_t latest = 0;
  bool operator==(const EthStatus&) const = default;
};

// The layout is that of status.version.
Bytes EncodeEthStatus(const EthStatus& status);
// The layout is that of the negotiated `version`, whatever the message says; see
// EthStatus::version.
absl::StatusOr<EthStatus> DecodeEthStatus(ByteView body, uint64_t version);

}  // namespace flblk::rlpx
