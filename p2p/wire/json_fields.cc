#include "p2p/wire/json_fields.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "p2p/wire/uint256.h"

namespace flblk::wire {
namespace {

bool IsNamed(const JsonMember& member, const std::string& key) {
  return key == member.name ||
         std::find(member.aliases.begin(), member.aliases.end(), key) != member.aliases.end();
}

std::string KnownNames(const std::vector<JsonMember>& members) {
  return absl::StrJoin(members, ", ",
                       [](std::string* out, const JsonMember& m) { *out += m.name; });
}

}  // namespace

void ReadJsonMembers(StrictJson& in, const std::string& object, std::vector<JsonMember> members,
                     UnknownMembers unknown) {
  auto full = [&](const std::string& name) {
    return object.empty() ? name : absl::StrCat(object, ".", name);
  };
  in.Object([&](const std::string& key) {
    for (JsonMember& member : members) {
      if (!IsNamed(member, key)) continue;
      if (member.seen) in.Fail(full(member.name) + " stands there twice");
      member.seen = true;
      return member.read(full(member.name));
    }
    if (unknown == UnknownMembers::kRefused) {
      in.Fail(absl::StrCat(object, " has a member that is none of: ", KnownNames(members)));
    }
    in.Skip();
  });
  for (const JsonMember& member : members) {
    if (member.required && !member.seen) in.Fail(full(member.name) + " is missing");
  }
}

Bytes ReadJsonHex(StrictJson& in, const std::string& field) {
  absl::StatusOr<Bytes> bytes = FromHex(in.String());
  if (!bytes.ok()) in.Fail(field + ": not hex");
  return bytes.value_or(Bytes());
}

void ReadJsonFixed(StrictJson& in, const std::string& field, std::span<uint8_t> out) {
  const Bytes bytes = ReadJsonHex(in, field);
  if (bytes.size() == out.size()) {
    std::copy(bytes.begin(), bytes.end(), out.begin());
  } else {
    in.Fail(absl::StrCat(field, ": has ", bytes.size(), " bytes, must have ", out.size()));
  }
}

Hash32 ReadJsonUint256(StrictJson& in, const std::string& field) {
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

uint64_t ReadJsonUint(StrictJson& in, const std::string& field) {
  const Hash32 wide = ReadJsonUint256(in, field);
  uint64_t value = 0;
  for (size_t i = 0; i < wide.size(); ++i) {
    if (i < 24 && wide[i] != 0) in.Fail(field + ": exceeds 64 bits");
    value = value << 8 | wide[i];
  }
  return value;
}

}  // namespace flblk::wire
