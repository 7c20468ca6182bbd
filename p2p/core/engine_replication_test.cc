// replicate_before_publish in whole engines: who is sent what first, and that nothing overtakes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "p2p/core/testing/mesh.h"
#include "p2p/wire/envelope.h"

namespace flblk::core {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Mesh;
using S = PublishState;

// A builder, two standbys and a stranger; all four are the test itself, but for the builder.
class EngineReplication : public ::testing::Test {
 protected:
  void Build(uint32_t needed) {
    EngineConfig config;
    config.replicate_before_publish = needed;
    node_ = mesh_.Add(11, config);
    for (SessionId* standby : {&standby_a_, &standby_b_}) *standby = Fed(true);
    stranger_ = Fed(false);
    ASSERT_TRUE(mesh_.Fcu(node_, 0).ok());
    Sent();
  }
  SessionId Fed(bool trusted) {
    const SessionId session = mesh_.ConnectProbe(node_, 2, trusted);
    mesh_.ProbeSend(session, testing::ControlFrame(wire::MessageId::kRequestFlashblocks));
    return session;
  }
  // Forgets what went out so far.
  void Sent() {
    for (SessionId s : {standby_a_, standby_b_, stranger_}) mesh_.inbox_of(s).clear();
  }
  // Signed messages that went to `probe`: "0 1 stop".
  std::string At(SessionId probe) {
    std::string text;
    for (const wire::FramePtr& frame : mesh_.inbox_of(probe)) {
      if (frame->id != wire::MessageId::kAuthorized) continue;
      const auto peek = *wire::PeekMessage(wire::SplitAuthorized(frame->body)->message);
      text += text.empty() ? "" : " ";
      text += peek.kind == wire::MessageKind::kFlashblock     ? std::to_string(peek.index)
              : peek.kind == wire::MessageKind::kStartPublish ? "start"
                                                              : "stop";
    }
    return text;
  }
  void Confirm(SessionId standby, uint64_t number) {
    mesh_.Do(node_, SendConfirmed{standby, number}).IgnoreError();
  }
  testing::Node& node() { return mesh_[node_]; }
  std::vector<std::string> LetGoBy() {
    std::vector<std::string> why;
    for (const auto& item : node().delivered) why.push_back(Name(item.replicated->why));
    return why;
  }
  void TearDown() override { EXPECT_THAT(mesh_.violations(), IsEmpty()); }

