// Hostile peers: what they may not make us keep, relay or lose.
#include <gmock/gmock.h>

#include "p2p/core/testing/network_bench.h"
#include "p2p/wire/limits.h"

namespace flblk::core {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using testing::Mesh;
using testing::TestKey;
using testing::TestMarker;
using wire::MessageKind;

TEST_F(EngineNetwork, ABloatedCopyIsChargedAndTheHonestOnePasses) {
  const wire::FramePtr start = TestMarker(TestKey(11), Auth(0), MessageKind::kStartPublish);
  const wire::FramePtr honest = Flashblock(0, 0);
  mesh_.ProbeSend(feed_, Bloated(start, 257));
  mesh_.ProbeSend(feed_, Bloated(honest, 257));
  EXPECT_EQ(stats().malformed, 2u);
  EXPECT_THAT(node().penalties.at(1).why, HasSubstr("authorized surplus: has 257 bytes"));
  EXPECT_EQ(Relayed(), 0u);
  mesh_.ProbeSend(other_, start);
  mesh_.ProbeSend(other_, honest);
  EXPECT_EQ(Relayed(), 2u);
  const wire::FramePtr later = Bloated(Flashblock(0, 1), 256);  // a newer protocol's
  mesh_.ProbeSend(other_, later);
  ASSERT_EQ(Relayed(), 3u);
  EXPECT_EQ(mesh_.inbox_of(sink_)[2], later);
}
TEST_F(EngineNetwork, WhatStrangersBringFromLongAgoGoesNowhere) {
  mesh_.Run(seconds(3600));  // the slots below are that old, and nothing newer is known
  const SessionId named = mesh_.ConnectProbe(node_, 1, true);
  const wire::FramePtr stop = TestMarker(TestKey(11), Auth(0), MessageKind::kStopPublish);
  const wire::FramePtr flashblock = Flashblock(0, 0);
  const int before = node().verifier.actors;
  mesh_.ProbeSend(feed_, stop);
  mesh_.ProbeSend(feed_, flashblock);
  EXPECT_EQ(Relayed(), 0u);
  EXPECT_TRUE(node().delivered.empty());
  EXPECT_EQ(node().verifier.actors, before);
  EXPECT_EQ(stats().stale, 2u);
  EXPECT_TRUE(node().penalties.empty());  // its chain may be catching up
  mesh_.ProbeSend(named, stop);
  mesh_.ProbeSend(named, flashblock);
  EXPECT_EQ(Relayed(), 2u);
  EXPECT_EQ(node().delivered.size(), 1u);
}
TEST_F(EngineNetwork, WhatOthersMayHoldForStaleIsDeliveredAndNotHandedOn) {
  mesh_.Run(seconds(20));  // we have just started, the chain is 20 s behind
  mesh_.ProbeSend(feed_, TestMarker(TestKey(11), Auth(0), MessageKind::kStartPublish));
  mesh_.ProbeSend(feed_, Flashblock(0, 0));
  EXPECT_EQ(node().Sequence(0), "0");
  EXPECT_EQ(Relayed(), 0u);
  EXPECT_TRUE(mesh_.inbox_of(mesh_.ConnectProbe(node_, 1)).empty());  // a late joiner
  mesh_.ProbeSend(mesh_.ConnectProbe(node_, 1, true), Flashblock(0, 1));
  EXPECT_EQ(Relayed(), 1u);  // a named peer vouches for it
}
TEST_F(EngineNetwork, WhatWorldChainCannotReadIsDeliveredAndNotHandedOn) {
  for (const bool world_chain : {true, false}) {
    const int node = mesh_.Add(0, {.world_chain_metadata = world_chain});
    const SessionId feed = mesh_.ConnectProbe(node, 1), sink = mesh_.ConnectProbe(node, 1);
    wire::FlashblocksPayloadV1 f = testing::TestFlashblock(0, 0, 1);
    f.payload_id = testing::TestPayload(0);
    f.metadata = "{}";
    mesh_.ProbeSend(feed, testing::TestFrame(TestKey(11), Auth(0), f));
    mesh_.ProbeSend(feed, Flashblock(0, 1));
    EXPECT_EQ(mesh_[node].Sequence(0), "0 1");
    EXPECT_TRUE(mesh_[node].penalties.empty());
    const size_t handed_on = world_chain ? 1 : 2;
    EXPECT_EQ(mesh_.inbox_of(sink).size(), handed_on);
    EXPECT_EQ(mesh_.inbox_of(mesh_.ConnectProbe(node, 1)).size(), handed_on);  // a late joiner
  }
}
TEST_F(EngineNetwork, WhatIsCompressedToMoreThanTheWorstCaseIsMalformed) {
  auto frame = std::make_shared<wire::Frame>(*Flashblock(0, 0));
  frame->snappy.resize(wire::MaxCompressedBytes(frame->body.size()));
  const auto longer = std::make_shared<wire::Frame>(*frame);
  longer->snappy.push_back(0);
  mesh_.ProbeSend(feed_, longer);
  EXPECT_EQ(stats().malformed, 1u);
  EXPECT_EQ(Relayed(), 0u);
  mesh_.ProbeSend(feed_, frame);
  EXPECT_EQ(Relayed(), 1u);
}
TEST_F(EngineNetwork, WhatTheInboxHadNoRoomForIsNotKnown) {
  for (uint64_t i = 0; i < 4; ++i) mesh_.ProbeSend(feed_, Flashblock(0, i, 1, 0, 11, 16'700'000));
  const wire::FramePtr refused = Flashblock(0, 4, 1, 0, 11, 16'700'000);
  mesh_.ProbeSend(feed_, refused);
  const int before = node().verifier.actors;
  EXPECT_EQ(Relayed(), 4u);
  mesh_.ProbeSend(other_, refused);
  EXPECT_EQ(node().verifier.actors, before + 1);  // not taken for a copy
  EXPECT_EQ(stats().duplicates, 0u);
  mesh_.ProbeSend(other_, Flashblock(0, 4));
  EXPECT_EQ(Relayed(), 5u);
  EXPECT_TRUE(node().evidence.empty());
}

}  // namespace
}  // namespace flblk::core
