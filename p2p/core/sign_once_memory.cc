#include "p2p/core/sign_once_memory.h"

#include "absl/strings/str_cat.h"

namespace flblk::core {

absl::Status SignOnceMemory::Claim(uint64_t slot, const PayloadId& payload_id, uint64_t index,
                                   const Hash32& digest) {
  const Key key(payload_id, index);
  const auto [it, is_new] = digests_.emplace(key, digest);
  if (!is_new) {
    if (it->second == digest) return absl::OkStatus();
    return absl::AlreadyExistsError(absl::StrCat("another flashblock was signed for payload ",
                                                 ToHex(payload_id), " index ", index));
  }
  by_slot_.emplace(slot, key);
  if (digests_.size() > kCapacity) {
    digests_.erase(by_slot_.begin()->second);
    by_slot_.erase(by_slot_.begin());
  }
  return absl::OkStatus();
}

}  // namespace flblk::core
