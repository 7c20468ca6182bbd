#include "tests/harness/netns.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"

namespace flblk::harness {
namespace {

TEST(Network, AddressesDiffer) {
  EXPECT_EQ(Network::Address(0), "10.77.0.1");
  EXPECT_EQ(Network::Address(Network::kMaxNodes - 1), "10.77.0.200");
}

TEST(Network, TooManyNodesAreRefused) {
  EXPECT_EQ(Network::Create(Network::kMaxNodes + 1, "/tmp").status().code(),
            absl::StatusCode::kInvalidArgument);
}

// It works, or says which part of it the machine does not allow.
TEST(Network, TryNamesWhatIsMissing) {
  const absl::Status status = Network::Try();
  if (status.ok()) return;
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(absl::StartsWith(status.message(), "network namespaces: ")) << status;
}

}  // namespace
}  // namespace flblk::harness
