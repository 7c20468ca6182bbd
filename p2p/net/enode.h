// enode://<128 hex>@host:port  (host: IPv4, [IPv6] or a DNS name; "?discport=" accepted and
// ignored)
#pragma once

#include <string>
#include <string_view>

#include "signer/bytes.h"

namespace flblk::net {

struct Enode {
  NodeId id{};
  std::string host;  // without brackets
  uint16_t port = 30303;
  bool operator==(const Enode&) const = default;
};

// INVALID_ARGUMENT names the part that is wrong.
absl::StatusOr<Enode> ParseEnode(std::string_view url);
std::string FormatEnode(const Enode& enode);

}  // namespace flblk::net
