// What the node does with IP addresses, beside connecting to them.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>

namespace flblk::net {

// An IPv4 address that a dual-stack socket reports as ::ffff:a.b.c.d becomes a.b.c.d.
boost::asio::ip::address PlainAddress(const boost::asio::ip::address& address);

// "1.2.3.4:30303", "[2001:db8::1]:30303"
std::string FormatEndpoint(const boost::asio::ip::tcp::endpoint& endpoint);

// The host of our own enode: `external` where given, else the listen address; loopback where that
// is the unspecified one, which nobody can dial.
std::string AnnouncedHost(const std::string& external, const std::string& listen);

// One owner's addresses under one key: an IPv4 address, an IPv6 /64.
std::string AddressKey(const boost::asio::ip::address& address);

// Reachable over the internet. Loopback, link-local and private networks (RFC 1918, RFC 6598, RFC
// 4193) are not: there many honest peers may share one address (container gateways), so nobody is
// judged by it.
bool IsPublic(const boost::asio::ip::address& address);

}  // namespace flblk::net
