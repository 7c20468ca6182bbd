#include "p2p/core/gossip.h"

#include "p2p/core/testing/gossip_bench.h"

namespace flblk::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Id = wire::MessageId;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(GossipTest, AsksUpToTheLimitAndTheNextOnReject) {
  for (SessionId s : {1, 2, 3}) Connect(s);
  EXPECT_THAT(Sent(), ElementsAre("1:request", "2:request"));
  Control(1, Id::kAcceptFlashblocks);
  EXPECT_EQ(FeedOf(1), Feed::kReceiving);
  Control(2, Id::kRejectFlashblocks);
  EXPECT_THAT(Sent(), ElementsAre("3:request"));
  Control(3, Id::kRejectFlashblocks);
  EXPECT_THAT(Sent(), IsEmpty());  // 2 and 3 cool down
  WaitAlive(seconds(29));
  EXPECT_THAT(Sent(), IsEmpty());
  WaitAlive(seconds(1));
  EXPECT_EQ(Sent().size(), 1u);
}

TEST_F(GossipTest, DisconnectFreesTheSlot) {
  for (SessionId s : {1, 2, 3}) Connect(s);
  Sent();
  gossip_.Disconnect(1, now_, out_);
  EXPECT_THAT(Sent(), ElementsAre("3:request"));
}

TEST_F(GossipTest, TrustedGoFirstAndDoNotWaitForRotation) {
  for (SessionId s : {1, 2}) Connect(s), Control(s, Id::kAcceptFlashblocks);
  Sent();
  Connect(3, true);
  EXPECT_THAT(Sent(), ElementsAre("3:request"));
  gossip_.Find(1)->AddLatency(milliseconds(80));
  gossip_.Find(2)->AddLatency(milliseconds(10));
  Control(3, Id::kAcceptFlashblocks);
  EXPECT_THAT(Sent(), ElementsAre("1:cancel"));  // made before broken
  EXPECT_EQ(FeedOf(3), Feed::kReceiving);
  Connect(4, true);
  Control(4, Id::kAcceptFlashblocks);
  EXPECT_THAT(Sent(), ElementsAre("4:request", "2:cancel"));
  Connect(5, true);  // nobody untrusted left to replace
  EXPECT_THAT(Sent(), IsEmpty());
}

TEST_F(GossipTest, CandidatesByLatency) {
  for (SessionId s : {1, 2}) Connect(s);
  for (SessionId s : {3, 4, 5}) Connect(s);
  gossip_.Find(3)->AddLatency(milliseconds(300));
  gossip_.Find(5)->AddLatency(milliseconds(3));
  Sent();
  gossip_.Disconnect(1, now_, out_);
  gossip_.Disconnect(2, now_, out_);
  EXPECT_THAT(Sent(),
              ElementsAre("5:request", "4:request"));  // known quick, unknown; not known slow
}

TEST_F(GossipTest, UnansweredRequestLosesItsSlotAfterTwoSecondsButStaysOpen) {
  for (SessionId s : {1, 2, 3}) Connect(s);
  Control(2, Id::kAcceptFlashblocks);
  Sent();
  Wait(milliseconds(1999));
  EXPECT_THAT(Sent(), IsEmpty());
  Wait(milliseconds(1));
  EXPECT_THAT(Sent(), ElementsAre("3:request"));
  Control(1, Id::kAcceptFlashblocks);  // late, and no offence
  EXPECT_EQ(FeedOf(1), Feed::kReceiving);
  EXPECT_THAT(Sent(), IsEmpty());
}

TEST_F(GossipTest, SilentPeerIsAskedAgainOnlyIfOthersDelivered) {
  Connect(1);
  Connect(2, false, 1);
  EXPECT_THAT(Sent(), ElementsAre("1:request"));
  Wait(seconds(100));
  EXPECT_THAT(Sent(), IsEmpty());  // it may have accepted: a second request would be an offence
  gossip_.NoteProgress(*gossip_.Find(2), true, now_, out_);
  Wait(seconds(31));
  EXPECT_THAT(Sent(), ElementsAre("1:request"));
}

