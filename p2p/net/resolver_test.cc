#include "p2p/net/resolver.h"

#include <gmock/gmock.h>

#include <chrono>

namespace flblk::net {
namespace {

using ::testing::HasSubstr;

class ResolverTest : public ::testing::Test {
 protected:
  // Runs the network thread's work until `count` answers have come.
  void Run(size_t count) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (answers_.size() < count && std::chrono::steady_clock::now() < end) {
      io_.restart();
      io_.run_for(std::chrono::milliseconds(10));
    }
    ASSERT_GE(answers_.size(), count);
  }
  Resolver::Callback Keep() {
    return [this](Resolver::Addresses answer) { answers_.push_back(std::move(answer)); };
  }

  boost::asio::io_context io_;
  std::vector<Resolver::Addresses> answers_;
  Resolver resolver_{io_};
};

TEST_F(ResolverTest, LiteralsAndNames) {
  resolver_.Resolve("::1", Keep());
  Run(1);
  ASSERT_TRUE(answers_[0].ok());
  EXPECT_EQ(answers_[0]->at(0).to_string(), "::1");
  resolver_.Resolve("localhost", Keep());
  Run(2);
  ASSERT_TRUE(answers_[1].ok()) << answers_[1].status();
  EXPECT_TRUE(answers_[1]->at(0).is_loopback());
}

TEST_F(ResolverTest, ANameThatDoesNotExistIsNamed) {
  resolver_.Resolve("no such name", Keep());
  Run(1);
  EXPECT_EQ(answers_[0].status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(answers_[0].status().message()), HasSubstr("resolve no such name: "));
}

}  // namespace
}  // namespace flblk::net