  Mesh mesh_;
  int node_ = 0;
  SessionId standby_a_ = 0, standby_b_ = 0, stranger_ = 0;
};

TEST_F(EngineReplication, StandbysFirstEveryoneOnceEnoughConfirmed) {
  Build(2);
  ASSERT_TRUE(mesh_.PublishNext(node_, 0).ok());
  EXPECT_EQ(At(standby_a_), "0");
  EXPECT_EQ(At(standby_b_), "0");
  EXPECT_EQ(At(stranger_), "");
  EXPECT_THAT(node().delivered, IsEmpty());
  EXPECT_TRUE(node().engine->block_so_far().empty());
  Confirm(standby_a_, 1);
  EXPECT_EQ(At(stranger_), "");
  Confirm(standby_b_, 1);
  EXPECT_EQ(At(stranger_), "0");
  EXPECT_EQ(At(standby_a_), "0");  // once
  EXPECT_EQ(node().engine->block_so_far().size(), 1u);
  EXPECT_THAT(LetGoBy(), ElementsAre("confirmed"));
}

TEST_F(EngineReplication, TheHostGoesOnMeanwhileAndTheOrderHolds) {
  Build(1);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(mesh_.PublishNext(node_, 0).ok());
  EXPECT_EQ(At(standby_a_), "0 1 2");
  EXPECT_EQ(At(stranger_), "");
  Confirm(standby_b_, 2);
  EXPECT_EQ(At(stranger_), "0 1");
  mesh_.Run(milliseconds(50));
  EXPECT_EQ(At(stranger_), "0 1 2");
  EXPECT_THAT(LetGoBy(), ElementsAre("confirmed", "confirmed", "timed out"));
}

TEST_F(EngineReplication, NeverLongerThanTheLimit) {
  Build(1);
  ASSERT_TRUE(mesh_.PublishNext(node_, 0).ok());
  mesh_.Run(milliseconds(49));
  EXPECT_EQ(At(stranger_), "");
  mesh_.Run(milliseconds(1));
  EXPECT_EQ(At(stranger_), "0");
}

TEST_F(EngineReplication, LostStandbysAreNotWaitedFor) {
  Build(2);
  ASSERT_TRUE(mesh_.PublishNext(node_, 0).ok());
  Confirm(standby_b_, 1);
  mesh_.Disconnect(standby_a_);
  EXPECT_EQ(At(stranger_), "0");
  mesh_.Disconnect(standby_b_);
  ASSERT_TRUE(mesh_.PublishNext(node_, 0).ok());
  EXPECT_EQ(At(stranger_), "0 1");
  EXPECT_THAT(LetGoBy(), ElementsAre("fewer standbys", "fewer standbys"));
}

TEST_F(EngineReplication, StopPublishStaysBehind) {
  Build(1);
  ASSERT_TRUE(mesh_.PublishNext(node_, 0).ok());
  ASSERT_TRUE(mesh_.Do(node_, StopPublishing{"shutdown"}).ok());
  EXPECT_EQ(At(stranger_), "0 stop");
  EXPECT_EQ(At(standby_a_), "0 stop");
  EXPECT_THAT(LetGoBy(), ElementsAre("released"));
}

TEST_F(EngineReplication, YieldingLetsGoFirst) {
  Build(1);
  ASSERT_TRUE(mesh_.PublishNext(node_, 0).ok());
  mesh_.Run(milliseconds(10));
  const SecretKey rival = testing::TestKey(12);
  const Authorization a = MakeAuthorization(mesh_.authorizer(), testing::TestPayload(1),
                                            Mesh::Time(1), rival.public_key());
  mesh_.ProbeSend(standby_a_, testing::TestMarker(rival, a, wire::MessageKind::kStartPublish));
  EXPECT_EQ(mesh_.state(node_), S::kYielded);
  EXPECT_EQ(At(stranger_), "start 0 stop");  // the rival's StartPublish is passed on at once
}

TEST_F(EngineReplication, LateJoinersAreNotToldEarly) {
  Build(1);
  ASSERT_TRUE(mesh_.PublishNext(node_, 0).ok());
  Confirm(standby_a_, 1);
  ASSERT_TRUE(mesh_.PublishNext(node_, 0).ok());
  const SessionId late = Fed(false), late_standby = Fed(true);
  EXPECT_EQ(At(late), "start 0");
  EXPECT_EQ(At(late_standby), "start 0 1");
  Confirm(standby_b_, 2);
  EXPECT_EQ(At(late), "start 0 1");
  EXPECT_EQ(At(late_standby), "start 0 1");
}

TEST_F(EngineReplication, RenewalTellsTheHostOfAllThatIsOut) {
  Build(1);
  ASSERT_TRUE(mesh_.PublishNext(node_, 0).ok());
  ASSERT_TRUE(mesh_.Fcu(node_, 1).ok());  // another block: the last one of this may wait
  EXPECT_THAT(node().delivered, IsEmpty());
  ASSERT_TRUE(mesh_.PublishNext(node_, 1).ok());
  EXPECT_TRUE(node().engine->block_so_far().empty());
  Confirm(standby_a_, 1);
  EXPECT_EQ(At(stranger_), "0");
  Confirm(standby_a_, 2);
  EXPECT_EQ(At(stranger_), "0 0");
  EXPECT_EQ(node().Sequence(0), "0");
  EXPECT_EQ(node().Sequence(1), "0");
}

// Nothing of a payload leaves after getPayload was answered.
TEST_F(EngineReplication, SealLetsGoFirst) {
  Build(1);
  ASSERT_TRUE(mesh_.PublishNext(node_, 0).ok());
  EXPECT_EQ(At(stranger_), "");
  ASSERT_TRUE(mesh_.Do(node_, PayloadSealed{testing::TestPayload(0)}).ok());
  EXPECT_EQ(At(stranger_), "0");
}

// Builders 0, 1 (each other's standby), relay 2, subscriber 3 behind the relay.
TEST(EngineReplicationMesh, HandoffsAndACrashLoseNothing) {
  Mesh mesh;
  EngineConfig config;
  config.replicate_before_publish = 1;
  config.takeover_after = milliseconds(400);
  for (uint8_t seed : {11, 12, 0, 0}) mesh.Add(seed, config);
  mesh.Connect(0, 1, true);
  for (int builder : {0, 1}) mesh.Connect(builder, 2);
  mesh.Connect(2, 3);
  mesh.Run(milliseconds(100));
  ASSERT_TRUE(mesh.Fcu(0, 0).ok());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(mesh.PublishNext(0, 0).ok());
    mesh.Run(milliseconds(200));
  }
  ASSERT_TRUE(mesh.Fcu(1, 0).ok());
  ASSERT_TRUE(mesh.PublishNext(0, 0).ok());  // on its way while the other starts
  mesh.Run(milliseconds(200));
  ASSERT_EQ(mesh.state(1), S::kPublishing);
  ASSERT_TRUE(mesh.PublishNext(1, 0).ok());
  mesh.Run(milliseconds(50));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(mesh[i].Sequence(0), "0 1 2 3 4") << "node " << i;
  for (int i = 0; i < 4; ++i) EXPECT_THAT(mesh[i].penalties, IsEmpty()) << "node " << i;
  // Builder 1 is gone before anybody but the standby has its next flashblock.
  ASSERT_TRUE(mesh.PublishNext(1, 0).ok());
  mesh.Run(milliseconds(6));
  mesh.Crash(1);
  ASSERT_TRUE(mesh.Fcu(0, 0).ok());
  mesh.Run(milliseconds(600));
  ASSERT_EQ(mesh.state(0), S::kPublishing);
  ASSERT_TRUE(mesh.PublishNext(0, 0).ok());
  mesh.Run(milliseconds(50));
  for (int i : {0, 2, 3}) EXPECT_EQ(mesh[i].Sequence(0), "0 1 2 3 4 5 6") << "node " << i;
}

}  // namespace
}  // namespace flblk::core
