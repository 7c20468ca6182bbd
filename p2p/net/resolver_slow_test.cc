// A name server that does not answer. This program has a getaddrinfo() of its own in place of the
// C library's, which returns when the test says so.
#include <netdb.h>

#include <atomic>
#include <chrono>
#include <future>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "p2p/net/resolver.h"
#include "p2p/net/testing/test_node.h"

namespace {
std::atomic<bool> asked, answered;
}  // namespace

extern "C" __attribute__((visibility("default"))) int getaddrinfo(const char*, const char*,
                                                                  const addrinfo*, addrinfo**) {
  asked = true;
  asked.notify_all();
  answered.wait(false);
  return EAI_AGAIN;
}

namespace flblk::net {
namespace {

class SlowResolverTest : public ::testing::Test {
 protected:
  SlowResolverTest() { asked = answered = false; }
  static void Answer() {
    answered = true;
    answered.notify_all();
  }
};

TEST_F(SlowResolverTest, SoManyNamesWaitAndNoMore) {
  boost::asio::io_context io;
  std::vector<absl::Status> answers;
  const auto keep = [&](const Resolver::Addresses& found) { answers.push_back(found.status()); };
  Resolver resolver(io);
  resolver.Resolve("first.example", keep);
  asked.wait(false);
  for (size_t i = 0; i < Resolver::kMaxWaiting; ++i) resolver.Resolve("waits.example", keep);
  io.run();
  EXPECT_TRUE(answers.empty());
  resolver.Resolve("one.too.many", keep);
  io.restart();
  io.run();
  EXPECT_THAT(answers, ::testing::ElementsAre(
                           absl::ResourceExhaustedError("resolver: too many names wait")));
  Answer();
  // The destructor waits for the first, and drops the others.
}

TEST_F(SlowResolverTest, AfterTenSecondsTheDialHasFailed) {
  std::promise<std::string> failed;
  NodeConfig config = testing::LoopbackConfig();
  config.log = [&, said = false](LogLevel, const std::string& line) mutable {
    if (line.starts_with("event=dial_failed") && !std::exchange(said, true)) {
      failed.set_value(line);
    }
  };
  testing::TestNode a({.config = config});
  const NodeId id = rlpx::NodeKey::Generate()->id();
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(a->AddPeer({.id = id, .host = "slow.example", .port = 1}, true), absl::OkStatus());
  auto line = failed.get_future();
  const bool in_time = line.wait_for(testing::kPatience) == std::future_status::ready;
  Answer();
  ASSERT_TRUE(in_time);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(9900));
  EXPECT_THAT(line.get(), ::testing::HasSubstr(
                              " reason=\"resolve slow.example: no answer in 10 s\" retry_in_ms="));
  ASSERT_EQ(a->RemovePeer(id), absl::OkStatus());
}

}  // namespace
}  // namespace flblk::net
