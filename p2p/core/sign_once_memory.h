// SignOnce in memory, for nodes without a journal: it does not survive a restart.
#pragma once

#include <map>
#include <utility>

#include "p2p/core/ports.h"

namespace flblk::core {

class SignOnceMemory final : public SignOnce {
 public:
  // More than nine full blocks; the claim of the oldest slot makes room.
  static constexpr size_t kCapacity = 1024;

  absl::Status Claim(uint64_t slot, const PayloadId& payload_id, uint64_t index,
                     const Hash32& digest) override;

 private:
  using Key = std::pair<PayloadId, uint64_t>;
  std::map<Key, Hash32> digests_;
  std::multimap<uint64_t, Key> by_slot_;
};

}  // namespace flblk::core
