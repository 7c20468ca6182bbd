// Members of JSON objects whose names and types are known. Internal to the readers of p2p/wire.
//
// Integers are read as hex quantity, decimal string or JSON number; bytes as hex with or without
// 0x.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "p2p/wire/strict_json.h"
#include "signer/bytes.h"

namespace flblk::wire {

// One member of an object: its name, other names where dialects differ, and how its value is read.
// `read` gets the full name for errors.
struct JsonMember {
  std::string name;
  std::function<void(const std::string& field)> read;
  bool required = true;
  std::vector<std::string> aliases = {};
  bool seen = false;
};

enum class UnknownMembers : uint8_t { kIgnored, kRefused };

// A member twice, or a required one that is missing, is an error.
void ReadJsonMembers(StrictJson& in, const std::string& object, std::vector<JsonMember> members,
                     UnknownMembers unknown = UnknownMembers::kIgnored);

Bytes ReadJsonHex(StrictJson& in, const std::string& field);
void ReadJsonFixed(StrictJson& in, const std::string& field, std::span<uint8_t> out);
Hash32 ReadJsonUint256(StrictJson& in, const std::string& field);
uint64_t ReadJsonUint(StrictJson& in, const std::string& field);

}  // namespace flblk::wire
