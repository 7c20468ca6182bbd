#include "p2p/net/address.h"

#include "absl/strings/str_cat.h"

namespace flblk::net {

namespace ip = boost::asio::ip;

ip::address PlainAddress(const ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  }
  return address;
}

std::string FormatEndpoint(const ip::tcp::endpoint& endpoint) {
  const ip::address address = PlainAddress(endpoint.address());
  const bool brackets = address.is_v6();
  return absl::StrCat(brackets ? "[" : "", address.to_string(), brackets ? "]:" : ":",
                      endpoint.port());
}

std::string AnnouncedHost(const std::string& external, const std::string& listen) {
  if (!external.empty()) return external;
  boost::system::error_code no_literal;
  const ip::address address = ip::make_address(listen, no_literal);
  if (no_literal || !address.is_unspecified()) return listen;
  return address.is_v4() ? "127.0.0.1" : "::1";
}

std::string AddressKey(const ip::address& address) {
  const ip::address plain = PlainAddress(address);
  if (plain.is_v4()) return plain.to_string();
  ip::address_v6::bytes_type bytes = plain.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), uint8_t{0});
  return absl::StrCat(ip::address_v6(bytes).to_string(), "/64");
}

bool IsPublic(const ip::address& address) {
  const ip::address plain = PlainAddress(address);
  if (plain.is_loopback() || plain.is_unspecified() || plain.is_multicast()) return false;
  if (plain.is_v6()) {
    const ip::address_v6 v6 = plain.to_v6();
    return !v6.is_link_local() && (v6.to_bytes()[0] & 0xfe) != 0xfc;
  }
  const uint32_t v4 = plain.to_v4().to_uint();
  const auto inside = [v4](uint32_t network, int bits) {
    return (v4 ^ network) >> (32 - bits) == 0;
  };
  return !inside(0x0a000000, 8) && !inside(0xac100000, 12) && !inside(0xc0a80000, 16) &&
         !inside(0xa9fe0000, 16) && !inside(0x64400000, 10) && !inside(0x7f000000, 8);
}

}  // namespace flblk::net
