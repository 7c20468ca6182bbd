#include "p2p/net/enode.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace flblk::net {
namespace {

constexpr std::string_view kScheme = "enode://";
constexpr size_t kIdHexChars = 128;
constexpr size_t kMaxUrlChars = 512;
constexpr size_t kMaxHostChars = 253;  // RFC 1035
constexpr size_t kMaxLabelChars = 63;

absl::Status Invalid(const std::string& what) {
  return absl::InvalidArgumentError("enode: " + what);
}

bool AllDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return absl::ascii_isdigit(c); });
}

// Decimal, digits only, at most `max`.
bool ParseNumber(std::string_view text, uint32_t max, uint32_t& value) {
  if (text.empty() || text.size() > 5 || !AllDigits(text)) return false;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value <= max;
}

bool IsIpv4(const std::string& host) {
  in_addr parsed;
  return inet_pton(AF_INET, host.c_str(), &parsed) == 1;
}

bool IsIpv6(const std::string& host) {
  in6_addr parsed;
  return inet_pton(AF_INET6, host.c_str(), &parsed) == 1;
}

bool IsDnsLabel(std::string_view label) {
  if (label.empty() || label.size() > kMaxLabelChars) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_';  // '_' is seen in container names
  });
}

// A name whose last label is a number would be an IPv4 address gone wrong.
bool IsDnsName(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() > kMaxHostChars) return false;
  while (true) {
    const size_t dot = host.find('.');
    const std::string_view label = host.substr(0, dot);
    if (!IsDnsLabel(label)) return false;
    if (dot == std::string_view::npos) return !AllDigits(label);
    host.remove_prefix(dot + 1);
  }
}

absl::Status ParsePort(std::string_view text, uint16_t& port) {
  uint32_t value = 0;
  if (!ParseNumber(text, 65535, value) || value == 0) {
    return Invalid("port is not a number from 1 to 65535");
  }
  port = static_cast<uint16_t>(value);
  return absl::OkStatus();
}

// host:port, [ipv6]:port
absl::Status ParseHostPort(std::string_view text, Enode& enode) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Invalid("port is missing");
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return Invalid("host has '[' without ']' before the port");
    enode.host = std::string(host.substr(1, host.size() - 2));
    if (!IsIpv6(enode.host)) return Invalid("host is no IPv6 address");
  } else {
    enode.host = std::string(host);
    if (host.find(':') != std::string_view::npos) {
      return Invalid("host: an IPv6 address needs brackets");
    }
    if (!IsIpv4(enode.host) && !IsDnsName(host)) {
      return Invalid("host is neither an IP address nor a DNS name");
    }
  }
  return ParsePort(text.substr(colon + 1), enode.port);
}

// "discport=N" is for UDP discovery; anything else is refused so that a typing error is seen.
absl::Status CheckQuery(std::string_view query) {
  constexpr std::string_view kKey = "discport=";
  uint32_t port = 0;
  if (!query.starts_with(kKey) || !ParseNumber(query.substr(kKey.size()), 65535, port)) {
    return Invalid("query is not discport=<0..65535>");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Enode> ParseEnode(std::string_view url) {
  if (url.size() > kMaxUrlChars) {
    return Invalid(absl::StrCat("longer than ", kMaxUrlChars, " characters"));
  }
  if (!url.starts_with(kScheme)) return Invalid("scheme is not enode://");
  url.remove_prefix(kScheme.size());
  const size_t at = url.find('@');
  if (at == std::string_view::npos) return Invalid("'@' after the node id is missing");
  if (at != kIdHexChars) return Invalid("node id is not 128 hex characters");
  Enode enode;
  if (absl::Status s = FromHexExact(url.substr(0, at), "enode: node id", enode.id); !s.ok()) {
    return s;
  }
  if (enode.id == NodeId{}) return Invalid("node id is zero");
  url.remove_prefix(at + 1);
  if (const size_t question = url.find('?'); question != std::string_view::npos) {
    if (absl::Status s = CheckQuery(url.substr(question + 1)); !s.ok()) return s;
    url = url.substr(0, question);
  }
  if (url.ends_with('/')) url.remove_suffix(1);
  if (absl::Status s = ParseHostPort(url, enode); !s.ok()) return s;
  return enode;
}

std::string FormatEnode(const Enode& enode) {
  const bool brackets = enode.host.find(':') != std::string::npos;
  return absl::StrCat("enode://", ToHex(enode.id), "@", brackets ? "[" : "", enode.host,
                      brackets ? "]" : "", ":", enode.port);
}

}  // namespace flblk::net
