// JSON of FlashblocksPayloadV1, as builders send it over websockets, to deltas.
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "signer/bytes.h"
#include "tests/harness/blocks.h"

namespace flblk::harness {
namespace {

using Json = nlohmann::ordered_json;

// Reads fields of one object; keeps the first error.
class Fields {
 public:
  Fields(const Json& object, std::string where, absl::Status& status)
      : object_(object), where_(std::move(where)), status_(status) {}

  std::string Bytes(const char* name) {
    auto bytes = FromHex(Text(name));
    if (!bytes.ok()) {
      Fail(name, "is not hex");
      return "";
    }
    return std::string(bytes->begin(), bytes->end());
  }
  uint64_t Quantity(const char* name) {
    const std::string text = Text(name);
    char* end = nullptr;
    const uint64_t value = std::strtoull(text.c_str(), &end, 16);
    if (text.empty() || *end != '\0') Fail(name, "is not a hex quantity");
    return value;
  }
  // A hex quantity as big-endian bytes.
  std::string QuantityBytes(const char* name) {
    std::string text = Text(name).substr(2);
    if (text.size() % 2 == 1) text.insert(0, 1, '0');
    auto bytes = FromHex(text);
    if (!bytes.ok()) Fail(name, "is not a hex quantity");
    return bytes.ok() ? std::string(bytes->begin(), bytes->end()) : "";
  }
  void Fail(const char* name, const char* problem) {
    if (status_.ok())
      status_ = absl::InvalidArgumentError(absl::StrCat(where_, name, " ", problem));
  }

 private:
  std::string Text(const char* name) {
    const auto found = object_.find(name);
    if (found != object_.end() && found->is_string() &&
        found->get<std::string>().substr(0, 2) == "0x") {
      return found->get<std::string>();
    }
    Fail(name, "is not a 0x string");
    return "0x0";
  }

  const Json& object_;
  const std::string where_;
  absl::Status& status_;
};

void ReadBase(const Json& json, const std::string& where, absl::Status& status, v1::Base& base) {
  Fields fields(json, where + "base.", status);
  base.set_parent_beacon_block_root(fields.Bytes("parent_beacon_block_root"));
  base.set_parent_hash(fields.Bytes("parent_hash"));
  base.set_fee_recipient(fields.Bytes("fee_recipient"));
  base.set_prev_randao(fields.Bytes("prev_randao"));
  base.set_block_number(fields.Quantity("block_number"));
  base.set_gas_limit(fields.Quantity("gas_limit"));
  base.set_timestamp(fields.Quantity("timestamp"));
  base.set_extra_data(fields.Bytes("extra_data"));
  base.set_base_fee_per_gas(fields.QuantityBytes("base_fee_per_gas"));
}

void ReadDiff(const Json& json, const std::string& where, absl::Status& status, v1::Diff& diff) {
  Fields fields(json, where + "diff.", status);
  diff.set_state_root(fields.Bytes("state_root"));
  diff.set_receipts_root(fields.Bytes("receipts_root"));
  diff.set_logs_bloom(fields.Bytes("logs_bloom"));
  diff.set_gas_used(fields.Quantity("gas_used"));
  diff.set_block_hash(fields.Bytes("block_hash"));
  diff.set_withdrawals_root(fields.Bytes("withdrawals_root"));
  const auto transactions = json.find("transactions");
  if (transactions == json.end() || !transactions->is_array()) {
    return fields.Fail("transactions", "is not an array");
  }
  for (const Json& transaction : *transactions) {
    const Json wrapped = {{"transactions", transaction}};
    diff.add_transactions(Fields(wrapped, where + "diff.", status).Bytes("transactions"));
  }
}

}  // namespace

absl::StatusOr<RecordedBlock> ParseRecordedBlock(const std::string& json) {
  const Json elements = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!elements.is_array() || elements.empty()) {
    return absl::InvalidArgumentError("recorded block: not a JSON array of flashblocks");
  }
  RecordedBlock block;
  absl::Status status;
  for (const Json& element : elements) {
    const size_t index = block.deltas.size();
    const std::string where = absl::StrCat("recorded block, element ", index, ": ");
    Flashblock& delta = block.deltas.emplace_back();
    Fields fields(element, where, status);
    delta.set_payload_id(fields.Bytes("payload_id"));
    delta.set_index(index);
    if (element.value("index", Json()) != Json(index)) fields.Fail("index", "is not its position");
    if (!element.contains("diff")) fields.Fail("diff", "is missing");
    if (!status.ok()) return status;
    ReadDiff(element["diff"], where, status, *delta.mutable_diff());
    delta.set_metadata_json(element.value("metadata", Json::object()).dump());
    const bool has_base = element.contains("base") && element["base"].is_object();
    if (has_base != (index == 0)) fields.Fail("base", "must be present exactly at index 0");
    if (has_base) ReadBase(element["base"], where, status, *delta.mutable_base());
    if (!status.ok()) return status;
  }
  return block;
}

}  // namespace flblk::harness
