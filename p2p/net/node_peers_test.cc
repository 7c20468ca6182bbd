// Peers that come, go, come twice, are too many, or are bad.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <mutex>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "p2p/net/testing/raw_peer.h"
#include "p2p/net/testing/test_node.h"
#include "p2p/wire/envelope.h"

namespace flblk::net {
namespace {

using rlpx::DisconnectReason;
using testing::Connect;
using ::testing::HasSubstr;
using testing::kPatience;
using testing::LoopbackConfig;
using testing::RawPeer;
using testing::TestNode;
using testing::UnixNow;

template <typename Condition>
bool Eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

size_t PeerCount(TestNode& node) { return node->Peers()->size(); }

TEST(NodePeersTest, ReconnectsToAPeerThatRestarts) {
  TestNode a({.builder = true});
  const auto key = *rlpx::NodeKey::Generate();
  NodeConfig config = LoopbackConfig();
  {
    TestNode b({.config = config, .key = &key});
    config.listen_port = b.enode().port;
    ASSERT_TRUE(Connect(a, b));
  }
  ASSERT_TRUE(a.seen().WaitForDowns(1));
  TestNode b({.config = config, .key = &key});
  ASSERT_TRUE(a.seen().WaitForUps(2));
  ASSERT_TRUE(b.seen().WaitForUps(1));
  ASSERT_EQ(a.Authorize(UnixNow()), absl::OkStatus());
  ASSERT_EQ(a.Publish(0), absl::OkStatus());
  EXPECT_TRUE(b.seen().WaitForFlashblocks(1));
}

TEST(NodePeersTest, ATargetThatComesUpLaterIsReached) {
  TestNode a;
  Enode late;
  {
    TestNode b;
    late = b.enode();
  }
  const auto key = *rlpx::NodeKey::Generate();
  late.id = key.id();
  ASSERT_EQ(a->AddPeer(late, false), absl::OkStatus());
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(PeerCount(a), 0u);
  NodeConfig config = LoopbackConfig();
  config.listen_port = late.port;
  TestNode b({.config = config, .key = &key});
  ASSERT_TRUE(a.seen().WaitForUps(1));
  EXPECT_TRUE(a.seen().ups()[0].is_static);
  EXPECT_FALSE(a.seen().ups()[0].trusted);
}

// A port whose backlog is full: the kernel answers nothing at all.
class DeafPort {
 public:
  DeafPort() : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(listener_, raw, size), 0);
    EXPECT_EQ(listen(listener_, 0), 0);
    EXPECT_EQ(getsockname(listener_, raw, &size), 0);
    port = ntohs(address.sin_port);
    for (int& fd : waiting_) {
      fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      EXPECT_TRUE(connect(fd, raw, size) == 0 || errno == EINPROGRESS);
    }
  }
  ~DeafPort() {
    for (const int fd : waiting_) close(fd);
    close(listener_);
  }
  uint16_t port = 0;

 private:
  int listener_;
  int waiting_[4];
};

TEST(NodePeersTest, ADialThatNobodyAnswersIsGivenUpAfterFiveSeconds) {
  std::mutex mutex;
  std::string said;
  NodeConfig config = LoopbackConfig();
  config.log = [&](LogLevel, const std::string& line) {
    std::lock_guard lock(mutex);
    if (line.find("no answer") != std::string::npos) said = line;
  };
  const DeafPort deaf;
  TestNode a({.config = config});
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(a->AddPeer({rlpx::NodeKey::Generate()->id(), "127.0.0.1", deaf.port}, false),
            absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return a->Stats()->dials_failed == 1; }));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(4900));
  std::lock_guard lock(mutex);
  EXPECT_THAT(said, HasSubstr("connect 127.0.0.1: no answer in 5 s"));
}

