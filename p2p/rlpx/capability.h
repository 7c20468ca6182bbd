// devp2p capabilities: which are shared, and where their message ids lie.
//
// Of each name offered by both sides the highest common version is shared; shared ones are sorted
// by name and get consecutive id ranges from 0x10 on. Source: devp2p rlpx.md "Message ID-based
// Multiplexing".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "signer/bytes.h"

namespace flblk::rlpx {

inline constexpr uint8_t kFirstCapabilityId = 0x10;

struct Capability {
  std::string name;
  uint64_t version = 0;
  bool operator==(const Capability&) const = default;
};

struct SharedCapability {
  std::string name;
  uint64_t version = 0;
  uint8_t offset = 0;  // wire id of its relative id 0
  uint8_t length = 0;  // ids it owns
  bool Owns(uint8_t wire_id) const { return wire_id >= offset && wire_id - offset < length; }
  bool operator==(const SharedCapability&) const = default;
};

// Message ids a capability reserves; nullopt: not one we know.
std::optional<uint8_t> MessageCount(const Capability& capability);

// In the order of their ids. Entries of `ours` whose length is unknown count as not offered.
std::vector<SharedCapability> MatchCapabilities(const std::vector<Capability>& ours,
                                                const std::vector<Capability>& theirs);

// The shared capability of that name, or null.
const SharedCapability* FindCapability(const std::vector<SharedCapability>& shared,
                                       std::string_view name);

}  // namespace flblk::rlpx