TEST_F(GossipTest, FlashblockWhileRequestingIsAnImplicitAccept) {
  Connect(1);
  EXPECT_TRUE(Welcome(1));
  EXPECT_EQ(FeedOf(1), Feed::kReceiving);
  Control(1, Id::kAcceptFlashblocks);  // behind it
  EXPECT_THAT(Sent(), ElementsAre("1:request"));
}

TEST_F(GossipTest, RotationReplacesTheWorstOnceTheNewOneAccepts) {
  for (SessionId s : {1, 2, 3}) Connect(s);
  for (SessionId s : {1, 2}) Control(s, Id::kAcceptFlashblocks), gossip_.Find(s)->AddLatency({});
  gossip_.Find(2)->AddLatency(milliseconds(50));
  Sent();
  WaitAlive(seconds(30));
  EXPECT_THAT(Sent(), ElementsAre("3:request"));
  EXPECT_EQ(FeedOf(2), Feed::kReceiving);
  Control(3, Id::kAcceptFlashblocks);
  EXPECT_THAT(Sent(), ElementsAre("2:cancel"));
}

TEST_F(GossipTest, RotationRejectedKeepsTheOldFeeds) {
  for (SessionId s : {1, 2, 3}) Connect(s);
  for (SessionId s : {1, 2}) Control(s, Id::kAcceptFlashblocks);
  Sent();
  WaitAlive(seconds(30));
  Control(3, Id::kRejectFlashblocks);
  EXPECT_THAT(Sent(), ElementsAre("3:request"));
  EXPECT_EQ(FeedOf(1), Feed::kReceiving);
  EXPECT_EQ(FeedOf(2), Feed::kReceiving);
}

TEST_F(GossipTest, ControlStaysBelowTenInThirtySecondsToAnyPeer) {
  std::map<SessionId, std::vector<MonoTime>> times;
  for (SessionId s = 1; s <= 6; ++s) Connect(s);
  for (int i = 0; i < 3000; ++i) {
    for (const Action& action : std::exchange(out_, {})) {
      if (const auto* send = std::get_if<Send>(&action)) times[send->to[0]].push_back(now_);
    }
    // Peers that accept, reject and ask as fast as they may without being dropped.
    const SessionId s = 1 + i % 6;
    if (Peer* peer = gossip_.Find(s)) {
      if (peer->feed == Feed::kRequested)
        Control(s, i % 4 == 0 ? Id::kAcceptFlashblocks : Id::kRejectFlashblocks);
      if (i % 40 < 6) Control(s, Id::kRequestFlashblocks);
    }
    Wait(milliseconds(250));
  }
  for (const auto& [session, at] : times) {
    for (size_t i = 9; i < at.size(); ++i) EXPECT_GT(at[i] - at[i - 9], seconds(30)) << session;
  }
}

// ---- the send side

TEST_F(GossipTest, ServesUpToTheLimitAndTrustedBeyond) {
  for (SessionId s : {1, 2, 3, 4}) Connect(s, s == 4);
  Sent();
  EXPECT_TRUE(Control(1, Id::kRequestFlashblocks));
  EXPECT_TRUE(Control(4, Id::kRequestFlashblocks));  // does not count
  EXPECT_TRUE(Control(2, Id::kRequestFlashblocks));
  EXPECT_FALSE(Control(3, Id::kRequestFlashblocks));
  EXPECT_THAT(Sent(), ElementsAre("1:accept", "4:accept", "2:accept", "3:reject"));
  PeerSet have;
  have.Add(gossip_.Find(2)->number);
  EXPECT_THAT(gossip_.FlashblockTargets(have), ElementsAre(1, 4));
  EXPECT_THAT(gossip_.FlashblockTargets(have), IsEmpty());  // all have it now
  Control(1, Id::kCancelFlashblocks);
  EXPECT_TRUE(Control(3, Id::kRequestFlashblocks));  // a place is free
  EXPECT_THAT(Sent(), ElementsAre("3:accept"));
}

TEST_F(GossipTest, SecondRequestIsAnsweredByAcceptAgain) {
  Connect(1);
  Sent();
  EXPECT_TRUE(Control(1, Id::kRequestFlashblocks));
  EXPECT_FALSE(Control(1, Id::kRequestFlashblocks));  // nothing to send it anew
  EXPECT_THAT(Sent(), ElementsAre("1:accept", "1:accept"));
}

