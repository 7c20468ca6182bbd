#include <functional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "p2p/wire/access_list.h"
#include "p2p/wire/json.h"
#include "p2p/wire/limits.h"
#include "p2p/wire/strict_json.h"
#include "p2p/wire/uint256.h"

namespace flblk::wire {
namespace {

// One member of an object: its names (a second one where dialects differ) and how its value is
// read. `read` gets the full name for errors.
struct Member {
  std::string name;
  std::function<void(const std::string& field)> read;
  bool required = true;
  std::string alias = {};
  bool seen = false;
};

void ReadMembers(StrictJson& in, const std::string& object, std::vector<Member> members) {
  auto full = [&](const Member& m) {
    return object.empty() ? m.name : absl::StrCat(object, ".", m.name);
  };
  in.Object([&](const std::string& key) {
    for (Member& member : members) {
      if (key != member.name && (member.alias.empty() || key != member.alias)) continue;
      if (member.seen) in.Fail(full(member) + " stands there twice");
      member.seen = true;
      return member.read(full(member));
    }
    in.Skip();
  });
  for (const Member& member : members) {
    if (member.required && !member.seen) in.Fail(full(member) + " is missing");
  }
}

Bytes ReadHex(StrictJson& in, const std::string& field) {
  absl::StatusOr<Bytes> bytes = FromHex(in.String());
  if (!bytes.ok()) in.Fail(field + ": not hex");
  return bytes.value_or(Bytes());
}

void ReadFixed(StrictJson& in, const std::string& field, std::span<uint8_t> out) {
  const Bytes bytes = ReadHex(in, field);
  if (bytes.size() == out.size()) {
    std::copy(bytes.begin(), bytes.end(), out.begin());
  } else {
    in.Fail(absl::StrCat(field, ": has ", bytes.size(), " bytes, must have ", out.size()));
  }
}

Hash32 ReadUint256(StrictJson& in, const std::string& field) {
  Hash32 value{};
  if (in.Peek() == '"') {
    std::optional<Hash32> parsed = ParseUint256(in.String());
    if (!parsed) in.Fail(field + ": not a number of at most 256 bits");
    return parsed.value_or(value);
  }
  const StrictJson::Integer number = in.Number();
  if (number.negative) in.Fail(field + ": negative");
  for (size_t i = 0; i < 8; ++i) value[31 - i] = static_cast<uint8_t>(number.magnitude >> (8 * i));
  return value;
}

uint64_t ReadUint(StrictJson& in, const std::string& field) {
  const Hash32 wide = ReadUint256(in, field);
  uint64_t value = 0;
  for (size_t i = 0; i < wide.size(); ++i) {
    if (i < 24 && wide[i] != 0) in.Fail(field + ": exceeds 64 bits");
    value = value << 8 | wide[i];
  }
  return value;
}

Base ReadBase(StrictJson& in) {
  Base base;
  auto fixed = [&](auto& out) { return [&](const std::string& f) { ReadFixed(in, f, out); }; };
  auto integer = [&](uint64_t& out) {
    return [&](const std::string& f) { out = ReadUint(in, f); };
  };
  ReadMembers(in, "base",
              {{"parent_beacon_block_root", fixed(base.parent_beacon_block_root)},
               {"parent_hash", fixed(base.parent_hash)},
               {"fee_recipient", fixed(base.fee_recipient)},
               {"prev_randao", fixed(base.prev_randao)},
               {"block_number", integer(base.block_number)},
               {"gas_limit", integer(base.gas_limit)},
               {"timestamp", integer(base.timestamp)},
               {"extra_data", [&](const std::string& f) { base.extra_data = ReadHex(in, f); }},
               {"base_fee_per_gas",
                [&](const std::string& f) { base.base_fee_per_gas = ReadUint256(in, f); }}});
  return base;
}

Withdrawal ReadWithdrawal(StrictJson& in) {
  Withdrawal w;
  auto integer = [&](uint64_t& out) {
    return [&](const std::string& f) { out = ReadUint(in, f); };
  };
  ReadMembers(in, "diff.withdrawals",
              {{"index", integer(w.index)},
               {"validatorIndex", integer(w.validator_index), true, "validator_index"},
               {"address", [&](const std::string& f) { ReadFixed(in, f, w.address); }},
               {"amount", integer(w.amount)}});
  return w;
}

std::optional<Bytes> ReadAccessList(StrictJson& in, const std::string& field) {
  if (in.Peek() == 'n') {
    in.ExpectNull();
    return std::nullopt;
  }
  Bytes item = ReadHex(in, field);
  absl::Status status = CheckAccessListData(item);
  if (!status.ok()) in.Fail(field + ": " + std::string(status.message()));
  return item;
}

Diff ReadDiff(StrictJson& in) {
  Diff diff;
  auto fixed = [&](auto& out) { return [&](const std::string& f) { ReadFixed(in, f, out); }; };
  auto transactions = [&](const std::string& f) {
    in.Array([&] { diff.transactions.push_back(ReadHex(in, f)); });
  };
  auto withdrawals = [&](const std::string&) {
    in.Array([&] { diff.withdrawals.push_back(ReadWithdrawal(in)); });
  };
  ReadMembers(
      in, "diff",
      {{"state_root", fixed(diff.state_root)},
       {"receipts_root", fixed(diff.receipts_root)},
       {"logs_bloom", fixed(diff.logs_bloom)},
       {"gas_used", [&](const std::string& f) { diff.gas_used = ReadUint(in, f); }},
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
  if (in.Peek() != '[') return ReadFixed(in, field, out);
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
  ReadMembers(in, "",
              {{"payload_id", [&](const std::string& f) { ReadFixed(in, f, out.payload_id); }},
               {"index", [&](const std::string& f) { out.index = ReadUint(in, f); }},
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
  ReadMembers(in, "",
              {{"payload_id", bytes(out.payload_id)},
               {"timestamp", [&](const std::string& f) { out.timestamp = ReadUint(in, f); }},
               {"builder_vk", bytes(out.builder_vk.bytes)},
               {"authorizer_sig", bytes(out.authorizer_sig.bytes)}});
  in.Finish();
  if (!in.ok()) return in.status();
  return out;
}

}  // namespace flblk::wire
