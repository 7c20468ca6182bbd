// Several engines together: builders A and B (and C), relays between them, subscribers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "p2p/core/testing/mesh.h"
#include "p2p/wire/envelope.h"

namespace flblk::core {
namespace {

using testing::Mesh;
using testing::Node;
using S = PublishState;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Builders 0, 1, 2 fully meshed; relay 3 beside them; subscriber 4 behind the relay.
class EngineMesh : public ::testing::Test {
 protected:
  void Build(EngineConfig config = {}) {
    for (uint8_t seed : {11, 12, 13}) mesh_.Add(seed, config);
    for (int i = 0; i < 2; ++i) mesh_.Add(0, config);
    for (int a = 0; a < 3; ++a) {
      for (int b = a + 1; b < 3; ++b) mesh_.Connect(a, b, true);
      mesh_.Connect(a, 3);
    }
    mesh_.Connect(3, 4);
    mesh_.Run(milliseconds(100));
  }
  void PublishSome(int node, uint64_t slot, int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_EQ(mesh_.PublishNext(node, slot), absl::OkStatus());
      mesh_.Run(milliseconds(200));
    }
  }
  void TearDown() override { EXPECT_THAT(mesh_.violations(), ::testing::IsEmpty()); }
  // I3 over builders that are alive.
  int Publishers() {
    int n = 0;
    for (int i = 0; i < 3; ++i) n += mesh_[i].engine && mesh_.state(i) == S::kPublishing;
    return n;
  }
  void ExpectSequence(uint64_t slot, const std::string& sequence) {
    for (int i = 0; i < 5; ++i) {
      if (!mesh_[i].engine) continue;
      EXPECT_EQ(mesh_[i].Sequence(slot), sequence) << "node " << i;
    }
  }
  void ExpectNoPenalties() {
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(mesh_[i].penalties.empty()) << "node " << i;
  }
  Mesh mesh_;
};

TEST_F(EngineMesh, FlashblocksReachEveryoneInOrderOnce) {
  Build();
  ASSERT_TRUE(mesh_.Fcu(0, 0).ok());
  EXPECT_EQ(mesh_.state(0), S::kPublishing);
  PublishSome(0, 0, 4);
  ExpectSequence(0, "0 1 2 3");
  ExpectNoPenalties();
  EXPECT_EQ(mesh_[4].verifier.authorizations, 1);  // once per slot
  EXPECT_EQ(mesh_[4].verifier.actors, 5);          // StartPublish and each flashblock
}

TEST_F(EngineMesh, GracefulHandOffInTheMiddleOfABlock) {
  Build();
  mesh_.Fcu(0, 0).IgnoreError();
  PublishSome(0, 0, 3);
  ASSERT_TRUE(mesh_.Fcu(1, 0).ok());
  EXPECT_EQ(mesh_.state(1), S::kWaiting);
  mesh_.Run(milliseconds(50));
  EXPECT_EQ(mesh_.state(0), S::kYielded);
  EXPECT_EQ(mesh_.state(1), S::kPublishing);
  const PublishingChanged& clearance = mesh_[1].changes.back();
  EXPECT_EQ(clearance.cause, Cause::kRivalStopped);
  EXPECT_EQ(clearance.next_index, 3u);
  EXPECT_EQ(clearance.missing, 0u);
  EXPECT_EQ(mesh_[1].engine->block_so_far().size(), 3u);
  EXPECT_EQ(mesh_.PublishNext(0, 0).code(), absl::StatusCode::kFailedPrecondition);
  PublishSome(1, 0, 3);
  ExpectSequence(0, "0 1 2 3 4 5");
  ExpectNoPenalties();
}

TEST_F(EngineMesh, HandOffToAndFroInOneSlotKeepsTheSequence) {
  Build();
  mesh_.Fcu(0, 0).IgnoreError();
  PublishSome(0, 0, 2);
  mesh_.Fcu(1, 0).IgnoreError();
  mesh_.Run(milliseconds(50));
  PublishSome(1, 0, 2);
  mesh_.Fcu(2, 0).IgnoreError();
  mesh_.Run(milliseconds(50));
  EXPECT_EQ(mesh_.state(2), S::kPublishing);
  PublishSome(2, 0, 2);
  EXPECT_EQ(Publishers(), 1);
  ExpectSequence(0, "0 1 2 3 4 5");
}

TEST_F(EngineMesh, HandOffAtTheBoundary) {
  Build();
  mesh_.Fcu(0, 0).IgnoreError();
  PublishSome(0, 0, 3);
  mesh_.NoAuth(0, 1).IgnoreError();
  mesh_.Fcu(1, 1).IgnoreError();
  mesh_.Run(milliseconds(50));
  EXPECT_EQ(mesh_.state(0), S::kIdle);
  EXPECT_EQ(mesh_.state(1), S::kPublishing);
  PublishSome(1, 1, 3);
  ExpectSequence(0, "0 1 2");
  ExpectSequence(1, "0 1 2");
}

// Our flashblocks keep us in mind: only after two silent slots is StartPublish sent again.
TEST_F(EngineMesh, APublisherThatIsHeardDoesNotAnnounceItselfAgain) {
  Build();
  for (uint64_t slot = 0; slot < 5; ++slot) {
    mesh_.Fcu(0, slot).IgnoreError();
    PublishSome(0, slot, 1);
    mesh_.Run(milliseconds(1800));
  }
  EXPECT_EQ(mesh_[3].engine->stats().markers_relayed, 1u);
  mesh_.Fcu(0, 7).IgnoreError();
  mesh_.Run(milliseconds(50));
  EXPECT_EQ(mesh_[3].engine->stats().markers_relayed, 2u);
}

TEST_F(EngineMesh, CrashedPublisherIsReplacedAtTheNextBlock) {
  Build();
  mesh_.Fcu(0, 0).IgnoreError();
  PublishSome(0, 0, 3);
  mesh_.Crash(0);
  mesh_.Fcu(1, 0).IgnoreError();
  mesh_.Run(seconds(1));
  EXPECT_EQ(mesh_.state(1), S::kWaiting);
  mesh_.Fcu(1, 1).IgnoreError();
  EXPECT_EQ(mesh_.state(1), S::kPublishing);
  EXPECT_EQ(mesh_[1].changes.back().cause, Cause::kRivalSilent);
  PublishSome(1, 1, 3);
  ExpectSequence(1, "0 1 2");
}

TEST_F(EngineMesh, CrashedPublisherIsReplacedInTheSameBlockWithTakeover) {
  Build({.takeover_after = milliseconds(300)});
  mesh_.Fcu(0, 0).IgnoreError();
  PublishSome(0, 0, 3);
  mesh_.Crash(0);
  mesh_.Fcu(1, 0).IgnoreError();
  mesh_.Run(milliseconds(310));
  EXPECT_EQ(mesh_.state(1), S::kPublishing);
  EXPECT_EQ(mesh_[1].changes.back().next_index, 3u);
  PublishSome(1, 0, 2);
  ExpectSequence(0, "0 1 2 3 4");
}

TEST_F(EngineMesh, RestartedPublisherHearsWhatItPublishedBefore) {
  Build();
  mesh_.Fcu(0, 0).IgnoreError();
  PublishSome(0, 0, 3);
  mesh_.Crash(0);
  mesh_[0].delivered.clear();
  mesh_.Restart(0);
  mesh_.Connect(0, 3, true);
  mesh_.Run(milliseconds(50));
  EXPECT_EQ(mesh_[0].Sequence(0), "0 1 2");
  EXPECT_TRUE(mesh_[0].delivered[0].own);
  mesh_.Fcu(0, 0).IgnoreError();
  EXPECT_EQ(mesh_.Publish(0, 0, 0).code(), absl::StatusCode::kOutOfRange);
  PublishSome(0, 0, 1);
  ExpectSequence(0, "0 1 2 3");
}

TEST_F(EngineMesh, DoubleFailoverEndsWithTheLowerKey) {
  Build();
  mesh_.Fcu(0, 0).IgnoreError();
  PublishSome(0, 0, 2);
  mesh_.Crash(0);
  mesh_.Fcu(1, 0).IgnoreError();
  mesh_.Fcu(2, 0).IgnoreError();
  mesh_.Run(milliseconds(50));
  mesh_.Fcu(1, 1).IgnoreError();  // both take over at the new slot, at once
  mesh_.Fcu(2, 1).IgnoreError();
  EXPECT_EQ(Publishers(), 2);
  mesh_.Run(milliseconds(50));
  const int lower = *mesh_[1].config.builder < *mesh_[2].config.builder ? 1 : 2;
  EXPECT_EQ(Publishers(), 1);
  EXPECT_EQ(mesh_.state(lower), S::kPublishing);
  PublishSome(lower, 1, 3);
  EXPECT_EQ(Publishers(), 1);
  ExpectSequence(1, "0 1 2");
  ExpectNoPenalties();
}

TEST_F(EngineMesh, TwoWaitingForAThirdWhoStops) {
  Build();
  mesh_.Fcu(0, 0).IgnoreError();
  PublishSome(0, 0, 2);
  mesh_.Fcu(1, 0).IgnoreError();
  mesh_.Fcu(2, 0).IgnoreError();
  mesh_.Run(milliseconds(450));  // the lower key goes on once the other has said nothing
  EXPECT_EQ(mesh_.state(0), S::kYielded);
  EXPECT_EQ(Publishers(), 1);
  const int lower = *mesh_[1].config.builder < *mesh_[2].config.builder ? 1 : 2;
  EXPECT_EQ(mesh_.state(lower), S::kPublishing);
  EXPECT_EQ(mesh_.state(3 - lower), S::kWaiting);
  PublishSome(lower, 0, 2);
  ExpectSequence(0, "0 1 2 3");
}

TEST_F(EngineMesh, ReplayedStartAndStopChangeNothing) {
  Build();
  const SessionId tap = mesh_.ConnectProbe(3);
  mesh_.Fcu(0, 0).IgnoreError();
  PublishSome(0, 0, 1);
  mesh_.Fcu(1, 0).IgnoreError();
  mesh_.Run(milliseconds(50));
  PublishSome(1, 0, 1);
  std::vector<wire::FramePtr> markers;  // Start 0, Start 1, Stop 0, relayed to the probe
  for (const wire::FramePtr& frame : mesh_.inbox_of(tap)) {
    if (frame->id == wire::MessageId::kAuthorized) markers.push_back(frame);
  }
  ASSERT_EQ(markers.size(), 3u);
  mesh_.Fcu(2, 0).IgnoreError();  // waits for 1
  for (int node : {0, 1, 2}) {
    const SessionId evil = mesh_.ConnectProbe(node);
    for (const wire::FramePtr& frame : markers) {
      const S before = mesh_.state(node);
      mesh_.ProbeSend(evil, frame);
      EXPECT_EQ(mesh_.state(node), before);
    }
  }
}

TEST_F(EngineMesh, LateJoinerGetsTheBlockFromItsStart) {
  Build();
  mesh_.Fcu(0, 0).IgnoreError();
  PublishSome(0, 0, 3);
  const int v2 = mesh_.Add(14), v1 = mesh_.Add();
  mesh_.Connect(3, v2);
  mesh_.Connect(3, v1, false, 1);
  mesh_.Run(milliseconds(50));
  EXPECT_EQ(mesh_[v2].Sequence(0), "0 1 2");
  EXPECT_EQ(mesh_[v1].Sequence(0), "0 1 2");
  PublishSome(0, 0, 1);
  EXPECT_EQ(mesh_[v2].Sequence(0), "0 1 2 3");
  mesh_.Fcu(v2, 0).IgnoreError();  // a standby that came in mid-block can go on
  mesh_.Run(milliseconds(50));
  EXPECT_EQ(mesh_.state(v2), S::kPublishing);
  EXPECT_EQ(mesh_[v2].changes.back().next_index, 4u);
  ExpectNoPenalties();
}

TEST_F(EngineMesh, LateJoinerIsNotSentADeadBlock) {
  Build();
  mesh_.Fcu(0, 0).IgnoreError();
  PublishSome(0, 0, 3);
  mesh_.Run(seconds(5));
  const int late = mesh_.Add();
  mesh_.Connect(3, late);
  mesh_.Run(milliseconds(50));
  EXPECT_EQ(mesh_[late].Sequence(0), "");
}

TEST_F(EngineMesh, MarkersReachBuildersThatAreNotNeighbours) {
  // 0 - 1 - 2, builders at the ends, a relay in the middle.
  mesh_.Add(11), mesh_.Add(), mesh_.Add(13);
  mesh_.Connect(0, 1), mesh_.Connect(1, 2);
  mesh_.Run(milliseconds(50));
  mesh_.Fcu(0, 0).IgnoreError();
  PublishSome(0, 0, 2);
  mesh_.Fcu(2, 0).IgnoreError();
  mesh_.Run(milliseconds(50));
  EXPECT_EQ(mesh_.state(0), S::kYielded);
  EXPECT_EQ(mesh_.state(2), S::kPublishing);
  PublishSome(2, 0, 2);
  EXPECT_EQ(mesh_[0].Sequence(0), "0 1 2 3");
  EXPECT_EQ(mesh_[1].engine->stats().markers_relayed, 3u);
}

TEST_F(EngineMesh, HealedPartitionEndsWithOnePublisher) {
  mesh_.Add(11), mesh_.Add(12), mesh_.Add(13);
  mesh_.Fcu(0, 0).IgnoreError();
  mesh_.Fcu(1, 0).IgnoreError();
  EXPECT_EQ(mesh_.state(0), S::kPublishing);
  EXPECT_EQ(mesh_.state(1), S::kPublishing);
  mesh_.Connect(0, 1);
  mesh_.Run(milliseconds(50));
  const int lower = *mesh_[0].config.builder < *mesh_[1].config.builder ? 0 : 1;
  EXPECT_EQ(mesh_.state(lower), S::kPublishing);
  EXPECT_EQ(mesh_.state(1 - lower), S::kYielded);
}

TEST_F(EngineMesh, BadPeersAreDroppedWhileOthersGoOn) {
  Build();
  mesh_.Fcu(0, 0).IgnoreError();
  PublishSome(0, 0, 1);
  const SessionId evil = mesh_.ConnectProbe(3);
  mesh_.ProbeSend(evil, testing::ControlFrame(wire::MessageId::kAcceptFlashblocks));
  for (uint64_t i = 1; i < 50 && mesh_.IsUp(evil); ++i) {
    auto forged = std::make_shared<wire::Frame>(*testing::TestMarker(
        testing::TestKey(12), mesh_.Authorize(1, 100 + i % 2), wire::MessageKind::kStartPublish));
    forged->body.back() ^= 1;
    mesh_.ProbeSend(evil, forged);
    mesh_.ProbeSend(evil, testing::TestMarker(testing::TestKey(99), mesh_.Authorize(1, i % 3),
                                              wire::MessageKind::kStopPublish));
  }
  EXPECT_FALSE(mesh_.IsUp(evil));
  ASSERT_EQ(mesh_[3].drops.size(), 1u);
  EXPECT_EQ(mesh_.state(0), S::kPublishing);
  PublishSome(0, 0, 2);
  ExpectSequence(0, "0 1 2");
}

TEST_F(EngineMesh, FloodOfCopiesIsDroppedAndVerifiedOnce) {
  Build();
  mesh_.Fcu(0, 0).IgnoreError();
  PublishSome(0, 0, 1);
  const wire::FramePtr frame = mesh_[0].delivered[0].frame;
  const SessionId evil = mesh_.ConnectProbe(4, 1);
  const int verified = mesh_[4].verifier.actors;
  int sent = 0;
  for (; sent < 5000 && mesh_.IsUp(evil); ++sent) mesh_.ProbeSend(evil, frame);
  EXPECT_FALSE(mesh_.IsUp(evil));
  EXPECT_GE(sent, 512);
  EXPECT_EQ(mesh_[4].verifier.actors, verified);
  EXPECT_EQ(mesh_[4].drops[0].why.substr(0, 5), "flood");
  PublishSome(0, 0, 2);
  ExpectSequence(0, "0 1 2");
}

TEST_F(EngineMesh, AnEngineIsAValue) {
  Build();
  mesh_.Fcu(0, 0).IgnoreError();
  PublishSome(0, 0, 2);
  Engine fork = *mesh_[1].engine;
  EXPECT_EQ(fork.block_so_far().size(), 2u);
  fork.Step(PublishFlashblock{}, mesh_.now());
  PublishSome(0, 0, 1);
  EXPECT_EQ(fork.block_so_far().size(), 2u);
  EXPECT_EQ(mesh_[1].engine->block_so_far().size(), 3u);
  EXPECT_EQ(fork.peers().size(), 3u);
}

}  // namespace
}  // namespace flblk::core
