// What a node says when something goes wrong: its lines, and the reasons peers go down for.
#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <thread>

#include "glog/logging.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "p2p/core/publisher.h"
#include "p2p/core/sign_once_memory.h"
#include "p2p/net/engine_ports.h"
#include "p2p/net/testing/raw_peer.h"
#include "p2p/net/testing/test_node.h"

namespace flblk::net {
namespace {

using std::chrono::milliseconds;
using testing::Connect;
using testing::kPatience;
using testing::LoopbackConfig;
using testing::RawPeer;
using ::testing::StartsWith;
using testing::TestNode;
using testing::UnixNow;

// The lines of a node.
class Lines {
 public:
  NodeConfig Config() {
    NodeConfig config = LoopbackConfig();
    config.log = [this](LogLevel level, const std::string& line) {
      std::lock_guard lock(mutex_);
      lines_.emplace_back(level, line);
      changed_.notify_all();
    };
    return config;
  }
  // The first line that begins so and its level, waited for; an empty one where none comes.
  std::pair<LogLevel, std::string> Wait(const std::string& begin) {
    std::unique_lock lock(mutex_);
    std::pair<LogLevel, std::string> found{LogLevel::kDebug, ""};
    changed_.wait_for(lock, kPatience, [&] {
      for (const auto& entry : lines_) {
        if (found.second.empty() && entry.second.starts_with(begin)) found = entry;
      }
      return !found.second.empty();
    });
    return found;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<LogLevel, std::string>> lines_;
};

TEST(NodeErrorsTest, CallsThatTheNetworkThreadMakesItself) {
  Lines lines;
  TestNode a({.config = lines.Config()}), b;
  std::promise<absl::Status> asked;
  a.seen().on_peer_up = [&] {
    a->Stop();  // would wait for itself
    asked.set_value(a->Peers().status());
  };
  ASSERT_EQ(b->AddPeer(a.enode(), true), absl::OkStatus());
  EXPECT_EQ(asked.get_future().get(), absl::OkStatus());
  EXPECT_EQ(lines.Wait("event=stop_refused"),
            std::pair(LogLevel::kError,
                      std::string("event=stop_refused reason=\"Stop was called on the network "
                                  "thread\"")));
  ASSERT_TRUE(a.seen().WaitForUps(1));
  EXPECT_EQ(a->Peers()->size(), 1u) << "it runs on";
}

TEST(NodeErrorsTest, AFreezeIsSaid) {
  Lines lines;
  NodeConfig config = lines.Config();
  config.engine.flashblock_interval = milliseconds(10);
  TestNode a({.config = config, .builder = true});
  ASSERT_EQ(a->WithBlock(
                [](const auto&, const auto&) { std::this_thread::sleep_for(milliseconds(100)); }),
            absl::OkStatus());
  const auto [level, line] = lines.Wait("event=frozen");
  EXPECT_EQ(level, LogLevel::kWarn);
  EXPECT_THAT(line, StartsWith("event=frozen for_ms=1"));
}

wire::FramePtr SignedByAnother(const Authorization& authorization, LocalSigner& signer,
                               uint8_t content) {
  SnappyCompressor compressor;
  core::SignOnceMemory forgetful;
  wire::FlashblocksPayloadV1 flashblock;
  flashblock.payload_id = authorization.payload_id;
  flashblock.metadata = R"({"fees":"0x0"})";
  flashblock.base.emplace();
  flashblock.base->timestamp = authorization.timestamp;
  flashblock.diff.transactions = {{content}};
  const auto made = core::Publisher().Sign(flashblock, authorization, {MonoTime{1}, 1},
                                           {signer, forgetful, compressor});
  CHECK(made.ok()) << made.status();
  return made->frame;
}

// The last one of the builder before us, behind its StopPublish: the host goes on after it.
TEST(NodeErrorsTest, AFlashblockOfAnotherBuilderMovesTheNextIndex) {
  TestNode a({.builder = true});
  const auto key = *rlpx::NodeKey::Generate();
  RawPeer peer(a.enode().port);
  peer.StartSession(&key, a.id());
  ASSERT_TRUE(peer.WaitEstablished(kPatience));
  ASSERT_TRUE(peer.WaitMessages(1, kPatience));
  peer.SendControl(wire::MessageId::kAcceptFlashblocks);
  const uint64_t slot = UnixNow();
  ASSERT_EQ(a.Authorize(slot), absl::OkStatus());
  LocalSigner before(*SecretKey::Generate());
  const PayloadId id = a->Handoff()->authorization->payload_id;
  peer.Send(*SignedByAnother(
      MakeAuthorization(testing::Authorizer(), id, slot, before.public_key()), before, 1));
  EXPECT_TRUE(a.seen().WaitForNextIndex(1));
  EXPECT_EQ(a->Handoff()->next_index, 1u);
  EXPECT_EQ(a.Publish(0).code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(a.Publish(1), absl::OkStatus());
  EXPECT_TRUE(a.seen().WaitForNextIndex(2));
}

TEST(NodeErrorsTest, ABuilderThatSignsTwiceIsReported) {
  Lines lines;
  TestNode a({.config = lines.Config()});
  const auto key = *rlpx::NodeKey::Generate();
  RawPeer peer(a.enode().port);
  peer.StartSession(&key, a.id());
  ASSERT_TRUE(peer.WaitEstablished(kPatience));
  ASSERT_TRUE(peer.WaitMessages(1, kPatience));
  ASSERT_EQ(peer.messages()[0]->id, wire::MessageId::kRequestFlashblocks);
  peer.SendControl(wire::MessageId::kAcceptFlashblocks);
  LocalSigner rival(*SecretKey::Generate());
  const Authorization authorization =
      MakeAuthorization(testing::Authorizer(), {7}, UnixNow(), rival.public_key());
  for (uint8_t version : {1, 2}) peer.Send(*SignedByAnother(authorization, rival, version));
  const auto [level, line] = lines.Wait("event=equivocation");
  EXPECT_EQ(level, LogLevel::kWarn);
  EXPECT_THAT(line, StartsWith("event=equivocation kind=two_flashblocks"));
}

TEST(NodeErrorsTest, AHandshakeThatFailsIsSaidWithItsReason) {
  Lines lines;
  TestNode a({.config = lines.Config()});
  RawPeer garbage(a.enode().port);
  garbage.SendBytes(Bytes(100, 0xff));
  EXPECT_TRUE(garbage.ReadUntilClosed(kPatience));
  const auto [level, line] = lines.Wait("event=handshake_failed");
  EXPECT_EQ(level, LogLevel::kInfo);
  EXPECT_THAT(line, StartsWith("event=handshake_failed addr=127.0.0.1:"));
  EXPECT_TRUE(line.ends_with(" reason=\"handshake packet: size 65535, allowed 114 to 2048\""))
      << line;
}

TEST(NodeErrorsTest, AConnectionWithoutAPlaceIsSaidWithItsReason) {
  Lines lines;
  NodeConfig config = lines.Config();
  config.max_pending_sessions = 0;
  TestNode a({.config = config});
  RawPeer none(a.enode().port);
  EXPECT_TRUE(none.ReadUntilClosed(kPatience));
  const auto [level, line] = lines.Wait("event=inbound_refused");
  EXPECT_EQ(level, LogLevel::kInfo);
  EXPECT_THAT(line, StartsWith("event=inbound_refused addr=127.0.0.1:"));
  EXPECT_TRUE(line.ends_with(" reason=\"max_pending_sessions\"")) << line;
  EXPECT_EQ(a->Stats()->inbound_refused, 1u);
}

TEST(NodeErrorsTest, ABanIsSaid) {
  Lines lines;
  TestNode a({.config = lines.Config()});
  const auto key = *rlpx::NodeKey::Generate();
  RawPeer peer(a.enode().port);
  peer.StartSession(&key, a.id());
  ASSERT_TRUE(peer.WaitEstablished(kPatience));
  wire::Frame no_frame;
  no_frame.id = wire::MessageId::kAuthorized;
  no_frame.snappy = {0x03, 0xff, 0xff};
  peer.Send(no_frame);
  ASSERT_TRUE(peer.WaitClosed(kPatience));
  EXPECT_EQ(peer.closed().received, rlpx::DisconnectReason::kSubprotocolError);
  const std::string id = ToHex(key.id()).substr(0, 16);
  EXPECT_THAT(lines.Wait("event=peer_banned").second,
              StartsWith("event=peer_banned peer_id=" + id + " addr=127.0.0.1:"));
  ASSERT_TRUE(a.seen().WaitForDowns(1));
  EXPECT_EQ(a.seen().downs()[0].why, "flblk message 0: snappy: broken elements");
  RawPeer again(a.enode().port);
  again.StartSession(&key, a.id());
  ASSERT_TRUE(again.WaitClosed(kPatience));
  EXPECT_EQ(again.closed().received, rlpx::DisconnectReason::kTooManyPeers);
  EXPECT_THAT(lines.Wait("event=handshake_failed").second,
              ::testing::EndsWith("reason=\"refused " + id + ": banned\""));
}

// Flashblocks are cut for a peer that does not read, but not control messages.
TEST(NodeErrorsTest, APeerForWhomTooManyControlMessagesWaitIsLetGo) {
  TestNode a({.builder = true});
  const auto key = *rlpx::NodeKey::Generate();
  RawPeer deaf(a.enode().port, /*small_buffer=*/true);
  deaf.StartSession(&key, a.id());
  ASSERT_TRUE(deaf.WaitEstablished(kPatience));
  deaf.SendControl(wire::MessageId::kRequestFlashblocks);
  while (!a->Peers()->front().gossip.sending_to) std::this_thread::sleep_for(milliseconds(1));
  const uint64_t slot = UnixNow();
  ASSERT_EQ(a.Authorize(slot), absl::OkStatus());
  for (uint64_t i = 0; i < 20; ++i) ASSERT_EQ(a.Publish(i, 400'000), absl::OkStatus());
  for (int i = 0; i < 4000 && a.seen().downs().empty(); ++i) {
    std::promise<absl::Status> stopped;
    ASSERT_EQ(a->StopPublishing("", [&](absl::Status s) { stopped.set_value(s); }),
              absl::OkStatus());
    ASSERT_EQ(stopped.get_future().get(), absl::OkStatus());
    ASSERT_EQ(a.Authorize(slot), absl::OkStatus());
  }
  ASSERT_TRUE(a.seen().WaitForDowns(1));
  EXPECT_EQ(a.seen().downs()[0].why, "does not read: too many control messages wait");
}

// As a remote signer is: its key is not here.
class RemoteSigner final : public Signer {
 public:
  const PublicKey& public_key() const override { return key_.public_key(); }
  absl::StatusOr<Signature> Sign(const Hash32& digest) override {
    if (!reachable) return absl::UnavailableError("the key cannot be reached");
    return key_.Sign(digest);
  }
  std::atomic<bool> reachable = true;

 private:
  const SecretKey key_ = *SecretKey::Generate();
};

// No StopPublish can be signed: the host is told, and publishing has ended all the same.
TEST(NodeErrorsTest, AStopWithoutItsKey) {
  RemoteSigner signer;
  TestNode a({.signer = &signer}), b;
  ASSERT_TRUE(Connect(b, a));
  ASSERT_EQ(a.Authorize(UnixNow()), absl::OkStatus());
  ASSERT_EQ(a.Publish(0), absl::OkStatus());
  ASSERT_TRUE(b.seen().WaitForFlashblocks(1));
  signer.reachable = false;
  std::promise<absl::Status> stopped;
  ASSERT_EQ(a->StopPublishing("", [&](absl::Status s) { stopped.set_value(s); }), absl::OkStatus());
  EXPECT_EQ(stopped.get_future().get(), absl::UnavailableError("the key cannot be reached"));
  EXPECT_EQ(a->Handoff()->state, core::PublishState::kIdle);
  EXPECT_EQ(a.Publish(1).code(), absl::StatusCode::kFailedPrecondition);
}

// The way out does not wait for the key.
TEST(NodeErrorsTest, AShutdownWithoutItsKey) {
  RemoteSigner signer;
  TestNode a({.signer = &signer}), b;
  ASSERT_TRUE(Connect(b, a));
  ASSERT_EQ(a.Authorize(UnixNow()), absl::OkStatus());
  while (b->Stats()->engine.markers_relayed == 0) std::this_thread::yield();  // the StartPublish
  signer.reachable = false;
  const auto begin = std::chrono::steady_clock::now();
  a->Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_TRUE(a.seen().WaitForState(core::PublishState::kIdle)) << "the host is told";
  ASSERT_TRUE(b.seen().WaitForDowns(1));
  EXPECT_EQ(b.seen().downs()[0].why, "peer sent Disconnect 0x00: requested");
  EXPECT_EQ(b->Stats()->engine.markers_relayed, 1u) << "a StopPublish came from somewhere";
}

TEST(NodeErrorsTest, CallsOfTheOperatorThatCannotBe) {
  TestNode a;
  EXPECT_EQ(a->AddPeer(a.enode(), true), absl::InvalidArgumentError("enode: node id is our own"));
  NodeId nobody{0x12, 0x34};
  EXPECT_EQ(a->RemovePeer(nobody),
            absl::FailedPreconditionError("no peer has the node id 1234000000000000"));
  EXPECT_EQ(a->Start(), absl::FailedPreconditionError("the node was started before"));
  a->Stop();
  EXPECT_EQ(a->RemovePeer(nobody), absl::UnavailableError("the node is not running"));
}

}  // namespace
}  // namespace flblk::net