TEST_F(GossipTest, FlblkOneIsAlwaysFedAndNeverAsked) {
  Connect(1, false, 1);
  EXPECT_THAT(Sent(), IsEmpty());
  PeerSet have;
  EXPECT_THAT(gossip_.FlashblockTargets(have), ElementsAre(1));
  EXPECT_TRUE(Welcome(1));
}

TEST_F(GossipTest, FlblkOneStrangersCountToo) {
  const auto fed = [&] {
    PeerSet have;
    return gossip_.FlashblockTargets(have);
  };
  for (SessionId s : {1, 2, 3, 4}) Connect(s, s == 3, 1);
  EXPECT_THAT(fed(), ElementsAre(1, 2, 3));
  Connect(5);
  Sent();
  Control(5, Id::kRequestFlashblocks);
  EXPECT_THAT(Sent(), ElementsAre("5:reject"));
  gossip_.Disconnect(1, now_, out_);
  EXPECT_THAT(fed(), ElementsAre(2, 3, 4));  // it cannot ask
  gossip_.Disconnect(2, now_, out_);
  Control(5, Id::kRequestFlashblocks);
  EXPECT_THAT(fed(), ElementsAre(3, 4, 5));
}

TEST_F(GossipTest, EveryoneIsEveryFlblkPeer) {
  for (SessionId s : {1, 2, 3}) Connect(s, false, s == 2 ? 1 : 2);
  EXPECT_THAT(gossip_.Everyone(std::nullopt), ElementsAre(1, 2, 3));
  EXPECT_THAT(gossip_.Everyone(2), ElementsAre(1, 3));
}

// ---- offences

TEST_F(GossipTest, UnexpectedControlIsHarmlessUpToABudget) {
  Connect(1);
  Control(1, Id::kAcceptFlashblocks);
  Sent();
  Control(1, Id::kAcceptFlashblocks);
  Control(1, Id::kCancelFlashblocks);
  Control(1, Id::kAcceptFlashblocks);
  Control(1, Id::kCancelFlashblocks);
  EXPECT_THAT(Sent(), IsEmpty());
  Control(1, Id::kCancelFlashblocks);
  EXPECT_THAT(Sent(), ElementsAre("1:unexpected"));
}

TEST_F(GossipTest, ControlFloodDropsThePeer) {
  Connect(1);
  Sent();
  for (int i = 0; i < 20; ++i) Control(1, Id::kRequestFlashblocks);
  EXPECT_THAT(Sent(), ::testing::Each("1:accept"));
  for (int i = 0; i < 10; ++i) Control(1, Id::kRequestFlashblocks);
  const std::vector<std::string> sent = Sent();
  EXPECT_EQ(sent.front(), "1:flood");
  EXPECT_EQ(sent.back(), "1:drop");
  EXPECT_EQ(gossip_.Find(1), nullptr);
  PeerSet have;
  EXPECT_THAT(gossip_.FlashblockTargets(have), IsEmpty());
  EXPECT_THAT(gossip_.Everyone(std::nullopt), IsEmpty());
}

TEST_F(GossipTest, FlashblocksAfterCancelAreToleratedForTwoSeconds) {
  for (SessionId s : {1, 2}) Connect(s), Control(s, Id::kAcceptFlashblocks);
  Connect(3, true);
  Control(3, Id::kAcceptFlashblocks);
  const SessionId cancelled = FeedOf(1) == Feed::kNone ? 1 : 2;
  Sent();
  WaitAlive(seconds(2));
  EXPECT_TRUE(Welcome(cancelled));
  WaitAlive(milliseconds(1));
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(Welcome(cancelled));
  EXPECT_THAT(Sent(), IsEmpty());
  EXPECT_FALSE(Welcome(cancelled));
  EXPECT_EQ(Sent().at(0), std::to_string(cancelled) + ":unexpected");
}

