#include "p2p/net/address.h"

#include "gtest/gtest.h"

namespace flblk::net {
namespace {

using boost::asio::ip::make_address;
using boost::asio::ip::tcp;

TEST(AddressTest, FormatsEndpoints) {
  EXPECT_EQ(FormatEndpoint(tcp::endpoint(make_address("1.2.3.4"), 5)), "1.2.3.4:5");
  EXPECT_EQ(FormatEndpoint(tcp::endpoint(make_address("::1"), 5)), "[::1]:5");
  EXPECT_EQ(FormatEndpoint(tcp::endpoint(make_address("::ffff:1.2.3.4"), 5)), "1.2.3.4:5");
}

TEST(AddressTest, AnnouncesWhatCanBeDialled) {
  EXPECT_EQ(AnnouncedHost("203.0.113.7", "0.0.0.0"), "203.0.113.7");
  EXPECT_EQ(AnnouncedHost("", "10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(AnnouncedHost("", "0.0.0.0"), "127.0.0.1");
  EXPECT_EQ(AnnouncedHost("", "::"), "::1");
}

TEST(AddressTest, OneOwnerOneKey) {
  EXPECT_EQ(AddressKey(make_address("1.2.3.4")), AddressKey(make_address("::ffff:1.2.3.4")));
  EXPECT_NE(AddressKey(make_address("1.2.3.4")), AddressKey(make_address("1.2.3.5")));
  EXPECT_EQ(AddressKey(make_address("2001:db8::1")), AddressKey(make_address("2001:db8::ffff:2")));
  EXPECT_NE(AddressKey(make_address("2001:db8::1")), AddressKey(make_address("2001:db8:0:1::1")));
}

TEST(AddressTest, TellsPublicFromPrivate) {
  for (const char* text :
       {"8.8.8.8", "172.32.0.1", "100.128.0.1", "192.169.0.1", "2001:db8::1", "::ffff:8.8.8.8"}) {
    EXPECT_TRUE(IsPublic(make_address(text))) << text;
  }
  for (const char* text :
       {"127.0.0.1", "127.3.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.1.1", "100.64.0.1", "0.0.0.0", "::1", "fe80::1", "fd00::1", "::ffff:10.0.0.1"}) {
    EXPECT_FALSE(IsPublic(make_address(text))) << text;
  }
}

}  // namespace
}  // namespace flblk::net
