// replicate_before_publish on loopback sockets: a standby's TCP acknowledges, or it does not.
#include <algorithm>
#include <thread>

#include "gtest/gtest.h"
#include "p2p/net/testing/raw_peer.h"
#include "p2p/net/testing/test_node.h"

namespace flblk::net {
namespace {

using core::LetGo;
using std::chrono::milliseconds;
using testing::Connect;
using testing::kPatience;
using testing::LoopbackConfig;
using testing::RawPeer;
using testing::TestNode;
using testing::UnixNow;

TestNode::Setup Replicating(Duration limit) {
  TestNode::Setup setup{.builder = true};
  setup.config.engine.replicate_before_publish = 1;
  setup.config.engine.replicate_timeout = limit;
  return setup;
}

// Waits until `node` feeds `n` peers.
bool WaitFed(TestNode& node, ptrdiff_t n) {
  for (const auto end = std::chrono::steady_clock::now() + kPatience;
       std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(milliseconds(1))) {
    const auto peers = node->Peers();
    if (peers.ok() && std::ranges::count_if(*peers, [](const PeerInfo& peer) {
                        return peer.gossip.sending_to;
                      }) == n) {
      return true;
    }
  }
  return false;
}

TEST(NodeReplicationTest, AStandbysAcknowledgementLetsGo) {
  TestNode builder(Replicating(std::chrono::seconds(1)));
  TestNode standby, user;
  ASSERT_TRUE(Connect(builder, standby));
  ASSERT_TRUE(Connect(user, builder));
  ASSERT_TRUE(WaitFed(builder, 2));
  ASSERT_EQ(builder.Authorize(UnixNow()), absl::OkStatus());
  for (uint64_t i = 0; i < 8; ++i) {
    ASSERT_EQ(builder.Publish(i, i * 30'000 + 1), absl::OkStatus());
  }
  ASSERT_TRUE(user.seen().WaitForFlashblocks(8));
  ASSERT_TRUE(standby.seen().WaitForFlashblocks(8));
  ASSERT_TRUE(builder.seen().WaitForFlashblocks(8));
  const auto own = builder.seen().flashblocks();
  for (uint64_t i = 0; i < 8; ++i) {
    EXPECT_EQ(own[i].flashblock->index, i);
    ASSERT_TRUE(own[i].replicated.has_value());
    EXPECT_EQ(own[i].replicated->why, LetGo::kConfirmed) << core::Name(own[i].replicated->why);
    EXPECT_GT(own[i].replicated->waited, Duration{});
  }
}

TEST(NodeReplicationTest, AStandbyThatTakesNothingCostsTheLimitOnly) {
  TestNode builder(Replicating(milliseconds(30)));
  TestNode user;
  const auto key = *rlpx::NodeKey::Generate();
  // Its address answers nobody; it calls.
  ASSERT_EQ(builder->AddPeer({.id = key.id(), .host = "127.0.0.1", .port = 1}, true),
            absl::OkStatus());
  RawPeer standby(builder.enode().port, /*small_buffer=*/true);
  standby.StartSession(&key, builder.id());
  ASSERT_TRUE(standby.WaitEstablished(kPatience));
  standby.SendControl(wire::MessageId::kRequestFlashblocks);
  ASSERT_TRUE(Connect(user, builder));
  ASSERT_TRUE(WaitFed(builder, 2));
  ASSERT_EQ(builder.Authorize(UnixNow()), absl::OkStatus());
  ASSERT_EQ(builder.Publish(0, size_t{8} << 20), absl::OkStatus());
  ASSERT_TRUE(user.seen().WaitForFlashblocks(1));
  ASSERT_TRUE(builder.seen().WaitForFlashblocks(1));
  const auto replicated = builder.seen().flashblocks()[0].replicated;
  EXPECT_EQ(replicated->why, LetGo::kTimedOut);
  EXPECT_GE(replicated->waited, milliseconds(30));
}

TEST(NodeReplicationTest, NoStandbyNoWait) {
  TestNode builder(Replicating(std::chrono::seconds(1)));
  TestNode user;  // trusts the builder, which does not know it
  ASSERT_TRUE(Connect(user, builder));
  ASSERT_TRUE(WaitFed(builder, 1));
  ASSERT_EQ(builder.Authorize(UnixNow()), absl::OkStatus());
  ASSERT_EQ(builder.Publish(0), absl::OkStatus());
  ASSERT_TRUE(user.seen().WaitForFlashblocks(1));
  EXPECT_EQ(builder.seen().flashblocks()[0].replicated->why, LetGo::kFewer);
}

// What is held goes out ahead of the StopPublish and of the end.
TEST(NodeReplicationTest, StoppingLosesNothing) {
  TestNode user;
  {
    TestNode builder(Replicating(std::chrono::seconds(1)));
    TestNode standby;
    ASSERT_TRUE(Connect(builder, standby));
    ASSERT_TRUE(Connect(user, builder));
    ASSERT_TRUE(WaitFed(builder, 2));
    ASSERT_EQ(builder.Authorize(UnixNow()), absl::OkStatus());
    for (uint64_t i = 0; i < 3; ++i) ASSERT_EQ(builder.Publish(i), absl::OkStatus());
    builder->Stop();
  }
  EXPECT_TRUE(user.seen().WaitForFlashblocks(3));
}

}  // namespace
}  // namespace flblk::net
