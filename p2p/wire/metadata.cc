#include "p2p/wire/metadata.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "p2p/wire/strict_json.h"
#include "p2p/wire/uint256.h"

namespace flblk::wire {
namespace {

constexpr std::string_view kFees = "fees";
constexpr std::string_view kTimestamp = "flashblock_timestamp";
// "fees" with 64 digits and the longest timestamp make 123 bytes.
constexpr size_t kMaxCanonicalBytes = 128;

Hash32 ReadFees(StrictJson& in) {
  if (in.Peek() == '"') {
    std::optional<Hash32> fees = ParseUint256(in.String());
    if (!fees) in.Fail("fees is not a number of at most 256 bits");
    return fees.value_or(Hash32{});
  }
  const StrictJson::Integer number = in.Number();
  if (number.negative) in.Fail("fees is negative");
  Hash32 fees{};
  for (size_t i = 0; i < 8; ++i) fees[31 - i] = static_cast<uint8_t>(number.magnitude >> (8 * i));
  return fees;
}

std::optional<int64_t> ReadTimestamp(StrictJson& in) {
  if (in.Peek() == 'n') {
    in.ExpectNull();
    return std::nullopt;
  }
  const StrictJson::Integer number = in.Number();
  const uint64_t limit = static_cast<uint64_t>(INT64_MAX) + (number.negative ? 1 : 0);
  if (number.magnitude > limit) in.Fail("flashblock_timestamp exceeds 64 bits");
  return static_cast<int64_t>(number.negative ? -number.magnitude : number.magnitude);
}

void ReadObject(StrictJson& in, Metadata& out) {
  bool has_fees = false, has_timestamp = false;
  in.Object([&](const std::string& key) {
    if (key == kFees) {
      if (std::exchange(has_fees, true)) in.Fail("fees stands there twice");
      out.fees = ReadFees(in);
    } else if (key == kTimestamp) {
      if (std::exchange(has_timestamp, true)) in.Fail("flashblock_timestamp stands there twice");
      out.flashblock_timestamp = ReadTimestamp(in);
    } else {
      in.Skip();
    }
  });
  if (!has_fees) in.Fail("fees is missing");
}

void ReadArray(StrictJson& in, Metadata& out) {
  in.Expect('[');
  out.fees = ReadFees(in);
  in.Expect(',');
  out.flashblock_timestamp = ReadTimestamp(in);
  in.Expect(']');
}

}  // namespace

std::string WriteMetadata(const Metadata& metadata) {
  std::string json = absl::StrCat("{\"fees\":\"", FormatUint256(metadata.fees), "\"");
  if (metadata.flashblock_timestamp) {
    absl::StrAppend(&json, ",\"flashblock_timestamp\":", *metadata.flashblock_timestamp);
  }
  json.push_back('}');
  return json;
}

absl::StatusOr<Metadata> ReadMetadata(std::string_view json) {
  StrictJson in(json, "metadata");
  Metadata metadata;
  if (in.Peek() == '[') {
    ReadArray(in, metadata);
  } else {
    ReadObject(in, metadata);
  }
  in.Finish();
  if (!in.ok()) return in.status();
  return metadata;
}

bool IsCanonicalMetadata(std::string_view json) {
  if (json.size() > kMaxCanonicalBytes) return false;
  absl::StatusOr<Metadata> metadata = ReadMetadata(json);
  return metadata.ok() && WriteMetadata(*metadata) == json;
}

}  // namespace flblk::wire
