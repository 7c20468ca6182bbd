#include "plugin/endpoint.h"

#include <gmock/gmock.h>

namespace flblk::plugin {
namespace {

using testing::HasSubstr;

TEST(Endpoint, ReadsAndWritesEachForm) {
  for (const char* text : {"none", "unix:/run/flblk.sock", "unix:relative.sock", "127.0.0.1:50051",
                           "0.0.0.0:0", "[::1]:65535"}) {
    auto endpoint = ParseEndpoint(text);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    EXPECT_EQ(endpoint->ToString(), text);
  }
  EXPECT_EQ(ParseEndpoint("localhost:80")->host, "127.0.0.1");
  EXPECT_EQ(ParseEndpoint("unix:///run/a")->path, "/run/a");
}

TEST(Endpoint, KnowsWhatOnlyThisMachineReaches) {
  for (const char* text :
       {"none", "unix:/a", "127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"}) {
    EXPECT_TRUE(ParseEndpoint(text)->IsLocal()) << text;
  }
  for (const char* text : {"0.0.0.0:1", "10.0.0.1:1", "[::]:1", "[fe80::1]:1"}) {
    EXPECT_FALSE(ParseEndpoint(text)->IsLocal()) << text;
  }
}

struct BadCase {
  std::string text, why;
};
class BadEndpoint : public testing::TestWithParam<BadCase> {};

TEST_P(BadEndpoint, IsRefusedWithItsReason) {
  const auto endpoint = ParseEndpoint(GetParam().text);
  ASSERT_FALSE(endpoint.ok());
  EXPECT_EQ(endpoint.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(endpoint.status().message()), HasSubstr(GetParam().why));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadEndpoint,
    testing::Values(BadCase{"unix:", "path is empty"},
                    BadCase{"unix:" + std::string(97, 'x'), "97 bytes, at most 96"},
                    BadCase{"localhost", "port is missing"}, BadCase{"127.0.0.1:65536", "0..65535"},
                    BadCase{"127.0.0.1:-1", "0..65535"}, BadCase{"127.0.0.1:", "0..65535"},
                    BadCase{"example.org:1", "no IP address"}, BadCase{":9000", "no IP address"},
                    BadCase{"::1:80", "[address]:port"},
                    BadCase{"[127.0.0.1]:80", "[address]:port"}));

}  // namespace
}  // namespace flblk::plugin
