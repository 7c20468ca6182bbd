#include "p2p/net/enode.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace flblk::net {
namespace {

using ::testing::HasSubstr;

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
  const struct {
    std::string url;
    const char* part;
  } kCases[] = {
      {"", "scheme"},
      {"http://" + kId + "@1.2.3.4:1", "scheme"},
      {"enode://" + kId, "'@'"},
      {"enode://" + kId.substr(2) + "@1.2.3.4:1", "node id"},
      {"enode://" + kId + "00@1.2.3.4:1", "node id"},
      {"enode://zz" + kId.substr(2) + "@1.2.3.4:1", "node id"},
      {"enode://" + std::string(128, '0') + "@1.2.3.4:1", "node id"},
      {Url("1.2.3.4"), "port"},
      {Url("1.2.3.4:"), "port"},
      {Url("1.2.3.4:0"), "port"},
      {Url("1.2.3.4:65536"), "port"},
      {Url("1.2.3.4:+1"), "port"},
      {Url("1.2.3.4: 1"), "port"},
      {Url("1.2.3.4:000001"), "port"},
      {Url(":1"), "host"},
      {Url("1.2.3.400:1"), "host"},
      {Url("::1:30303"), "host"},
      {Url("[::1:30303"), "host"},
      {Url("[1.2.3.4]:1"), "host"},
      {Url("-a.example:1"), "host"},
      {Url("a..example:1"), "host"},
      {Url("a b:1"), "host"},
      {Url(std::string(64, 'a') + ":1"), "host"},
      {Url("1.2.3.4:1?foo=1"), "query"},
      {Url("1.2.3.4:1?discport=70000"), "query"},
      {Url(std::string(600, 'a') + ":1"), "512"},
  };
  for (const auto& c : kCases) {
    const auto enode = ParseEnode(c.url);
    ASSERT_FALSE(enode.ok()) << c.url;
    EXPECT_EQ(enode.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(enode.status().message()), HasSubstr(c.part)) << c.url;
  }
}

}  // namespace
}  // namespace flblk::net