TEST(NodePeersTest, SimultaneousDialsEndWithOneSession) {
  for (int round = 0; round < 10; ++round) {
    TestNode a({.builder = true}), b;
    const Enode to_a = a.enode(), to_b = b.enode();
    std::thread other([&] { ASSERT_EQ(b->AddPeer(to_a, true), absl::OkStatus()); });
    ASSERT_EQ(a->AddPeer(to_b, true), absl::OkStatus());
    other.join();
    ASSERT_TRUE(a.seen().WaitForUps(1));
    ASSERT_TRUE(b.seen().WaitForUps(1));
    // Both hold the same TCP connection in the end, and it is the lower id's where both came to be.
    ASSERT_TRUE(Eventually([&] {
      const auto at_a = *a->Peers(), at_b = *b->Peers();
      return at_a.size() == 1 && at_b.size() == 1 && at_a[0].inbound != at_b[0].inbound;
    }));
    ASSERT_EQ(a.Authorize(UnixNow()), absl::OkStatus());
    ASSERT_EQ(a.Publish(0), absl::OkStatus());
    ASSERT_TRUE(b.seen().WaitForFlashblocks(1));
    EXPECT_EQ(PeerCount(a), 1u);
    EXPECT_EQ(PeerCount(b), 1u);
  }
}

TEST(NodePeersTest, APeerThatDialsAgainReplacesItsOldSession) {
  TestNode a;
  const auto key = *rlpx::NodeKey::Generate();
  RawPeer first(a.enode().port), second(a.enode().port);
  first.StartSession(&key, a.id());
  ASSERT_TRUE(first.WaitEstablished(kPatience));
  ASSERT_TRUE(a.seen().WaitForUps(1));
  second.StartSession(&key, a.id());
  ASSERT_TRUE(second.WaitEstablished(kPatience));
  ASSERT_TRUE(first.WaitClosed(kPatience));
  EXPECT_EQ(first.closed().received, DisconnectReason::kAlreadyConnected);
  ASSERT_TRUE(a.seen().WaitForUps(2));
  EXPECT_EQ(PeerCount(a), 1u);
}

TEST(NodePeersTest, DoesNotKeepASessionWithItself) {
  TestNode a;
  EXPECT_EQ(a->AddPeer(a.enode(), true).code(), absl::StatusCode::kInvalidArgument);
  RawPeer mirror(a.enode().port);
  mirror.StartSession(&a.key(), a.id());
  EXPECT_TRUE(mirror.WaitClosed(kPatience));
  EXPECT_EQ(PeerCount(a), 0u);
}

TEST(NodePeersTest, DialsWhatTheConfigurationNames) {
  TestNode b, c;
  const auto key = *rlpx::NodeKey::Generate();
  NodeConfig config = LoopbackConfig();
  config.trusted_peers = {b.enode(), {.id = key.id(), .host = "127.0.0.1", .port = 1}};
  config.static_peers = {c.enode()};
  TestNode a({.config = config, .key = &key});
  ASSERT_TRUE(a.seen().WaitForUps(2));
  for (const PeerInfo& peer : a.seen().ups()) {
    EXPECT_EQ(peer.trusted, peer.node_id == b.id());
    EXPECT_EQ(peer.is_static, peer.node_id == c.id());
  }
  EXPECT_EQ(a->Stats()->dials_failed, 0u) << "it does not dial itself";
}

TEST(NodePeersTest, TooManyInboundPeers) {
  NodeConfig config = LoopbackConfig();
  config.max_inbound_peers = 2;
  TestNode a({.config = config}), trusted;
  std::vector<std::unique_ptr<TestNode>> strangers;
  for (int i = 0; i < 2; ++i) {
    strangers.push_back(std::make_unique<TestNode>());
    ASSERT_TRUE(Connect(*strangers.back(), a));
  }
  const auto key = *rlpx::NodeKey::Generate();
  RawPeer third(a.enode().port);
  third.StartSession(&key, a.id());
  ASSERT_TRUE(third.WaitClosed(kPatience));
  EXPECT_EQ(third.closed().received, DisconnectReason::kTooManyPeers);
  EXPECT_EQ(PeerCount(a), 2u);
  // One that the configuration names comes in all the same.
  Enode elsewhere = trusted.enode();
  elsewhere.port = 1;  // a cannot dial it, so it is the one that comes
  ASSERT_EQ(a->AddPeer(elsewhere, true), absl::OkStatus());
  ASSERT_TRUE(Connect(trusted, a));
  EXPECT_EQ(PeerCount(a), 3u);
}

