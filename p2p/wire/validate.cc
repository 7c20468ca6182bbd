#include "p2p/wire/validate.h"

#include "absl/strings/str_cat.h"
#include "p2p/wire/access_list.h"
#include "p2p/wire/envelope.h"
#include "p2p/wire/flashblock_rlp.h"
#include "p2p/wire/limits.h"
#include "p2p/wire/metadata.h"
#include "p2p/wire/strict_json.h"

namespace flblk::wire {
namespace {

absl::Status CheckSize(const char* field, size_t size, size_t limit) {
  if (size <= limit) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat(field, ": ", size, " bytes, the limit is ", limit));
}

absl::Status CheckTransactions(const std::vector<Bytes>& transactions) {
  if (transactions.size() > kMaxTransactions) {
    return absl::ResourceExhaustedError(absl::StrCat("diff.transactions: ", transactions.size(),
                                                     ", the limit is ", kMaxTransactions));
  }
  for (size_t i = 0; i < transactions.size(); ++i) {
    if (transactions[i].empty()) {
      return absl::InvalidArgumentError(absl::StrCat("diff.transactions[", i, "]: is empty"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckMetadata(const std::string& metadata, MetadataRule rule) {
  absl::Status status = CheckSize("metadata", metadata.size(), kMaxMetadataBytes);
  if (!status.ok()) return status;
  if (rule == MetadataRule::kAnyJson) return CheckJson(metadata, "metadata");
  absl::StatusOr<Metadata> read = ReadMetadata(metadata);
  if (!read.ok()) return read.status();
  const std::string canonical = WriteMetadata(*read);
  if (metadata == canonical) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("metadata: not canonical, must be ", canonical));
}

}  // namespace

absl::Status CheckReceived(const FlashblocksPayloadV1& flashblock,
                           const Authorization& authorization) {
  if (flashblock.index > kMaxFlashblockIndex) {
    return absl::OutOfRangeError(
        absl::StrCat("index: ", flashblock.index, ", the limit is ", kMaxFlashblockIndex));
  }
  if (flashblock.payload_id != authorization.payload_id) {
    return absl::InvalidArgumentError(absl::StrCat("payload_id: ", ToHex(flashblock.payload_id),
                                                   ", the Authorization is for ",
                                                   ToHex(authorization.payload_id)));
  }
  return absl::OkStatus();
}

absl::Status CheckBase(const FlashblocksPayloadV1& flashblock, const Authorization& authorization) {
  if (flashblock.base.has_value() != (flashblock.index == 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("base: ", flashblock.base ? "present" : "missing", " at index ",
                     flashblock.index, ", must stand exactly at index 0"));
  }
  if (flashblock.base && flashblock.base->timestamp != authorization.timestamp) {
    return absl::InvalidArgumentError(absl::StrCat("base.timestamp: ", flashblock.base->timestamp,
                                                   ", the Authorization is for ",
                                                   authorization.timestamp));
  }
  return absl::OkStatus();
}

absl::Status CheckPublish(const FlashblocksPayloadV1& flashblock,
                          const Authorization& authorization, MetadataRule rule) {
  absl::Status status = CheckReceived(flashblock, authorization);
  if (status.ok()) status = CheckBase(flashblock, authorization);
  if (status.ok()) status = CheckTransactions(flashblock.diff.transactions);
  if (status.ok() && flashblock.base) {
    status = CheckSize("base.extra_data", flashblock.base->extra_data.size(), kMaxExtraDataBytes);
  }
  if (status.ok()) status = CheckMetadata(flashblock.metadata, rule);
  if (status.ok() && flashblock.diff.access_list_data) {
    status = CheckAccessListData(*flashblock.diff.access_list_data);
  }
  if (!status.ok()) return status;
  return CheckSize("message", AuthorizedSize(flashblock, authorization), kMaxMessageBytes);
}

size_t AuthorizedSize(const FlashblocksPayloadV1& flashblock, const Authorization& authorization) {
  const Bytes authorization_item = EncodeAuthorization(authorization);
  RlpSizer size;
  size.List([&](RlpSizer& authorized) {
    authorized.List([&](RlpSizer& message) {
      message.Uint(static_cast<uint64_t>(MessageKind::kFlashblock));
      PutFlashblock(flashblock, message);
    });
    authorized.Item(authorization_item);
    authorized.String(Signature().bytes);
  });
  return 1 + size.size();
}

}  // namespace flblk::wire
