#include "flblk/v1/builder.pb.h"
#include "flblk/v1/types.pb.h"
#include "p2p/wire/access_list.h"
#include "p2p/wire/envelope.h"
#include "p2p/wire/json.h"
#include "p2p/wire/limits.h"
#include "p2p/wire/metadata.h"
#include "plugin/convert.h"
#include "plugin/text.h"
#include "plugin/utf8.h"

namespace flblk::plugin {
namespace {

// Collects the first error of a run of fields, so that each field is one line.
class Fields {
 public:
  explicit Fields(std::string_view path) : path_(path) {}

  template <size_t N>
  void Fixed(std::string_view name, const std::string& bytes, FixedBytes<N>& out) {
    if (status_.ok()) status_ = ReadFixed(Cat(path_, ".", name), bytes, out);
  }
  // Empty stays zero.
  template <size_t N>
  void FixedOrEmpty(std::string_view name, const std::string& bytes, FixedBytes<N>& out) {
    if (bytes.empty()) return;
    if (status_.ok() && bytes.size() != N) {
      status_ = Invalid(path_, ".", name, ": ", bytes.size(), " bytes, expected ", N, " or none");
    }
    if (status_.ok()) std::copy(bytes.begin(), bytes.end(), out.begin());
  }
  // Big-endian, shorter is padded on the left.
  void BigEndian(std::string_view name, const std::string& bytes, Hash32& out) {
    Require(bytes.size() <= out.size(), name, bytes.size(), " bytes, at most ", out.size());
    if (status_.ok())
      std::copy(bytes.begin(), bytes.end(), out.end() - static_cast<ptrdiff_t>(bytes.size()));
  }
  template <typename... Parts>
  void Require(bool holds, std::string_view name, const Parts&... why) {
    if (status_.ok() && !holds) status_ = Invalid(path_, ".", name, ": ", why...);
  }
  void Also(absl::Status status) {
    if (status_.ok()) status_ = std::move(status);
  }
  std::string Name(std::string_view name) const { return Cat(path_, ".", name); }
  const absl::Status& status() const { return status_; }

