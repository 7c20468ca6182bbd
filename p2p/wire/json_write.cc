#include "absl/strings/str_cat.h"
#include "p2p/wire/json.h"
#include "p2p/wire/strict_json.h"
#include "p2p/wire/uint256.h"

namespace flblk::wire {
namespace {

// Writes one object or array; every value follows its key.
class JsonWriter {
 public:
  explicit JsonWriter(std::string* out) : out_(out) {}

  JsonWriter& Key(const char* key) {
    Comma();
    absl::StrAppend(out_, "\"", key, "\":");
    return *this;
  }
  void Hex(ByteView bytes) { absl::StrAppend(out_, "\"0x", ToHex(bytes), "\""); }
  void Quantity(uint64_t value) { absl::StrAppend(out_, "\"0x", absl::Hex(value), "\""); }
  void Text(const std::string& json) { out_->append(json); }
  void Number(uint64_t value) { absl::StrAppend(out_, value); }
  // `members` writes into the object or array between the brackets.
  template <class Members>
  void Nested(char open, char close, const Members& members) {
    out_->push_back(open);
    first_ = true;
    members();
    out_->push_back(close);
    first_ = false;
  }
  void Comma() {
    if (!first_) out_->push_back(',');
    first_ = false;
  }

 private:
  std::string* out_;
  bool first_ = true;
};

void WriteBase(const Base& base, JsonWriter& out) {
  out.Nested('{', '}', [&] {
    out.Key("parent_beacon_block_root").Hex(base.parent_beacon_block_root);
    out.Key("parent_hash").Hex(base.parent_hash);
    out.Key("fee_recipient").Hex(base.fee_recipient);
    out.Key("prev_randao").Hex(base.prev_randao);
    out.Key("block_number").Quantity(base.block_number);
    out.Key("gas_limit").Quantity(base.gas_limit);
    out.Key("timestamp").Quantity(base.timestamp);
    out.Key("extra_data").Hex(base.extra_data);
    out.Key("base_fee_per_gas").Text("\"" + FormatUint256(base.base_fee_per_gas) + "\"");
  });
}

void WriteWithdrawal(const Withdrawal& w, JsonWriter& out) {
  out.Nested('{', '}', [&] {
    out.Key("index").Quantity(w.index);
    out.Key("validatorIndex").Quantity(w.validator_index);
    out.Key("address").Hex(w.address);
    out.Key("amount").Quantity(w.amount);
  });
}

void WriteDiff(const Diff& diff, JsonWriter& out) {
  out.Nested('{', '}', [&] {
    out.Key("state_root").Hex(diff.state_root);
    out.Key("receipts_root").Hex(diff.receipts_root);
    out.Key("logs_bloom").Hex(diff.logs_bloom);
    out.Key("gas_used").Quantity(diff.gas_used);
    out.Key("block_hash").Hex(diff.block_hash);
    out.Key("transactions").Nested('[', ']', [&] {
      for (const Bytes& transaction : diff.transactions) {
        out.Comma();
        out.Hex(transaction);
      }
    });
    out.Key("withdrawals").Nested('[', ']', [&] {
      for (const Withdrawal& w : diff.withdrawals) {
        out.Comma();
        WriteWithdrawal(w, out);
      }
    });
    out.Key("withdrawals_root").Hex(diff.withdrawals_root);
    if (diff.access_list_data) out.Key("access_list_data").Hex(*diff.access_list_data);
  });
}

void WriteByteArray(ByteView bytes, JsonWriter& out) {
  out.Nested('[', ']', [&] {
    for (uint8_t byte : bytes) {
      out.Comma();
      out.Number(byte);
    }
  });
}

}  // namespace

std::string WriteFlashblockJson(const FlashblocksPayloadV1& flashblock) {
  std::string text;
  JsonWriter out(&text);
  out.Nested('{', '}', [&] {
    out.Key("payload_id").Hex(flashblock.payload_id);
    out.Key("index").Number(flashblock.index);
    if (flashblock.base) {
      out.Key("base");
      WriteBase(*flashblock.base, out);
    }
    out.Key("diff");
    WriteDiff(flashblock.diff, out);
    out.Key("metadata")
        .Text(CheckJson(flashblock.metadata, "metadata").ok() ? flashblock.metadata : "null");
  });
  return text;
}

std::string WriteAuthorizationJson(const Authorization& authorization) {
  std::string text;
  JsonWriter out(&text);
  out.Nested('{', '}', [&] {
    out.Key("payload_id").Hex(authorization.payload_id);
    out.Key("timestamp").Number(authorization.timestamp);
    out.Key("builder_vk");
    WriteByteArray(authorization.builder_vk.bytes, out);
    out.Key("authorizer_sig");
    WriteByteArray(authorization.authorizer_sig.bytes, out);
  });
  return text;
}

}  // namespace flblk::wire
