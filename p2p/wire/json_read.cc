#include "absl/strings/str_cat.h"
#include "p2p/wire/access_list.h"
#include "p2p/wire/access_list_json.h"
#include "p2p/wire/json.h"
#include "p2p/wire/json_fields.h"
#include "p2p/wire/limits.h"
#include "p2p/wire/strict_json.h"

namespace flblk::wire {
namespace {

Base ReadBase(StrictJson& in) {
  Base base;
  auto fixed = [&](auto& out) { return [&](const std::string& f) { ReadJsonFixed(in, f, out); }; };
  auto integer = [&](uint64_t& out) {
    return [&](const std::string& f) { out = ReadJsonUint(in, f); };
  };
  ReadJsonMembers(
      in, "base",
      {{"parent_beacon_block_root", fixed(base.parent_beacon_block_root)},
       {"parent_hash", fixed(base.parent_hash)},
       {"fee_recipient", fixed(base.fee_recipient)},
       {"prev_randao", fixed(base.prev_randao)},
       {"block_number", integer(base.block_number)},
       {"gas_limit", integer(base.gas_limit)},
       {"timestamp", integer(base.timestamp)},
       {"extra_data", [&](const std::string& f) { base.extra_data = ReadJsonHex(in, f); }},
       {"base_fee_per_gas",
        [&](const std::string& f) { base.base_fee_per_gas = ReadJsonUint256(in, f); }}});
  return base;
}

Withdrawal ReadWithdrawal(StrictJson& in) {
  Withdrawal w;
  auto integer = [&](uint64_t& out) {
    return [&](const std::string& f) { out = ReadJsonUint(in, f); };
  };
  ReadJsonMembers(in, "diff.withdrawals",
                  {{"index", integer(w.index)},
                   {"validatorIndex", integer(w.validator_index), true, {"validator_index"}},
                   {"address", [&](const std::string& f) { ReadJsonFixed(in, f, w.address); }},
                   {"amount", integer(w.amount)}});
  return w;
}

std::optional<Bytes> ReadAccessList(StrictJson& in, const std::string& field) {
  if (in.Peek() == 'n') {
    in.ExpectNull();
    return std::nullopt;
  }
  if (in.Peek() == '{') return ReadAccessListJson(in, field);
  if (in.Peek() != '"')
    in.Fail(field + ": neither World Chain's object, nor hex of its RLP, nor null");
  Bytes item = ReadJsonHex(in, field);
  absl::Status status = CheckAccessListData(item);
  if (!status.ok()) in.Fail(field + ": " + std::string(status.message()));
  return item;
}

Diff ReadDiff(StrictJson& in) {
  Diff diff;
  auto fixed = [&](auto& out) { return [&](const std::string& f) { ReadJsonFixed(in, f, out); }; };
  auto transactions = [&](const std::string& f) {
    in.Array([&] { diff.transactions.push_back(ReadJsonHex(in, f)); });
  };
  auto withdrawals = [&](const std::string&) {
    in.Array([&] { diff.withdrawals.push_back(ReadWithdrawal(in)); });
  };
  ReadJsonMembers(
      in, "diff",
      {{"state_root", fixed(diff.state_root)},
       {"receipts_root", fixed(diff.receipts_root)},
       {"logs_bloom", fixed(diff.logs_bloom)},
       {"gas_used", [&](const std::string& f) { diff.gas_used = ReadJsonUint(in, f); }},
       {"block_hash", fixed(diff.block_hash)},
       {"transactions", transactions},
       {"withdrawals", withdrawals},
       {"withdrawals_root", fixed(diff.withdrawals_root)},
       {"access_list_data",
        [&](const std::string& f) { diff.access_list_data = ReadAccessList(in, f); }, false}});
  return diff;
}

std::optional<Base> ReadOptionalBase(StrictJson& in) {
  if (in.Peek() != 'n') return ReadBase(in);
  in.ExpectNull();
  return std::nullopt;
}

std::string ReadMetadataText(StrictJson& in) {
  const std::string_view text = in.Skip();
  absl::Status status = in.ok() ? CheckJson(text, "metadata") : in.status();
  if (!status.ok()) in.Fail(std::string(status.message()));
  return CompactJson(text);
}

// Hex text, or an array of numbers.
void ReadByteArray(StrictJson& in, const std::string& field, std::span<uint8_t> out) {
  if (in.Peek() != '[') return ReadJsonFixed(in, field, out);
  size_t count = 0;
  in.Array([&] {
    const StrictJson::Integer number = in.Number();
    if (number.negative || number.magnitude > 255) in.Fail(field + ": not a byte");
    if (count < out.size()) out[count] = static_cast<uint8_t>(number.magnitude);
    ++count;
  });
  if (count != out.size()) {
    in.Fail(absl::StrCat(field, ": has ", count, " bytes, must have ", out.size()));
  }
}

}  // namespace

absl::StatusOr<FlashblocksPayloadV1> ReadFlashblockJson(std::string_view json) {
  if (json.size() > kMaxJsonBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("flashblock: ", json.size(), " bytes of JSON, the limit is ", kMaxJsonBytes));
  }
  FlashblocksPayloadV1 out;
  StrictJson in(json, "flashblock");
  ReadJsonMembers(
      in, "",
      {{"payload_id", [&](const std::string& f) { ReadJsonFixed(in, f, out.payload_id); }},
       {"index", [&](const std::string& f) { out.index = ReadJsonUint(in, f); }},
       {"base", [&](const std::string&) { out.base = ReadOptionalBase(in); }, false},
       {"diff", [&](const std::string&) { out.diff = ReadDiff(in); }},
       {"metadata", [&](const std::string&) { out.metadata = ReadMetadataText(in); }}});
  in.Finish();
  if (!in.ok()) return in.status();
  return out;
}

absl::StatusOr<Authorization> ReadAuthorizationJson(std::string_view json) {
  Authorization out;
  StrictJson in(json, "authorization");
  auto bytes = [&](auto& to) { return [&](const std::string& f) { ReadByteArray(in, f, to); }; };
  ReadJsonMembers(
      in, "",
      {{"payload_id", bytes(out.payload_id)},
       {"timestamp", [&](const std::string& f) { out.timestamp = ReadJsonUint(in, f); }},
       {"builder_vk", bytes(out.builder_vk.bytes)},
       {"authorizer_sig", bytes(out.authorizer_sig.bytes)}});
  in.Finish();
  if (!in.ok()) return in.status();
  return out;
}

}  // namespace flblk::wire
