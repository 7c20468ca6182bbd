#include "p2p/core/host_checks.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "p2p/wire/limits.h"

namespace flblk::core {
namespace {

bool SameButVersion(const PayloadId& a, const PayloadId& b) {
  return std::equal(a.begin() + 1, a.end(), b.begin() + 1);
}

absl::Status OverLimit(const char* field, size_t size, size_t limit) {
  return absl::ResourceExhaustedError(
      absl::StrCat("flashblock.", field, " has ", size, " bytes, the limit is ", limit));
}

}  // namespace

absl::Status CheckForkchoice(const ForkchoiceUpdated& update, const PublicKey& self,
                             Verifier& verifier, uint64_t now_unix_seconds) {
  if (!update.authorization) return absl::OkStatus();
  const Authorization& a = *update.authorization;
  if (!update.attributes) {
    return absl::InvalidArgumentError("authorization without payload attributes");
  }
  if (a.builder_vk != self) {
    return absl::PermissionDeniedError(
        absl::StrCat("authorization.builder_vk ", ToHex(a.builder_vk.bytes),
                     " is not this builder's key ", ToHex(self.bytes)));
  }
  if (a.timestamp != update.attributes->timestamp) {
    return absl::InvalidArgumentError(absl::StrCat("authorization.timestamp ", a.timestamp,
                                                   " is not the attributes' ",
                                                   update.attributes->timestamp));
  }
  if (a.timestamp > now_unix_seconds &&
      a.timestamp - now_unix_seconds > wire::kMaxHostFutureSeconds) {
    return absl::InvalidArgumentError(absl::StrCat(
        "authorization.timestamp ", a.timestamp, " is ", a.timestamp - now_unix_seconds,
        " s ahead of this machine's clock, the limit is ", wire::kMaxHostFutureSeconds));
  }
  const auto& host_id = update.attributes->payload_id;
  if (host_id && !SameButVersion(*host_id, a.payload_id)) {
    return absl::InvalidArgumentError(absl::StrCat("authorization.payload_id ", ToHex(a.payload_id),
                                                   " is not the host's ", ToHex(*host_id),
                                                   " (byte 0, the version, may differ)"));
  }
  if (!verifier.AuthorizationValid(a)) {
    return absl::UnauthenticatedError("authorization.authorizer_sig is not the authorizer's");
  }
  return absl::OkStatus();
}

absl::Status CheckHostFlashblock(const wire::FlashblocksPayloadV1& f, const Authorization& a,
                                 uint64_t next_index, std::optional<uint64_t> block_number) {
  if (f.payload_id != PayloadId{} && !SameButVersion(f.payload_id, a.payload_id)) {
    return absl::InvalidArgumentError(absl::StrCat("flashblock.payload_id ", ToHex(f.payload_id),
                                                   " is not the authorized ", ToHex(a.payload_id),
                                                   " (byte 0, the version, may differ)"));
  }
  if (f.index != next_index) {
    return absl::OutOfRangeError(
        absl::StrCat("flashblock.index is ", f.index, ", expected ", next_index));
  }
  if (f.index > wire::kMaxFlashblockIndex) {
    return absl::OutOfRangeError(absl::StrCat("flashblock.index is ", f.index, ", the limit is ",
                                              wire::kMaxFlashblockIndex));
  }
  if (f.metadata.size() > wire::kMaxMetadataBytes) {
    return OverLimit("metadata", f.metadata.size(), wire::kMaxMetadataBytes);
  }
  if (f.base && f.base->extra_data.size() > wire::kMaxExtraDataBytes) {
    return OverLimit("base.extra_data", f.base->extra_data.size(), wire::kMaxExtraDataBytes);
  }
  size_t size = f.metadata.size();
  for (const Bytes& transaction : f.diff.transactions) size += transaction.size();
  if (size >
      wire::kMaxMessageBytes) {  // before anything is encoded; the exact size is looked at later
    return OverLimit("transactions and metadata", size, wire::kMaxMessageBytes);
  }
  if (f.base && block_number && f.base->block_number != *block_number) {
    return absl::InvalidArgumentError(absl::StrCat("flashblock.base.block_number ",
                                                   f.base->block_number, " is not the attributes' ",
                                                   *block_number));
  }
  return CheckBase(f, a);
}

absl::Status CheckBase(const wire::FlashblocksPayloadV1& f, const Authorization& a) {
  if (f.index == 0 && !f.base)
    return absl::InvalidArgumentError("flashblock.base is missing at index 0");
  if (f.index != 0 && f.base) {
    return absl::InvalidArgumentError(absl::StrCat("flashblock.base is present at index ", f.index,
                                                   ", it belongs to index 0 only"));
  }
  if (f.base && f.base->timestamp != a.timestamp) {
    return absl::InvalidArgumentError(absl::StrCat("flashblock.base.timestamp ", f.base->timestamp,
                                                   " is not the authorization's ", a.timestamp));
  }
  return absl::OkStatus();
}

}  // namespace flblk::core
