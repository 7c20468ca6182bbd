// Nodes on loopback sockets with real cryptography: the ordinary course of things.
#include "p2p/net/node.h"

#include <future>
#include <mutex>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "p2p/net/testing/test_node.h"

namespace flblk::net {
namespace {

using testing::Authorizer;
using testing::Connect;
using ::testing::HasSubstr;
using testing::LoopbackConfig;
using testing::TestNode;
using testing::UnixNow;

TEST(NodeTest, TwoNodesConnectPublishDeliver) {
  TestNode builder({.builder = true}), other;
  ASSERT_TRUE(Connect(other, builder));
  ASSERT_EQ(builder.Authorize(UnixNow()), absl::OkStatus());
  // The other node asks to be fed; what it misses until then is sent to it on acceptance.
  for (uint64_t i = 0; i < 5; ++i) ASSERT_EQ(builder.Publish(i), absl::OkStatus());
  ASSERT_TRUE(other.seen().WaitForFlashblocks(5));
  const auto received = other.seen().flashblocks();
  for (uint64_t i = 0; i < 5; ++i) {
    EXPECT_EQ(received[i].flashblock->index, i);
    EXPECT_FALSE(received[i].own);
  }
  ASSERT_TRUE(builder.seen().WaitForFlashblocks(5));
  EXPECT_TRUE(builder.seen().flashblocks()[0].own);
  EXPECT_EQ(builder.seen().flashblocks()[4].frame->body, received[4].frame->body);
}

TEST(NodeTest, RelaysTheReceivedBytes) {
  TestNode a({.builder = true}), b, c;
  ASSERT_TRUE(Connect(b, a));
  ASSERT_TRUE(Connect(c, b));
  ASSERT_EQ(a.Authorize(UnixNow()), absl::OkStatus());
  for (uint64_t i = 0; i < 3; ++i) ASSERT_EQ(a.Publish(i, 50'000), absl::OkStatus());
  ASSERT_TRUE(c.seen().WaitForFlashblocks(3));
  ASSERT_TRUE(a.seen().WaitForFlashblocks(3));
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(c.seen().flashblocks()[i].frame->snappy, a.seen().flashblocks()[i].frame->snappy);
  }
}

TEST(NodeTest, ManyReceiversGetALargeFlashblock) {
  TestNode builder({.builder = true});
  std::vector<std::unique_ptr<TestNode>> receivers;
  for (int i = 0; i < 5; ++i) {
    receivers.push_back(std::make_unique<TestNode>());
    ASSERT_TRUE(Connect(*receivers.back(), builder));
  }
  ASSERT_EQ(builder.Authorize(UnixNow()), absl::OkStatus());
  ASSERT_EQ(builder.Publish(0, 3'000'000), absl::OkStatus());
  ASSERT_EQ(builder.Publish(1, 10), absl::OkStatus());
  for (auto& receiver : receivers) {
    ASSERT_TRUE(receiver->seen().WaitForFlashblocks(2));
    EXPECT_EQ(receiver->seen().flashblocks()[0].flashblock->diff.transactions[0].size(),
              3'000'000u);
  }
}

TEST(NodeTest, TellsAboutItselfAndItsPeers) {
  NodeConfig config = LoopbackConfig();
  config.external_address = "203.0.113.7";
  TestNode a({.config = config, .builder = true}), b;
  ASSERT_TRUE(Connect(b, a));

  const auto info = a->Info();
  ASSERT_TRUE(info.ok());
  EXPECT_NE(info->listen_port, 0);
  EXPECT_EQ(info->enode, FormatEnode({a.id(), "203.0.113.7", info->listen_port}));
  EXPECT_TRUE(info->builder.has_value());
  EXPECT_FALSE(b->Info()->builder.has_value());

  const auto peers = b->Peers();
  ASSERT_TRUE(peers.ok());
  ASSERT_EQ(peers->size(), 1u);
  const PeerInfo& peer = peers->front();
  EXPECT_EQ(peer.node_id, a.id());
  EXPECT_FALSE(peer.inbound);
  EXPECT_TRUE(peer.trusted);
  EXPECT_EQ(peer.flblk_version, 2);
  EXPECT_EQ(peer.client_id, "flblk/0.1.0");
  EXPECT_EQ(peer.remote_address, "127.0.0.1:" + std::to_string(info->listen_port));
  EXPECT_GT(peer.bytes_in, 300u);
  EXPECT_GT(peer.bytes_out, 300u);
  EXPECT_GT(peer.connected_unix_ns, 0);
  EXPECT_TRUE(a->Peers()->front().inbound);
  const auto stats = b->Stats();
  ASSERT_TRUE(stats.ok());
  EXPECT_EQ(stats->handshakes_failed, 0u);
  EXPECT_FALSE(a->Peers()->front().trusted);
}

TEST(NodeTest, KeepsTheHistoryAndTheBlock) {
  TestNode a({.builder = true});
  EXPECT_EQ(a->Handoff()->state, core::PublishState::kIdle);
  ASSERT_EQ(a.Authorize(UnixNow()), absl::OkStatus());
  EXPECT_EQ(a->Handoff()->state, core::PublishState::kPublishing);
  ASSERT_EQ(a.Publish(0), absl::OkStatus());
  size_t block = 0;
  ASSERT_EQ(a->WithBlock([&](const core::HandoffView& view, const auto& flashblocks) {
    EXPECT_EQ(view.state, core::PublishState::kPublishing);
    block = flashblocks.size();
  }),
            absl::OkStatus());
  EXPECT_EQ(block, 1u);
  std::promise<absl::Status> stopped;
  ASSERT_TRUE(a->StopPublishing("test", [&](absl::Status s) { stopped.set_value(s); }).ok());
  EXPECT_EQ(stopped.get_future().get(), absl::OkStatus());
  const auto history = a->History();
  ASSERT_TRUE(history.ok());
  ASSERT_EQ(history->size(), 2u);
  EXPECT_EQ(history->front().change.to, core::PublishState::kPublishing);
  EXPECT_EQ(history->back().change.to, core::PublishState::kIdle);
  EXPECT_LE(history->front().unix_ns, history->back().unix_ns);
}

TEST(NodeTest, VerdictsOfTheEngineReachTheHost) {
  TestNode a({.builder = true});
  EXPECT_EQ(a.Publish(0).code(), absl::StatusCode::kFailedPrecondition);
}

TEST(NodeTest, Ipv6Loopback) {
  NodeConfig config = LoopbackConfig();
  config.listen_address = "::1";
  TestNode a({.config = config}), b;
  ASSERT_EQ(b->AddPeer(a.enode("::1"), true), absl::OkStatus());
  ASSERT_TRUE(b.seen().WaitForUps(1));
  EXPECT_THAT(b.seen().ups()[0].remote_address, HasSubstr("[::1]:"));
}

TEST(NodeTest, DualStackListenerTakesIpv4) {
  NodeConfig config = LoopbackConfig();
  config.listen_address = "::";
  TestNode a({.config = config}), b;
  ASSERT_EQ(b->AddPeer(a.enode("127.0.0.1"), true), absl::OkStatus());
  ASSERT_TRUE(a.seen().WaitForUps(1));
  EXPECT_THAT(a.seen().ups()[0].remote_address, HasSubstr("127.0.0.1:"));
}

TEST(NodeTest, DialsADnsName) {
  NodeConfig config = LoopbackConfig();
  config.listen_address = "::";  // whatever localhost means here
  TestNode a({.config = config}), b;
  ASSERT_EQ(b->AddPeer(a.enode("localhost"), true), absl::OkStatus());
  EXPECT_TRUE(b.seen().WaitForUps(1));
}

TEST(NodeTest, ANameThatDoesNotResolveHoldsUpNobody) {
  TestNode a, b;
  Enode nowhere = a.enode("no-such-host.invalid");
  nowhere.id[5] ^= 1;
  ASSERT_EQ(b->AddPeer(nowhere, true), absl::OkStatus());
  ASSERT_TRUE(Connect(b, a));
  const auto begin = std::chrono::steady_clock::now();
  b->Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(NodeTest, PortInUse) {
  TestNode a;
  NodeConfig config = LoopbackConfig();
  config.listen_port = a.enode().port;
  TestNode b({.config = config, .start = false});
  const absl::Status started = b->Start();
  EXPECT_EQ(started.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(started.message()),
              HasSubstr("127.0.0.1:" + std::to_string(config.listen_port)));
  EXPECT_EQ(b->Info().status().code(), absl::StatusCode::kUnavailable);
}

TEST(NodeTest, ListenAddressMustBeALiteral) {
  NodeConfig config = LoopbackConfig();
  config.listen_address = "localhost";
  TestNode a({.config = config, .start = false});
  EXPECT_EQ(a->Start(),
            absl::InvalidArgumentError("listen_address: \"localhost\" is no IP address"));
}

TEST(NodeTest, FullHostQueue) {
  NodeConfig config = LoopbackConfig();
  config.max_host_queue = 4;
  TestNode a({.config = config, .builder = true}), b;
  std::promise<void> entered, release;
  a.seen().on_peer_up = [&] {
    entered.set_value();
    release.get_future().wait();
  };
  ASSERT_EQ(b->AddPeer(a.enode(), true), absl::OkStatus());
  entered.get_future().wait();
  // The network thread is held: nothing is taken from the queue.
  std::atomic<int> done = 0;
  const auto post = [&] { return a->Sealed({}, [&](absl::Status) { ++done; }); };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(post(), absl::OkStatus());
  EXPECT_EQ(a->Peers().status(),
            absl::DeadlineExceededError("the network thread did not answer within 1 s"));
  EXPECT_EQ(post().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(a->Peers().status(),
            absl::ResourceExhaustedError("max_host_queue: 4 calls wait for the network thread"));
  release.set_value();
  while (done < 3) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(a->Peers().ok());
  a->Stop();
  EXPECT_EQ(done, 3);
}

TEST(NodeTest, LinesGoWhereTheConfigurationSays) {
  std::mutex mutex;
  std::vector<std::string> lines;
  NodeConfig config = LoopbackConfig();
  config.log = [&](LogLevel level, const std::string& line) {
    EXPECT_LE(level, LogLevel::kDebug);
    std::lock_guard lock(mutex);
    lines.push_back(line.substr(0, line.find(' ')));
  };
  {
    TestNode a({.config = config, .builder = true}), b;
    ASSERT_TRUE(Connect(b, a));
    ASSERT_EQ(a.Authorize(UnixNow()), absl::OkStatus());
    core::ForkchoiceUpdated forged;
    forged.attributes.emplace();
    forged.authorization = MakeAuthorization(Authorizer(), {3}, UnixNow(), {});
    std::promise<absl::Status> verdict;
    ASSERT_EQ(a->ForkchoiceUpdated(forged, [&](absl::Status s) { verdict.set_value(s); }),
              absl::OkStatus());
    EXPECT_FALSE(verdict.get_future().get().ok());
  }
  for (const char* event :
       {"p2p_started", "peer_up", "publishing", "forkchoice_refused", "peer_down", "stopped"}) {
    EXPECT_THAT(lines, ::testing::Contains("event=" + std::string(event)));
  }
}

TEST(NodeTest, CallsOutsideItsLife) {
  TestNode a({.start = false});
  EXPECT_EQ(a->Peers().status().code(), absl::StatusCode::kUnavailable);
  ASSERT_EQ(a->Start(), absl::OkStatus());
  EXPECT_EQ(a->Start().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(a->Peers().ok());
  a->Stop();
  a->Stop();
  EXPECT_EQ(a->Peers().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(a->Start().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(NodeTest, RefusesAnImpossibleConfiguration) {
  const auto key = *rlpx::NodeKey::Generate();
  testing::Recorder recorder;
  const auto refusal = [&](const NodeConfig& config) {
    return Node::Create(config, &key, nullptr, nullptr, &recorder).status();
  };
  for (const rlpx::NodeKey* none : {static_cast<const rlpx::NodeKey*>(nullptr), &key}) {
    EXPECT_EQ(
        Node::Create(LoopbackConfig(), none, nullptr, nullptr, none ? nullptr : &recorder).status(),
        absl::InvalidArgumentError("node: key and observer are required"));
  }
  NodeConfig queue = LoopbackConfig(), timeout = LoopbackConfig(), targets = LoopbackConfig();
  queue.max_host_queue = 0;
  EXPECT_EQ(refusal(queue), absl::InvalidArgumentError("max_host_queue: must be at least 1"));
  timeout.engine.replicate_timeout = core::EngineConfig::kMaxReplicateTimeout + Duration(1);
  EXPECT_EQ(refusal(timeout), absl::InvalidArgumentError("replicate_timeout: must be at most 1 s"));
  targets.max_outbound_peers = 1;
  targets.static_peers = {{.id = {1}, .host = "h"}, {.id = key.id(), .host = "h"}};
  EXPECT_EQ(refusal(targets), absl::OkStatus());  // our own name is not counted
  targets.static_peers.push_back({.id = {2}, .host = "h"});
  EXPECT_EQ(refusal(targets),
            absl::InvalidArgumentError("static_nodes: 2 are more than max_outbound_peers (1)"));
}

}  // namespace
}  // namespace flblk::net
