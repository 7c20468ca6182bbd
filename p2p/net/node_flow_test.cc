// Slow peers, and the way out.
#include <chrono>
#include <future>
#include <map>
#include <thread>

#include "gtest/gtest.h"
#include "p2p/core/publisher.h"
#include "p2p/core/sign_once_memory.h"
#include "p2p/net/engine_ports.h"
#include "p2p/net/read_batch.h"
#include "p2p/net/testing/raw_peer.h"
#include "p2p/net/testing/test_node.h"
#include "p2p/wire/envelope.h"

namespace flblk::net {
namespace {

using rlpx::DisconnectReason;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::Connect;
using testing::kPatience;
using testing::LoopbackConfig;
using testing::RawPeer;
using testing::TestNode;
using testing::UnixNow;

// Connected, fed, and from now on not reading.
void BecomeReceiver(RawPeer& peer, const rlpx::NodeKey& key, const NodeId& remote) {
  peer.StartSession(&key, remote);
  ASSERT_TRUE(peer.WaitEstablished(kPatience));
  peer.SendControl(wire::MessageId::kRequestFlashblocks);
  for (size_t n = 1;; ++n) {
    ASSERT_TRUE(peer.WaitMessages(n, kPatience));
    if (peer.messages().back()->id == wire::MessageId::kAcceptFlashblocks) return;
  }
}

struct Seen {
  std::map<uint64_t, std::vector<uint64_t>> indices;  // by slot
  bool stop_publish = false;
};

Seen Read(const std::vector<wire::FramePtr>& frames) {
  Seen seen;
  for (const wire::FramePtr& frame : frames) {
    if (frame->id != wire::MessageId::kAuthorized) continue;
    const auto envelope = wire::SplitAuthorized(frame->body);
    const auto peek = wire::PeekMessage(envelope->message);
    if (peek->kind == wire::MessageKind::kFlashblock) {
      seen.indices[envelope->authorization.timestamp].push_back(peek->index);
    }
    seen.stop_publish |= peek->kind == wire::MessageKind::kStopPublish;
  }
  return seen;
}

TEST(NodeFlowTest, ASlowReaderLosesWholeBlocksAndDelaysNobody) {
  NodeConfig config = LoopbackConfig();
  config.max_queue_bytes_per_peer = size_t{2} << 20;
  TestNode a({.config = config, .builder = true}), quick;
  ASSERT_TRUE(Connect(quick, a));
  const auto key = *rlpx::NodeKey::Generate();
  RawPeer slow(a.enode().port, /*small_buffer=*/true);
  ASSERT_NO_FATAL_FAILURE(BecomeReceiver(slow, key, a.id()));

  // 8 blocks of 10 * 200 KB: far more than queue and socket buffers of the slow one hold.
  constexpr uint64_t kBlocks = 8, kPerBlock = 10;
  const uint64_t first = UnixNow() - kBlocks / 2;
  for (uint64_t slot = first; slot < first + kBlocks; ++slot) {
    ASSERT_EQ(a.Authorize(slot), absl::OkStatus());
    for (uint64_t i = 0; i < kPerBlock; ++i) ASSERT_EQ(a.Publish(i, 200'000), absl::OkStatus());
  }
  ASSERT_TRUE(quick.seen().WaitForFlashblocks(kBlocks * kPerBlock));
  // It wakes up and reads on: what comes are prefixes of blocks, and the next block as a whole.
  std::thread reader([&] { slow.WaitClosed(kPatience); });
  std::this_thread::sleep_for(milliseconds(300));
  ASSERT_EQ(a.Authorize(first + kBlocks), absl::OkStatus());
  for (uint64_t i = 0; i < kPerBlock; ++i) ASSERT_EQ(a.Publish(i, 1000), absl::OkStatus());
  std::this_thread::sleep_for(milliseconds(300));
  a->Stop();
  reader.join();

  uint64_t dropped = 0;
  for (const testing::Recorder::Down& down : a.seen().downs()) {
    if (down.peer.node_id == key.id()) dropped = down.peer.dropped_flashblocks;
    if (down.peer.node_id == quick.id()) {
      EXPECT_EQ(down.peer.dropped_flashblocks, 0u);
    }
  }
  EXPECT_GT(dropped, 0u);
  const Seen seen = Read(slow.messages());
  uint64_t received = 0;
  for (const auto& [slot, indices] : seen.indices) {
    for (size_t i = 0; i < indices.size(); ++i) {
      EXPECT_EQ(indices[i], i) << "a gap in slot " << slot - first;
    }
    received += indices.size();
  }
  EXPECT_EQ(received + dropped, (kBlocks + 1) * kPerBlock);
  EXPECT_EQ(seen.indices.count(first + kBlocks), 1u);
  EXPECT_TRUE(seen.stop_publish);
}

// As after a freeze: the successor's StartPublish waits in the socket, the host's flashblock in the
// queue.
TEST(NodeFlowTest, WhatPeersSaidComesBeforeTheHostsCalls) {
  NodeConfig config = LoopbackConfig();
  config.engine.flashblock_interval = milliseconds(1);  // the two Starts do not count as crossing
  TestNode a({.config = config, .builder = true}), b({.builder = true});
  ASSERT_TRUE(Connect(a, b));
  const uint64_t slot = UnixNow();
  ASSERT_EQ(a.Authorize(slot), absl::OkStatus());
  ASSERT_EQ(a.Publish(0, 100), absl::OkStatus());
  ASSERT_TRUE(b.seen().WaitForFlashblocks(1));

  std::promise<void> frozen, thaw;
  std::thread network([&] {
    EXPECT_EQ(a->WithBlock([&](const auto&, const auto&) {
      frozen.set_value();
      thaw.get_future().wait();
    }),
              absl::OkStatus());
  });
  frozen.get_future().wait();
  std::this_thread::sleep_for(milliseconds(10));
  absl::Status published;
  EXPECT_EQ(b.Authorize(slot), absl::OkStatus());  // its StartPublish is in our socket now
  std::thread host([&] { published = a.Publish(1, 100); });
  std::this_thread::sleep_for(milliseconds(100));
  thaw.set_value();
  network.join();
  host.join();
  EXPECT_EQ(published.code(), absl::StatusCode::kFailedPrecondition) << published;
  EXPECT_TRUE(b.seen().WaitForState(core::PublishState::kPublishing));
}

// The same for the timer: the rival was not silent, we were deaf. A flashblock as large as those
// that wait for company (read_batch.h) is in front of what it said.
TEST(NodeFlowTest, WhatPeersSaidComesBeforeATakeover) {
  NodeConfig config = LoopbackConfig();
  config.engine.takeover_after = milliseconds(500);
  TestNode a({.config = config, .builder = true});
  const auto key = rlpx::NodeKey::Generate();
  RawPeer peer(a.enode().port);
  peer.StartSession(&*key, a.id());
  ASSERT_TRUE(peer.WaitEstablished(kPatience));
  LocalSigner rival(*SecretKey::Generate());
  SnappyCompressor compressor;
  const uint64_t slot = UnixNow();
  const auto say = [&](wire::MessageKind kind) {
    const Authorization authorization =
        MakeAuthorization(testing::Authorizer(), {7}, slot, rival.public_key());
    peer.Send(**core::SignMarker(kind, authorization, rival, compressor));
  };
  core::SignOnceMemory sign_once;
  wire::FlashblocksPayloadV1 large;
  large.base.emplace();
  large.diff.transactions = {Bytes(ReadBatch::kWorthWaiting * 4, 7)};
  const auto flashblock = core::Publisher().Sign(
      large, MakeAuthorization(testing::Authorizer(), {7}, slot, rival.public_key()),
      {MonoTime{1}, 1}, {rival, sign_once, compressor});
  ASSERT_TRUE(flashblock.ok()) << flashblock.status();
  say(wire::MessageKind::kStartPublish);
  while (a->Stats()->engine.markers_relayed == 0) std::this_thread::yield();
  ASSERT_EQ(a.Authorize(slot), absl::OkStatus());
  ASSERT_TRUE(a.seen().WaitForState(core::PublishState::kWaiting));

  EXPECT_EQ(a->WithBlock([&](const auto&, const auto&) {
    std::this_thread::sleep_for(milliseconds(300));
    peer.Send(*flashblock->frame);
    say(wire::MessageKind::kStopPublish);
    std::this_thread::sleep_for(milliseconds(400));
  }),
            absl::OkStatus());
  ASSERT_TRUE(a.seen().WaitForState(core::PublishState::kPublishing));
  EXPECT_EQ(a->History()->back().change.cause, core::Cause::kRivalStopped);
}

TEST(NodeFlowTest, StopTellsEverybodyInTime) {
  TestNode a({.builder = true});
  const auto key = *rlpx::NodeKey::Generate();
  RawPeer peer(a.enode().port);
  ASSERT_NO_FATAL_FAILURE(BecomeReceiver(peer, key, a.id()));
  ASSERT_EQ(a.Authorize(UnixNow()), absl::OkStatus());
  for (uint64_t i = 0; i < 3; ++i) ASSERT_EQ(a.Publish(i, 100'000), absl::OkStatus());
  std::thread reader([&] { peer.WaitClosed(kPatience); });
  const auto begin = steady_clock::now();
  a->Stop();
  EXPECT_LT(steady_clock::now() - begin, seconds(5));
  reader.join();
  EXPECT_EQ(peer.closed().received, DisconnectReason::kRequested);
  const Seen seen = Read(peer.messages());
  ASSERT_EQ(seen.indices.size(), 1u);
  EXPECT_EQ(seen.indices.begin()->second, (std::vector<uint64_t>{0, 1, 2}));
  EXPECT_TRUE(seen.stop_publish);
  EXPECT_TRUE(a.seen().WaitForState(core::PublishState::kIdle));
}

TEST(NodeFlowTest, StopDoesNotWaitForAPeerThatDoesNotRead) {
  TestNode a({.builder = true});
  const auto key = *rlpx::NodeKey::Generate();
  RawPeer peer(a.enode().port, /*small_buffer=*/true);
  ASSERT_NO_FATAL_FAILURE(BecomeReceiver(peer, key, a.id()));
  ASSERT_EQ(a.Authorize(UnixNow()), absl::OkStatus());
  for (uint64_t i = 0; i < 20; ++i) ASSERT_EQ(a.Publish(i, 500'000), absl::OkStatus());
  const auto begin = steady_clock::now();
  a->Stop(milliseconds(500));
  const auto took = steady_clock::now() - begin;
  EXPECT_GE(took, milliseconds(400)) << "the peer was given its time";
  EXPECT_LT(took, seconds(5));
}

TEST(NodeFlowTest, APeerThatOnlyAsksIsNotReadForEver) {
  TestNode a;
  const auto key = *rlpx::NodeKey::Generate();
  RawPeer peer(a.enode().port, /*small_buffer=*/true);
  peer.StartSession(&key, a.id());
  ASSERT_TRUE(peer.WaitEstablished(kPatience));
  ASSERT_TRUE(a.seen().WaitForUps(1));
  // Requests without end: the engine has had enough of them before memory has.
  std::thread writer([&] {
    for (int i = 0; i < 20'000; ++i) peer.SendControl(wire::MessageId::kRequestFlashblocks);
  });
  EXPECT_TRUE(a.seen().WaitForDowns(1));
  writer.join();
}

}  // namespace
}  // namespace flblk::net
