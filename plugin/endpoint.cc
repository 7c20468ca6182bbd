#include "plugin/endpoint.h"

#include <arpa/inet.h>

#include <cstring>

#include "plugin/text.h"

namespace flblk::plugin {
namespace {

constexpr size_t kMaxSocketPath = 96;

bool ParseV4(const std::string& text, in_addr* out) {
  return inet_pton(AF_INET, text.c_str(), out) == 1;
}
bool ParseV6(const std::string& text, in6_addr* out) {
  return inet_pton(AF_INET6, text.c_str(), out) == 1;
}

absl::Status Bad(std::string_view text, std::string_view why) {
  return Invalid("'", text, "' is no endpoint (none, unix:/path or host:port): ", why);
}

absl::StatusOr<Endpoint> ParseUnix(std::string_view text, std::string_view path) {
  if (path.empty()) return Bad(text, "the path is empty");
  if (path.size() > kMaxSocketPath) {
    return Bad(text, Cat("the path has ", path.size(), " bytes, at most ", kMaxSocketPath));
  }
  return Endpoint{.kind = Endpoint::Kind::kUnix, .path = std::string(path), .host = {}};
}

}  // namespace

bool IsIpLiteral(const std::string& text) {
  in_addr v4;
  in6_addr v6;
  return ParseV4(text, &v4) || ParseV6(text, &v6);
}

absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text) {
  if (text == "none" || text.empty()) return Endpoint{};
  std::string_view rest = text;
  if (ConsumePrefix(rest, "unix://") || ConsumePrefix(rest, "unix:")) {
    return ParseUnix(text, rest);
  }
  if (text.front() == '/') return Bad(text, Cat("a Unix socket is written unix:", text));
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Bad(text, "the port is missing");
  Endpoint endpoint{.kind = Endpoint::Kind::kTcp, .path = {}, .host = {}};
  const auto port = ParseUnsigned(text.substr(colon + 1));
  if (!port || *port > 65535) return Bad(text, "the port is not in 0..65535");
  endpoint.port = static_cast<uint16_t>(*port);
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  endpoint.host = host == "localhost" ? "127.0.0.1" : std::string(host);
  in6_addr v6;
  if (!IsIpLiteral(endpoint.host)) return Bad(text, "the host is no IP address");
  if (ParseV6(endpoint.host, &v6) != bracketed) return Bad(text, "IPv6 is written [address]:port");
  return endpoint;
}

std::string Endpoint::ToString() const {
  if (kind == Kind::kNone) return "none";
  if (kind == Kind::kUnix) return Cat("unix:", path);
  const bool v6 = host.find(':') != std::string::npos;
  return Cat(v6 ? "[" : "", host, v6 ? "]" : "", ":", port);
}

bool Endpoint::IsLocal() const {
  if (kind != Kind::kTcp) return true;
  in_addr v4;
  if (ParseV4(host, &v4)) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6;
  return ParseV6(host, &v6) && std::memcmp(&v6, &in6addr_loopback, sizeof v6) == 0;
}

}  // namespace flblk::plugin