 private:
  std::string path_;
  absl::Status status_;
};

Bytes ToBytes(const std::string& text) { return Bytes(text.begin(), text.end()); }

absl::Status ReadWithdrawal(std::string path, const v1::Withdrawal& in, wire::Withdrawal& out) {
  Fields fields(path);
  out.index = in.index();
  out.validator_index = in.validator_index();
  fields.Fixed("address", in.address(), out.address);
  out.amount = in.amount();
  return fields.status();
}

absl::Status ReadDiff(std::string path, const v1::Diff& in, wire::Diff& out) {
  Fields fields(path);
  fields.Fixed("state_root", in.state_root(), out.state_root);
  fields.Fixed("receipts_root", in.receipts_root(), out.receipts_root);
  fields.FixedOrEmpty("logs_bloom", in.logs_bloom(), out.logs_bloom);
  out.gas_used = in.gas_used();
  fields.Fixed("block_hash", in.block_hash(), out.block_hash);
  out.transactions.reserve(static_cast<size_t>(in.transactions_size()));
  for (int i = 0; i < in.transactions_size(); ++i) {
    fields.Require(!in.transactions(i).empty(), Cat("transactions[", i, "]"), "empty");
    out.transactions.push_back(ToBytes(in.transactions(i)));
  }
  out.withdrawals.resize(static_cast<size_t>(in.withdrawals_size()));
  for (int i = 0; i < in.withdrawals_size(); ++i) {
    fields.Also(ReadWithdrawal(fields.Name(Cat("withdrawals[", i, "]")), in.withdrawals(i),
                               out.withdrawals[static_cast<size_t>(i)]));
  }
  fields.FixedOrEmpty("withdrawals_root", in.withdrawals_root(), out.withdrawals_root);
  if (!in.access_list_data().empty()) {
    out.access_list_data = ToBytes(in.access_list_data());
    const auto shape = wire::CheckAccessListData(*out.access_list_data);
    fields.Require(shape.ok(), "access_list_data", shape.message());
  }
  return fields.status();
}

absl::Status ReadBase(std::string path, const v1::Base& in, wire::Base& out) {
  Fields fields(path);
  fields.Fixed("parent_beacon_block_root", in.parent_beacon_block_root(),
               out.parent_beacon_block_root);
  fields.Fixed("parent_hash", in.parent_hash(), out.parent_hash);
  fields.Fixed("fee_recipient", in.fee_recipient(), out.fee_recipient);
  fields.Fixed("prev_randao", in.prev_randao(), out.prev_randao);
  out.block_number = in.block_number();
  out.gas_limit = in.gas_limit();
  out.timestamp = in.timestamp();
  fields.Require(in.extra_data().size() <= wire::kMaxExtraDataBytes, "extra_data",
                 in.extra_data().size(), " bytes, at most ", wire::kMaxExtraDataBytes);
  out.extra_data = ToBytes(in.extra_data());
  fields.BigEndian("base_fee_per_gas", in.base_fee_per_gas(), out.base_fee_per_gas);
  return fields.status();
}

absl::Status ReadMetadata(std::string path, const v1::FlashblocksPayloadV1& in, int64_t now_unix_ns,
                          std::string& out) {
  Fields fields(path);
  if (in.metadata_kind_case() == v1::FlashblocksPayloadV1::kMetadataJson) {
    const size_t size = in.metadata_json().size();
    fields.Require(size > 0 && size <= wire::kMaxMetadataBytes, "metadata_json", size,
                   " bytes, expected 1..", wire::kMaxMetadataBytes);
    fields.Require(IsUtf8(in.metadata_json()), "metadata_json", "not UTF-8");
    out = in.metadata_json();
    return fields.status();
  }
  wire::Metadata metadata;
  metadata.flashblock_timestamp = now_unix_ns;
  if (in.has_metadata()) {
    fields.BigEndian("metadata.fees", in.metadata().fees(), metadata.fees);
    if (in.metadata().has_flashblock_timestamp()) {
      metadata.flashblock_timestamp = in.metadata().flashblock_timestamp();
    }
  }
  out = wire::WriteMetadata(metadata);
  return fields.status();
}

absl::Status CheckSize(std::string_view path, size_t bytes) {
  if (bytes <= wire::kMaxMessageBytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      Cat(path, ": ", bytes, " bytes, at most ", wire::kMaxMessageBytes, " fit a frame"));
}

}  // namespace

template <size_t N>
absl::Status ReadFixed(std::string_view path, std::string_view bytes, FixedBytes<N>& out) {
  if (bytes.size() != N) return Invalid(path, ": ", bytes.size(), " bytes, expected ", N);
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return absl::OkStatus();
}
template absl::Status ReadFixed(std::string_view, std::string_view, FixedBytes<8>&);
template absl::Status ReadFixed(std::string_view, std::string_view, FixedBytes<32>&);
template absl::Status ReadFixed(std::string_view, std::string_view, FixedBytes<64>&);

absl::StatusOr<Authorization> FromProto(std::string_view path, const v1::Authorization& in) {
  Authorization out;
  Fields fields(path);
  fields.Fixed("payload_id", in.payload_id(), out.payload_id);
  out.timestamp = in.timestamp();
  fields.Fixed("builder_vk", in.builder_vk(), out.builder_vk.bytes);
  fields.Fixed("authorizer_sig", in.authorizer_sig(), out.authorizer_sig.bytes);
  if (!fields.status().ok()) return fields.status();
  return out;
}

absl::StatusOr<core::ForkchoiceUpdated> FromProto(const v1::ForkchoiceUpdatedRequest& in) {
  core::ForkchoiceUpdated out;
  if (in.has_attributes()) {
    core::PayloadAttributes& attributes = out.attributes.emplace();
    attributes.timestamp = in.attributes().timestamp();
    if (in.attributes().has_block_number())
      attributes.block_number = in.attributes().block_number();
    if (const std::string& id = in.attributes().payload_id(); !id.empty()) {
      Fields fields("attributes");
      fields.FixedOrEmpty("payload_id", id, attributes.payload_id.emplace());
      if (!fields.status().ok()) return fields.status();
    }
  }
  if (in.has_authorization()) {
    if (!out.attributes) return Invalid("authorization: given without attributes");
    auto authorization = FromProto("authorization", in.authorization());
    if (!authorization.ok()) return authorization.status();
    out.authorization = *authorization;
  }
  return out;
}

absl::StatusOr<wire::FlashblocksPayloadV1> FromProto(std::string_view path,
                                                     const v1::FlashblocksPayloadV1& in,
                                                     int64_t now_unix_ns) {
  wire::FlashblocksPayloadV1 out;
  Fields fields(path);
  fields.FixedOrEmpty("payload_id", in.payload_id(), out.payload_id);
  fields.Require(in.index() <= wire::kMaxFlashblockIndex, "index", in.index(), ", at most ",
                 wire::kMaxFlashblockIndex);
  out.index = in.index();
  fields.Require(in.has_diff(), "diff", "missing");
  if (fields.status().ok()) fields.Also(ReadDiff(fields.Name("diff"), in.diff(), out.diff));
  fields.Also(ReadMetadata(std::string(path), in, now_unix_ns, out.metadata));
  fields.Require(in.has_base() == (in.index() == 0), "base",
                 in.has_base() ? "present, but only index 0 has one" : "missing, index 0 has one");
  if (in.has_base()) fields.Also(ReadBase(fields.Name("base"), in.base(), out.base.emplace()));
  if (!fields.status().ok()) return fields.status();
  return out;
}

absl::StatusOr<wire::FlashblocksPayloadV1> FromProto(const v1::PublishRequest& in,
                                                     int64_t now_unix_ns) {
  if (auto status = CheckSize("delta", in.ByteSizeLong()); !status.ok()) return status;
  switch (in.delta_case()) {
    case v1::PublishRequest::kFlashblock:
      return FromProto("flashblock", in.flashblock(), now_unix_ns);
    case v1::PublishRequest::kFlashblockRlp: {
      auto out = wire::DecodeFlashblock(AsBytes(in.flashblock_rlp()));
      if (!out.ok()) return Within("flashblock_rlp", out.status());
      return out;
    }
    case v1::PublishRequest::kFlashblockJson: {
      auto out = wire::ReadFlashblockJson(in.flashblock_json());
      if (!out.ok()) return Within("flashblock_json", out.status());
      return out;
    }
    case v1::PublishRequest::DELTA_NOT_SET:
      break;
  }
  return Invalid("delta: missing; give flashblock, flashblock_rlp or flashblock_json");
}

}  // namespace flblk::plugin
