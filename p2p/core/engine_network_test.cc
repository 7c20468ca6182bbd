// Frames from peers: copies, forgeries, stale and future ones, equivocation, what is charged to
// whom.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "p2p/core/testing/network_bench.h"

namespace flblk::core {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using testing::Mesh;
using testing::TestFlashblock;
using testing::TestFrame;
using testing::TestKey;
using testing::TestMarker;
using testing::TestPayload;
using wire::MessageKind;

TEST_F(EngineNetwork, RelaysTheVeryFrameToAllButTheSenderThenDelivers) {
  const wire::FramePtr frame = Flashblock(0, 0);
  const StepResult result = node().engine->Step(PeerMessage{feed_, frame}, mesh_.now());
  ASSERT_EQ(result.actions.size(), 3u);
  const Send& send = std::get<Send>(result.actions[0]);
  EXPECT_EQ(send.frame, frame);
  EXPECT_EQ(send.cls, SendClass::kFlashblock);
  EXPECT_EQ(send.slot, Mesh::Time(0));
  EXPECT_EQ(send.to, (std::vector<SessionId>{other_, sink_}));
  EXPECT_EQ(std::get<FlashblockDelivered>(result.actions[1]).frame, frame);
  EXPECT_EQ(std::get<Heard>(result.actions[2]).session, feed_);
  EXPECT_EQ(std::get<Heard>(result.actions[2]).behind, Duration::zero());
}
TEST_F(EngineNetwork, EveryPeersFirstCopyIsTimed) {
  const SessionId later_feed = mesh_.ConnectProbe(node_, 2);  // is not fed by us
  mesh_.ProbeSend(later_feed, testing::ControlFrame(wire::MessageId::kAcceptFlashblocks));
  const wire::FramePtr frame = Flashblock(0, 0);
  mesh_.ProbeSend(feed_, frame);
  mesh_.Run(milliseconds(30));
  const auto later = [&] {
    return node().engine->Step(PeerMessage{later_feed, frame}, mesh_.now()).actions;
  };
  const std::vector<Action> actions = later();
  ASSERT_EQ(actions.size(), 1u);
  EXPECT_EQ(std::get<Heard>(actions[0]).session, later_feed);
  EXPECT_EQ(std::get<Heard>(actions[0]).behind, milliseconds(30));
  EXPECT_TRUE(later().empty());
}
TEST_F(EngineNetwork, CopiesCostNoVerification) {
  const wire::FramePtr frame = Flashblock(0, 0);
  mesh_.ProbeSend(feed_, frame);
  const int before = node().verifier.actors;
  mesh_.ProbeSend(other_, frame);
  mesh_.ProbeSend(feed_, frame);
  EXPECT_EQ(node().verifier.actors, before);
  EXPECT_EQ(stats().duplicates, 2u);
  EXPECT_EQ(Relayed(), 1u);
  EXPECT_EQ(node().delivered.size(), 1u);
  EXPECT_TRUE(node().penalties.empty());
}
TEST_F(EngineNetwork, ForgedFirstCopyDoesNotMakeUsDeaf) {
  const wire::FramePtr frame = Flashblock(0, 0);
  mesh_.ProbeSend(feed_, Broken(frame));       // actor_sig
  mesh_.ProbeSend(feed_, Broken(frame, 100));  // authorizer_sig
  EXPECT_EQ(stats().bad_signature, 2u);
  EXPECT_EQ(node().penalties.size(), 2u);
  mesh_.ProbeSend(other_, frame);
  EXPECT_EQ(node().delivered.size(), 1u);
  EXPECT_EQ(Relayed(), 1u);
}
TEST_F(EngineNetwork, ForgedLaterCopyIsVerifiedAndCharged) {
  const wire::FramePtr frame = Flashblock(0, 0);
  mesh_.ProbeSend(feed_, frame);
  mesh_.ProbeSend(other_, Broken(frame));
  EXPECT_EQ(stats().bad_signature, 1u);
  EXPECT_EQ(node().penalties.at(0).session, other_);
}
TEST_F(EngineNetwork, OtherBytesUnderAKnownSignatureAreACopy) {
  const wire::FramePtr frame = Flashblock(0, 0);
  mesh_.ProbeSend(feed_, frame);
  const int before = node().verifier.actors;
  mesh_.ProbeSend(other_, Broken(frame, 250));  // within the transaction
  EXPECT_EQ(node().verifier.actors, before);
  EXPECT_EQ(stats().duplicates, 1u);
  EXPECT_TRUE(node().evidence.empty());
}
TEST_F(EngineNetwork, EquivocationIsReportedOnceAndNeitherRelayedNorDelivered) {
  const wire::FramePtr first = Flashblock(0, 0), second = Flashblock(0, 0, 2);
  mesh_.ProbeSend(feed_, first);
  mesh_.ProbeSend(other_, second);
  ASSERT_EQ(node().evidence.size(), 1u);
  EXPECT_EQ(node().evidence[0].kind, Evidence::kTwoFlashblocks);
  EXPECT_EQ(node().evidence[0].builder, TestKey(11).public_key());
  EXPECT_EQ(node().evidence[0].slot, Mesh::Time(0));
  EXPECT_EQ(node().evidence[0].first, first);
  EXPECT_EQ(node().evidence[0].second, second);
  EXPECT_EQ(node().delivered.size(), 1u);
  EXPECT_EQ(Relayed(), 1u);
  EXPECT_TRUE(node().penalties.empty());  // not the relay's fault
  const int verified = node().verifier.actors;
  mesh_.ProbeSend(sink_, second);  // a copy by now
  EXPECT_EQ(node().verifier.actors, verified);
  mesh_.ProbeSend(feed_, Flashblock(0, 0, 3));
  EXPECT_EQ(node().evidence.size(), 1u);
  EXPECT_EQ(stats().equivocations, 2u);
}
TEST_F(EngineNetwork, TwoPayloadsOfOneBuilderInOneSlotAreEquivocation) {
  mesh_.ProbeSend(feed_, Flashblock(0, 0));
  mesh_.ProbeSend(feed_, Flashblock(0, 0, 1, 9));
  ASSERT_EQ(node().evidence.size(), 1u);
  EXPECT_EQ(node().evidence[0].kind, Evidence::kTwoPayloads);
  EXPECT_EQ(node().delivered.size(), 1u);
  EXPECT_EQ(Relayed(), 1u);
}
TEST_F(EngineNetwork, OtherPayloadOfAnotherBuilderIsOnlyLate) {
  mesh_.ProbeSend(feed_, Flashblock(0, 0));
  mesh_.ProbeSend(feed_, Flashblock(0, 0, 1, 9, 12));
  EXPECT_TRUE(node().evidence.empty());
  EXPECT_EQ(stats().late, 1u);
  EXPECT_EQ(Relayed(), 1u);
}
TEST_F(EngineNetwork, TwoBuildersForOneIndexAreAConflict) {
  mesh_.ProbeSend(feed_, Flashblock(0, 0));
  mesh_.ProbeSend(feed_, Flashblock(0, 0, 1, 0, 12));
  ASSERT_EQ(node().evidence.size(), 1u);
  EXPECT_EQ(node().evidence[0].kind, Evidence::kTwoBuilders);
  EXPECT_EQ(node().evidence[0].builder, TestKey(12).public_key());
  EXPECT_EQ(stats().conflicts, 1u);
  EXPECT_EQ(Relayed(), 1u);
}
TEST_F(EngineNetwork, SuccessorContinuesTheSamePayload) {
  mesh_.ProbeSend(feed_, Flashblock(0, 0));
  mesh_.ProbeSend(feed_, Flashblock(0, 1, 2, 0, 12));
  EXPECT_EQ(node().Sequence(0), "0 1");
  EXPECT_TRUE(node().evidence.empty());
}
TEST_F(EngineNetwork, ReorderedOnesAreRelayedAtOnceAndDeliveredInOrder) {
  mesh_.ProbeSend(feed_, Flashblock(0, 2));
  mesh_.ProbeSend(feed_, Flashblock(0, 1));
  EXPECT_EQ(Relayed(), 2u);
  EXPECT_EQ(node().Sequence(0), "");
  mesh_.ProbeSend(feed_, Flashblock(0, 0));
  EXPECT_EQ(node().Sequence(0), "0 1 2");
  EXPECT_EQ(node().engine->block_so_far().size(), 3u);
}
TEST_F(EngineNetwork, NewestSlotWins) {
  mesh_.ProbeSend(feed_, Flashblock(0, 0));
  mesh_.ProbeSend(feed_, Flashblock(1, 0));
  mesh_.ProbeSend(feed_, Flashblock(0, 1));
  EXPECT_EQ(node().delivered.size(), 2u);
  EXPECT_EQ(stats().late, 1u);
  EXPECT_EQ(Relayed(), 2u);
  EXPECT_TRUE(node().penalties.empty());
}
TEST_F(EngineNetwork, StaleOnesAreCharged) {
  mesh_.ProbeSend(feed_, Flashblock(6, 0));
  mesh_.ProbeSend(feed_, Flashblock(1, 0));  // 10 s older: within the grace
  EXPECT_TRUE(node().penalties.empty());
  mesh_.ProbeSend(feed_, Flashblock(0, 0));
  ASSERT_EQ(node().penalties.size(), 1u);
  EXPECT_EQ(node().penalties[0].offence, Offence::kStale);
  EXPECT_THAT(node().penalties[0].why,
              HasSubstr("more than 10 s older than the newest slot 1800000012"));
  EXPECT_EQ(stats().stale, 1u);
}
TEST_F(EngineNetwork, FutureOnesAreRefusedWithoutPenaltyAndWithoutEffect) {
  mesh_.ProbeSend(feed_, Flashblock(7, 0));
  mesh_.ProbeSend(feed_, TestMarker(TestKey(11), Auth(7), MessageKind::kStartPublish));
  EXPECT_EQ(stats().future, 2u);
  EXPECT_TRUE(node().penalties.empty());
  mesh_.ProbeSend(feed_, Flashblock(0, 0));
  EXPECT_EQ(node().delivered.size(), 1u);
}
TEST_F(EngineNetwork, UnverifiedSlotMakesNobodyStale) {
  mesh_.ProbeSend(feed_, Broken(Flashblock(6, 0)));
  mesh_.ProbeSend(other_, Flashblock(0, 0));
  EXPECT_EQ(node().delivered.size(), 1u);
}
TEST_F(EngineNetwork, StaleStopIsHarmless) {
  mesh_.ProbeSend(feed_, Flashblock(6, 0));
  mesh_.ProbeSend(feed_, TestMarker(TestKey(11), Auth(0), MessageKind::kStopPublish));
  EXPECT_TRUE(node().penalties.empty());
  mesh_.ProbeSend(feed_, TestMarker(TestKey(11), Auth(0), MessageKind::kStartPublish));
  EXPECT_EQ(node().penalties.size(), 1u);
}
TEST_F(EngineNetwork, RulesOfAFlashblockAreCheckedBeforeRelay) {
  wire::FlashblocksPayloadV1 f = TestFlashblock(0, 0, 1);
  f.payload_id = TestPayload(0);
  f.base.reset();
  mesh_.ProbeSend(feed_, TestFrame(TestKey(11), Auth(0), f));
  f = TestFlashblock(1, 0, 1);
  f.payload_id = TestPayload(0);
  mesh_.ProbeSend(feed_, TestFrame(TestKey(11), Auth(0), f));  // base of another slot
  f.payload_id = TestPayload(5);
  mesh_.ProbeSend(feed_, TestFrame(TestKey(11), Auth(0), f));  // not the authorized payload
  f = TestFlashblock(0, 101, 1);
  f.payload_id = TestPayload(0);
  mesh_.ProbeSend(feed_, TestFrame(TestKey(11), Auth(0), f));
  EXPECT_EQ(stats().invalid, 4u);
  EXPECT_EQ(Relayed(), 0u);
  EXPECT_TRUE(node().delivered.empty());
  EXPECT_TRUE(node().penalties.empty());
}
TEST_F(EngineNetwork, MalformedFramesDropThePeerAfterFour) {
  auto garbage = std::make_shared<wire::Frame>();
  garbage->body = {0xc1, 0x80};
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(mesh_.IsUp(feed_));
    mesh_.ProbeSend(feed_, garbage);
  }
  EXPECT_FALSE(mesh_.IsUp(feed_));
  EXPECT_EQ(node().drops.at(0).session, feed_);
  EXPECT_EQ(stats().malformed, 4u);
}
TEST_F(EngineNetwork, AKeyThatIsNoPointIsMalformedBehindGoodOnesToo) {
  const wire::FramePtr good = Flashblock(0, 0);
  mesh_.ProbeSend(feed_, good);
  auto bad = std::make_shared<wire::Frame>(*Flashblock(0, 1));
  const auto key = TestKey(11).public_key().bytes;
  const auto at = std::search(bad->body.begin(), bad->body.end(), key.begin(), key.end());
  ASSERT_NE(at, bad->body.end());
  std::fill(at, at + 32, 0);
  *at = 2;
  mesh_.ProbeSend(feed_, bad);
  EXPECT_EQ(stats().malformed, 1u);
  EXPECT_EQ(stats().flashblocks_new, 1u);
}
TEST_F(EngineNetwork, PenaltiesFade) {
  auto garbage = std::make_shared<wire::Frame>();
  for (int i = 0; i < 20; ++i) {
    mesh_.ProbeSend(feed_, garbage);
    mesh_.Run(std::chrono::seconds(25));
  }
  EXPECT_TRUE(mesh_.IsUp(feed_));
}
TEST_F(EngineNetwork, TrustedPeersAreForgivenMore) {
  const SessionId friendly = mesh_.ConnectProbe(node_, 1, true);
  auto garbage = std::make_shared<wire::Frame>();
  for (int i = 0; i < 33; ++i) mesh_.ProbeSend(friendly, garbage);
  EXPECT_TRUE(mesh_.IsUp(friendly));
  mesh_.ProbeSend(friendly, garbage);
  EXPECT_FALSE(mesh_.IsUp(friendly));
}
TEST_F(EngineNetwork, ResignedCopiesAreVerifiedOnABudget) {
  mesh_.ProbeSend(feed_, Flashblock(0, 0));
  const int before = node().verifier.actors;
  for (int i = 0; i < 200 && mesh_.IsUp(feed_); ++i)
    mesh_.ProbeSend(feed_, Flashblock(0, 0, 2 + i));
  EXPECT_FALSE(mesh_.IsUp(feed_));
  EXPECT_LE(node().verifier.actors - before, 40);
}
TEST_F(EngineNetwork, MarkersAreVerifiedAndRelayedOnce) {
  const wire::FramePtr start = TestMarker(TestKey(11), Auth(0), MessageKind::kStartPublish);
  mesh_.ProbeSend(feed_, start);
  mesh_.ProbeSend(other_, start);
  mesh_.ProbeSend(feed_, start);
  EXPECT_EQ(node().verifier.actors, 1);
  EXPECT_EQ(Relayed(), 1u);
  EXPECT_EQ(mesh_.inbox_of(sink_)[0], start);
  mesh_.ProbeSend(feed_, TestMarker(TestKey(11), Auth(0, 9), MessageKind::kStartPublish));
  EXPECT_EQ(Relayed(), 1u);  // same builder, slot, kind
  mesh_.ProbeSend(feed_, TestMarker(TestKey(11), Auth(0), MessageKind::kStopPublish));
  EXPECT_EQ(Relayed(), 2u);
}
TEST_F(EngineNetwork, MarkersOlderThanTheBlockAreNotRelayed) {
  mesh_.ProbeSend(feed_, Flashblock(1, 0));
  mesh_.ProbeSend(feed_, TestMarker(TestKey(12), Auth(0, 0, 12), MessageKind::kStopPublish));
  EXPECT_EQ(Relayed(), 1u);  // only the flashblock
}
TEST_F(EngineNetwork, OwnMessagesComingBackAreMeteredAndDropped) {
  const int builder = mesh_.Add(11);
  const SessionId echo = mesh_.ConnectProbe(builder, 1);
  ASSERT_TRUE(mesh_.Fcu(builder, 0).ok());
  ASSERT_TRUE(mesh_.Publish(builder, 0, 0).ok());
  const int before = mesh_[builder].verifier.actors;
  for (const wire::FramePtr& frame : std::vector(mesh_.inbox_of(echo)))
    mesh_.ProbeSend(echo, frame);
  EXPECT_EQ(mesh_[builder].engine->stats().own_echoes, 2u);
  EXPECT_EQ(mesh_[builder].verifier.actors, before);
  EXPECT_EQ(mesh_[builder].delivered.size(), 1u);
  EXPECT_EQ(mesh_.state(builder), PublishState::kPublishing);
  EXPECT_TRUE(mesh_[builder].penalties.empty());
  const wire::FramePtr own = mesh_[builder].delivered[0].frame;
  for (int i = 0; i < 2000 && mesh_.IsUp(echo); ++i) mesh_.ProbeSend(echo, own);
  EXPECT_FALSE(mesh_.IsUp(echo));
}
TEST_F(EngineNetwork, MutatedFramesAreNeverDeliveredOrRelayed) {
  std::mt19937_64 random(5);
  const std::vector<wire::FramePtr> seeds = {
      Flashblock(0, 0), Flashblock(1, 0, 2),
      TestMarker(TestKey(11), Auth(0), MessageKind::kStartPublish),
      testing::ControlFrame(wire::MessageId::kRequestFlashblocks)};
  for (int i = 0; i < 600; ++i) {
    auto frame = std::make_shared<wire::Frame>(*seeds[random() % seeds.size()]);
    if (random() % 4 == 0) frame->id = static_cast<wire::MessageId>(random() % 6);
    for (size_t n = 1 + random() % 3; n > 0 && !frame->body.empty(); --n) {
      frame->body[random() % frame->body.size()] ^= 1 << random() % 8;
    }
    if (random() % 3 == 0) frame->body.resize(random() % (frame->body.size() + 8));
    const SessionId evil = mesh_.ConnectProbe(node_, 1 + random() % 2);
    mesh_.ProbeSend(evil, frame);
    mesh_.Disconnect(evil);
  }
  EXPECT_TRUE(node().delivered.empty());
  EXPECT_EQ(Relayed(), 0u);
  mesh_.ProbeSend(feed_, seeds[0]);
  EXPECT_EQ(node().delivered.size(), 1u);
}
TEST_F(EngineNetwork, DroppedSessionIsDeafAndMute) {
  auto garbage = std::make_shared<wire::Frame>();
  for (int i = 0; i < 4; ++i) node().engine->Step(PeerMessage{feed_, garbage}, mesh_.now());
  // The driver has not closed it yet.
  EXPECT_TRUE(
      node().engine->Step(PeerMessage{feed_, Flashblock(0, 0)}, mesh_.now()).actions.empty());
  const StepResult result = node().engine->Step(PeerMessage{other_, Flashblock(0, 0)}, mesh_.now());
  EXPECT_EQ(std::get<Send>(result.actions.at(0)).to, std::vector<SessionId>{sink_});
}
TEST_F(EngineNetwork, MessagesOfUnknownSessionsAreIgnored) {
  EXPECT_TRUE(node().engine->Step(PeerMessage{999, Flashblock(0, 0)}, mesh_.now()).actions.empty());
  EXPECT_TRUE(node().engine->Step(PeerDisconnected{999}, mesh_.now()).actions.empty());
}

}  // namespace
}  // namespace flblk::core
