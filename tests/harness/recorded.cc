// A recorded block: JSON as builders send it over websockets, to the deltas a host publishes.
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "p2p/wire/json.h"
#include "p2p/wire/rlp.h"
#include "tests/harness/blocks.h"

namespace flblk::harness {
namespace {

using Json = nlohmann::ordered_json;

std::string Raw(ByteView bytes) { return std::string(bytes.begin(), bytes.end()); }

void FillBase(const wire::Base& in, v1::Base& out) {
  out.set_parent_beacon_block_root(Raw(in.parent_beacon_block_root));
  out.set_parent_hash(Raw(in.parent_hash));
  out.set_fee_recipient(Raw(in.fee_recipient));
  out.set_prev_randao(Raw(in.prev_randao));
  out.set_block_number(in.block_number);
  out.set_gas_limit(in.gas_limit);
  out.set_timestamp(in.timestamp);
  out.set_extra_data(Raw(in.extra_data));
  out.set_base_fee_per_gas(Raw(wire::RlpTrim(in.base_fee_per_gas)));
}

void FillDiff(const wire::Diff& in, v1::Diff& out) {
  out.set_state_root(Raw(in.state_root));
  out.set_receipts_root(Raw(in.receipts_root));
  out.set_logs_bloom(Raw(in.logs_bloom));
  out.set_gas_used(in.gas_used);
  out.set_block_hash(Raw(in.block_hash));
  out.set_withdrawals_root(Raw(in.withdrawals_root));
  for (const Bytes& transaction : in.transactions) out.add_transactions(Raw(transaction));
  for (const wire::Withdrawal& withdrawal : in.withdrawals) {
    v1::Withdrawal& added = *out.add_withdrawals();
    added.set_index(withdrawal.index);
    added.set_validator_index(withdrawal.validator_index);
    added.set_address(Raw(withdrawal.address));
    added.set_amount(withdrawal.amount);
  }
}

}  // namespace

absl::StatusOr<RecordedBlock> ParseRecordedBlock(const std::string& json) {
  const Json elements = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!elements.is_array() || elements.empty()) {
    return absl::InvalidArgumentError("recorded block: not a JSON array of flashblocks");
  }
  RecordedBlock block;
  for (const Json& element : elements) {
    const size_t index = block.deltas.size();
    const std::string where = absl::StrCat("recorded block, element ", index, ": ");
    auto read = wire::ReadFlashblockJson(element.dump());
    if (!read.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(where, read.status().message()));
    }
    if (read->index != index) return absl::InvalidArgumentError(where + "index: not its position");
    if (read->base.has_value() != (index == 0)) {
      return absl::InvalidArgumentError(where + "base: must be present exactly at index 0");
    }
    Flashblock& delta = block.deltas.emplace_back();
    delta.set_payload_id(Raw(read->payload_id));
    delta.set_index(index);
    delta.set_metadata_json(read->metadata);
    FillDiff(read->diff, *delta.mutable_diff());
    if (read->base) FillBase(*read->base, *delta.mutable_base());
  }
  return block;
}

}  // namespace flblk::harness