TEST(NodePeersTest, AddsAndRemovesPeersAtRunTime) {
  TestNode a, b;
  EXPECT_FALSE(a->RemovePeer(b.id()).ok());
  ASSERT_TRUE(Connect(a, b));
  ASSERT_EQ(a->RemovePeer(b.id()), absl::OkStatus());
  ASSERT_TRUE(b.seen().WaitForDowns(1));
  EXPECT_THAT(b.seen().downs()[0].why, HasSubstr("requested"));
  EXPECT_EQ(PeerCount(a), 0u);
  EXPECT_FALSE(a->RemovePeer(b.id()).ok());
  ASSERT_TRUE(Connect(a, b));
}

TEST(NodePeersTest, OnlySoManyTargets) {
  NodeConfig config = LoopbackConfig();
  config.max_outbound_peers = 1;
  TestNode a({.config = config}), b, c;
  EXPECT_EQ(a->AddPeer(b.enode(), false), absl::OkStatus());
  EXPECT_EQ(a->AddPeer(c.enode(), false).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(a->AddPeer(b.enode(), false), absl::OkStatus());
  EXPECT_EQ(a->AddPeer(c.enode(), true), absl::OkStatus());
}

TEST(NodePeersTest, TrustedTargetsAreNotCounted) {
  NodeConfig config = LoopbackConfig();
  config.max_outbound_peers = 1;
  TestNode a({.config = config}), trusted, b, c;
  ASSERT_EQ(a->AddPeer(trusted.enode(), true), absl::OkStatus());
  EXPECT_EQ(a->AddPeer(b.enode(), false), absl::OkStatus());
  EXPECT_EQ(a->AddPeer(c.enode(), false),
            absl::ResourceExhaustedError("max_outbound_peers: 1 peers are configured"));
  EXPECT_EQ(a->AddPeer(trusted.enode(), false).code(), absl::StatusCode::kResourceExhausted);
}

TEST(NodePeersTest, GarbageAndHalfHandshakesDoNotDisturb) {
  TestNode a({.builder = true}), b;
  ASSERT_TRUE(Connect(b, a));
  RawPeer garbage(a.enode().port), oversized(a.enode().port), half(a.enode().port),
      mute(a.enode().port);
  Bytes noise(500);
  for (size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<uint8_t>(i * 7);
  noise[0] = 1;  // a size within the limit
  garbage.SendBytes(noise);
  noise[0] = 0xff;
  oversized.SendBytes(noise);
  const auto key = *rlpx::NodeKey::Generate();
  half.StartSession(&key, a.id());
  half.SendPartOfOutput(100);
  EXPECT_TRUE(garbage.ReadUntilClosed(kPatience));
  EXPECT_TRUE(oversized.ReadUntilClosed(kPatience));
  EXPECT_EQ(a->Stats()->handshakes_failed, 2u);
  ASSERT_EQ(a.Authorize(UnixNow()), absl::OkStatus());
  for (uint64_t i = 0; i < 3; ++i) ASSERT_EQ(a.Publish(i), absl::OkStatus());
  EXPECT_TRUE(b.seen().WaitForFlashblocks(3));
  EXPECT_TRUE(a.seen().downs().empty());
}

TEST(NodePeersTest, FullOfHandshakesRefusesMore) {
  NodeConfig config = LoopbackConfig();
  config.max_pending_sessions = 3;
  TestNode a({.config = config});
  std::vector<std::unique_ptr<RawPeer>> mute;
  for (int i = 0; i < 3; ++i) mute.push_back(std::make_unique<RawPeer>(a.enode().port));
  EXPECT_TRUE(Eventually([&] {
    RawPeer more(a.enode().port);
    return more.ReadUntilClosed(std::chrono::milliseconds(50));
  }));
  // Places are given back.
  mute.clear();
  TestNode b;
  EXPECT_TRUE(Connect(b, a));
}

TEST(NodePeersTest, IdleHandshakesGiveWayToARealOne) {
  NodeConfig config = LoopbackConfig();
  config.max_pending_sessions = 3;
  TestNode a({.config = config}), b;
  std::vector<std::unique_ptr<RawPeer>> mute;
  for (int i = 0; i < 3; ++i) mute.push_back(std::make_unique<RawPeer>(a.enode().port));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(Connect(b, a));
  // They would have kept their places for 20 s.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15));
}

TEST(NodePeersTest, WrongNetwork) {
  NodeConfig config = LoopbackConfig();
  config.eth.network_id = 480;
  config.eth.genesis.emplace();
  config.eth.genesis->fill(7);
  TestNode a({.config = config, .builder = true}), right({.config = config});
  config.eth.network_id = 481;
  TestNode wrong({.config = config});
  ASSERT_TRUE(Connect(right, a));
  ASSERT_EQ(wrong->AddPeer(a.enode(), true), absl::OkStatus());
  ASSERT_TRUE(a.seen().WaitForDowns(1));
  EXPECT_EQ(a.seen().downs()[0].peer.node_id, wrong.id());
  ASSERT_TRUE(wrong.seen().WaitForDowns(1));
  const std::string either = a.seen().downs()[0].why + wrong.seen().downs()[0].why;
  EXPECT_THAT(either, HasSubstr("network id"));
  ASSERT_EQ(a.Authorize(UnixNow()), absl::OkStatus());
  ASSERT_EQ(a.Publish(0), absl::OkStatus());
  EXPECT_TRUE(right.seen().WaitForFlashblocks(1));
}

// Row 41 of the list of weak spots: a bad record survives a reconnect.
TEST(NodePeersTest, AMisbehavingPeerIsBannedAndStaysSo) {
  TestNode a;
  const auto key = *rlpx::NodeKey::Generate();
  const auto hostile = *SecretKey::Generate();
  const Authorization forged = MakeAuthorization(hostile, {3}, UnixNow(), hostile.public_key());
  const Bytes message = wire::EncodeMarkerMessage(wire::MessageKind::kStartPublish);
  const Bytes authorization = wire::EncodeAuthorization(forged);
  wire::Frame frame;
  frame.body = wire::EncodeAuthorized(message, authorization,
                                      hostile.Sign(wire::ActorDigest(message, authorization)));
  frame.snappy = frame.body;
  // A snappy block of literals only: length, then 60-byte pieces.
  frame.snappy.clear();
  for (size_t n = frame.body.size();; n >>= 7) {
    frame.snappy.push_back(static_cast<uint8_t>(n > 127 ? n | 128 : n));
    if (n <= 127) break;
  }
  for (size_t at = 0; at < frame.body.size(); at += 60) {
    const size_t n = std::min<size_t>(60, frame.body.size() - at);
    frame.snappy.push_back(static_cast<uint8_t>((n - 1) << 2));
    frame.snappy.insert(frame.snappy.end(), frame.body.begin() + static_cast<ptrdiff_t>(at),
                        frame.body.begin() + static_cast<ptrdiff_t>(at + n));
  }
  {
    RawPeer peer(a.enode().port);
    peer.StartSession(&key, a.id());
    ASSERT_TRUE(peer.WaitEstablished(kPatience));
    for (int i = 0; i < 20; ++i) peer.Send(frame);
    ASSERT_TRUE(peer.WaitClosed(kPatience));
    EXPECT_EQ(peer.closed().received, DisconnectReason::kSubprotocolError);
  }
  RawPeer again(a.enode().port);
  again.StartSession(&key, a.id());
  ASSERT_TRUE(again.WaitClosed(kPatience));
  EXPECT_EQ(again.closed().received, DisconnectReason::kTooManyPeers);
  EXPECT_EQ(PeerCount(a), 0u);
}

}  // namespace
}  // namespace flblk::net
