// Where a server listens: unix:/path, host:port, or none.
//
//   endpoint = "none" | "unix:" path | host ":" port
//   host     = IPv4 literal | "[" IPv6 literal "]" | "localhost" (127.0.0.1)
//   path     = 1..96 bytes (the kernel takes 107; a temporary suffix is added while binding)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace flblk::plugin {

struct Endpoint {
  enum class Kind : uint8_t { kNone, kUnix, kTcp };
  Kind kind = Kind::kNone;
  std::string path;   // kUnix
  std::string host;   // kTcp: an IP literal without brackets
  uint16_t port = 0;  // kTcp; 0: a free port

  // What ParseEndpoint reads.
  std::string ToString() const;
  // True where only this machine can connect: Unix sockets, 127.0.0.0/8, ::1.
  bool IsLocal() const;
  bool operator==(const Endpoint&) const = default;
};

// INVALID_ARGUMENT names the part that is wrong.
absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text);

// Whether `text` is an IPv4 or IPv6 literal (no brackets).
bool IsIpLiteral(const std::string& text);

}  // namespace flblk::plugin