TEST_F(GossipTest, UnrequestedFlashblocksAreAnsweredByCancelOnce) {
  for (SessionId s : {1, 2}) Connect(s), Control(s, Id::kAcceptFlashblocks);
  Connect(3);
  Sent();
  EXPECT_FALSE(Welcome(3));
  EXPECT_THAT(Sent(), ElementsAre("3:cancel"));
  EXPECT_TRUE(Welcome(3));  // in flight
  WaitAlive(milliseconds(2500));
  EXPECT_FALSE(Welcome(3));
}

TEST_F(GossipTest, MissedOnesMakeASilentFeedTheWorst) {
  for (SessionId s : {1, 2}) Connect(s), Control(s, Id::kAcceptFlashblocks);
  PeerSet have;
  have.Add(gossip_.Find(1)->number);
  gossip_.CountMissed(have, now_);
  EXPECT_EQ(gossip_.Find(1)->missed, 0u);
  EXPECT_EQ(gossip_.Find(2)->missed, 1u);
  EXPECT_EQ(gossip_.Find(2)->latency, Gossip::kMissedAfter);
  gossip_.CountMissed({}, now_ + -Duration(1));  // before it fed us
  EXPECT_EQ(gossip_.Find(2)->missed, 1u);
}

TEST_F(GossipTest, NumbersAreReused) {
  EXPECT_EQ(Connect(1).number, 0u);
  EXPECT_EQ(Connect(2).number, 1u);
  gossip_.Disconnect(1, now_, out_);
  EXPECT_EQ(Connect(3).number, 0u);
}

TEST_F(GossipTest, ATrustedFeedThatMissesMostGoesFirst) {
  for (SessionId s : {1, 2, 3}) {
    Connect(s, s == 1);
    if (s < 3) Control(s, Id::kAcceptFlashblocks);
  }
  for (int i = 0; i < 3; ++i) gossip_.Find(1)->AddLatency(seconds(1));
  gossip_.Find(2)->AddLatency(milliseconds(90));
  gossip_.NoteProgress(*gossip_.Find(2), true, now_, out_);
  Sent();
  WaitAlive(seconds(30));
  EXPECT_THAT(Sent(), ElementsAre("3:request"));
  Control(3, Id::kAcceptFlashblocks);
  EXPECT_THAT(Sent(), ElementsAre("1:cancel"));
  WaitAlive(seconds(1));
  EXPECT_THAT(Sent(), IsEmpty());
}

// A StopPublish always comes straight from the builder before us; its flashblocks must, too, or the
// Stop overtakes the last of them.
class BuilderGossipTest : public GossipTest {
 protected:
  BuilderGossipTest() : GossipTest({.max_receive_peers = 1, .builder = true}) {}
  Peer& Standby(SessionId session) {
    NodeId id{};
    id[0] = static_cast<uint8_t>(session);
    return gossip_.Connect(
        {.session = session, .node_id = id, .flblk_version = 2, .trusted = true, .standby = true},
        now_, out_);
  }
};

TEST_F(BuilderGossipTest, StandbysFeedUsBesideTheLimit) {
  Connect(1);
  EXPECT_THAT(Sent(), ElementsAre("1:request"));
  Control(1, wire::MessageId::kAcceptFlashblocks);
  for (SessionId standby : {2, 3}) {
    Standby(standby);
    EXPECT_THAT(Sent(), ElementsAre(std::to_string(standby) + ":request"));
    Control(standby, wire::MessageId::kAcceptFlashblocks);
  }
  WaitAlive(std::chrono::minutes(3));
  EXPECT_THAT(Sent(), IsEmpty()) << "nobody is given up for them, and they for nobody";
  Connect(4);
  WaitAlive(std::chrono::minutes(1));
  EXPECT_THAT(Sent(), Contains("4:request")) << "the others rotate as ever";
}

TEST_F(BuilderGossipTest, AStandbyThatRefusesIsAskedAgain) {
  Standby(2);
  EXPECT_THAT(Sent(), ElementsAre("2:request"));
  Control(2, wire::MessageId::kRejectFlashblocks);
  WaitAlive(std::chrono::seconds(29));
  EXPECT_THAT(Sent(), IsEmpty());
  WaitAlive(std::chrono::seconds(2));
  EXPECT_THAT(Sent(), ElementsAre("2:request"));
}

}  // namespace
}  // namespace flblk::core
