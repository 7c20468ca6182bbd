#include "p2p/net/enode.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace flblk::net {
namespace {

// EIP-778 / go-ethereum documentation style id.
const std::string kId =
    "ca634cae0d49acb401d8a4c6b6fe8c55b70d115bf400769cc1400f3258cd3138"
    "7574077f301b421bc84df7266c44e9e6d569fc56be00812904767bf5ccd1fc7f";

std::string Url(const std::string& rest) { return "enode://" + kId + "@" + rest; }

TEST(EnodeTest, ReadsIpv4) {
  const auto enode = ParseEnode(Url("10.3.58.6:30303"));
  ASSERT_TRUE(enode.ok()) << enode.status();
  EXPECT_EQ(ToHex(enode->id), kId);
  EXPECT_EQ(enode->host, "10.3.58.6");
  EXPECT_EQ(enode->port, 30303);
  EXPECT_EQ(FormatEnode(*enode), Url("10.3.58.6:30303"));
}

TEST(EnodeTest, ReadsIpv6InBrackets) {
  const auto enode = ParseEnode(Url("[2001:db8::1]:1"));
  ASSERT_TRUE(enode.ok()) << enode.status();
  EXPECT_EQ(enode->host, "2001:db8::1");
  EXPECT_EQ(FormatEnode(*enode), Url("[2001:db8::1]:1"));
}

TEST(EnodeTest, ReadsDnsNames) {
  for (const char* host :
       {"localhost", "flblk-0.flblk.svc.cluster.local", "builder_1", "a.example."}) {
    const auto enode = ParseEnode(Url(std::string(host) + ":65535"));
    ASSERT_TRUE(enode.ok()) << host << ": " << enode.status();
    EXPECT_EQ(enode->host, host);
    EXPECT_EQ(enode->port, 65535);
  }
}

TEST(EnodeTest, IgnoresDiscport) {
  const auto enode = ParseEnode(Url("127.0.0.1:30303?discport=30301"));
  ASSERT_TRUE(enode.ok()) << enode.status();
  EXPECT_EQ(enode->port, 30303);
}

TEST(EnodeTest, NamesThePartThatIsWrong) {
  constexpr char kPort[] = "port is not a number from 1 to 65535",
                 kHost[] = "host is neither an IP address nor a DNS name";
  const struct {
    std::string url;
    const char* error;
  } kCases[] = {
      {"", "scheme is not enode://"},
      {"http://" + kId + "@1.2.3.4:1", "scheme is not enode://"},
      {"enode://" + kId, "'@' after the node id is missing"},
      {"enode://" + kId.substr(2) + "@1.2.3.4:1", "node id is not 128 hex characters"},
      {"enode://" + kId + "00@1.2.3.4:1", "node id is not 128 hex characters"},
      {"enode://zz" + kId.substr(2) + "@1.2.3.4:1",
       "node id: has a character that is no hex digit"},
      {"enode://" + std::string(128, '0') + "@1.2.3.4:1", "node id is zero"},
      {Url("1.2.3.4"), "port is missing"},
      {Url("1.2.3.4:"), kPort},
      {Url("1.2.3.4:0"), kPort},
      {Url("1.2.3.4:65536"), kPort},
      {Url("1.2.3.4:+1"), kPort},
      {Url("1.2.3.4: 1"), kPort},
      {Url("1.2.3.4:000001"), kPort},
      {Url(":1"), kHost},
      {Url("1.2.3.400:1"), kHost},
      {Url("::1:30303"), "host: an IPv6 address needs brackets"},
      {Url("[::1:30303"), "host has '[' without ']' before the port"},
      {Url("[1.2.3.4]:1"), "host is no IPv6 address"},
      {Url("-a.example:1"), kHost},
      {Url("a..example:1"), kHost},
      {Url("a b:1"), kHost},
      {Url(std::string(64, 'a') + ":1"), kHost},
      {Url("1.2.3.4:1?foo=1"), "query is not discport=<0..65535>"},
      {Url("1.2.3.4:1?discport=70000"), "query is not discport=<0..65535>"},
      {Url(std::string(600, 'a') + ":1"), "longer than 512 characters"},
  };
  for (const auto& c : kCases) {
    const auto enode = ParseEnode(c.url);
    ASSERT_FALSE(enode.ok()) << c.url;
    EXPECT_EQ(enode.status(), absl::InvalidArgumentError(absl::StrCat("enode: ", c.error)))
        << c.url;
  }
}

}  // namespace
}  // namespace flblk::net
