// Gossip in want of flashblocks, and whom it follows to a new publisher.
#include "p2p/core/testing/gossip_bench.h"

namespace flblk::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Id = wire::MessageId;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;

TEST_F(GossipTest, StarvedNodeTriesOneMoreFeedEveryTwoSeconds) {
  for (SessionId s : {1, 2}) Connect(s), Control(s, Id::kAcceptFlashblocks);
  for (SessionId s : {3, 4, 5, 6}) Connect(s);
  Sent();
  Wait(milliseconds(1999));
  EXPECT_THAT(Sent(), IsEmpty());
  for (size_t extra = 1; extra <= Gossip::kStarvedExtra; ++extra) {
    Wait(seconds(2));
    EXPECT_EQ(Sent().size(), 1u);  // a request, nobody is cancelled
    for (SessionId s = 3; s <= 6; ++s) {
      if (FeedOf(s) == Feed::kRequested) Control(s, Id::kAcceptFlashblocks);
    }
    EXPECT_THAT(Sent(), IsEmpty());
  }
  // Whoever brings the first flashblock stays, the best of the rest too.
  const SessionId first = FeedOf(3) == Feed::kReceiving ? 3 : 4;
  gossip_.Find(2)->AddLatency(milliseconds(1));
  gossip_.Find(first)->AddLatency({});
  gossip_.NoteProgress(*gossip_.Find(first), true, now_, out_);
  EXPECT_EQ(Sent().size(), Gossip::kStarvedExtra);
  EXPECT_EQ(FeedOf(first), Feed::kReceiving);
  EXPECT_EQ(FeedOf(2), Feed::kReceiving);
}

// Found by simulation: two hostile feeds passed on a flashblock now and then, never the first of a
// block, and the publisher, connected and honest, was not asked.
TEST_F(GossipTest, FlashblocksBehindAGapAreNoProgress) {
  for (SessionId s : {1, 2}) Connect(s), Control(s, Id::kAcceptFlashblocks);
  Connect(3);
  Sent();
  for (int i = 0; i < 4; ++i) {
    Wait(milliseconds(499));
    gossip_.NoteProgress(*gossip_.Find(1), false, now_, out_);
  }
  EXPECT_THAT(Sent(), IsEmpty());
  Wait(milliseconds(4));
  EXPECT_THAT(Sent(), ElementsAre("3:request"));
  Control(3, Id::kAcceptFlashblocks);
  gossip_.NoteProgress(*gossip_.Find(1), false, now_, out_);
  EXPECT_THAT(Sent(), IsEmpty());  // nobody is cancelled for it
  gossip_.NoteProgress(*gossip_.Find(3), true, now_, out_);
  EXPECT_EQ(Sent().size(), 1u);
  EXPECT_EQ(FeedOf(3), Feed::kReceiving);
}

// Found by simulation: a relay cancelled its only way to the new publisher, which had missed
// everything as long as another one published.
TEST_F(GossipTest, RotationSparesWhoBroughtTheNewestFlashblock) {
  for (SessionId s : {1, 2}) Connect(s), Control(s, Id::kAcceptFlashblocks);
  Connect(3);
  gossip_.Find(1)->AddLatency(seconds(1));
  gossip_.Find(2)->AddLatency(milliseconds(1));
  WaitAlive(seconds(29));
  gossip_.NoteProgress(*gossip_.Find(1), true, now_, out_);
  Sent();
  Wait(seconds(1));
  EXPECT_THAT(Sent(), ElementsAre("3:request"));
  Control(3, Id::kAcceptFlashblocks);
  EXPECT_THAT(Sent(), ElementsAre("2:cancel"));
}

TEST_F(GossipTest, StartPublishIsFollowed) {
  for (SessionId s : {1, 2}) Connect(s), Control(s, Id::kAcceptFlashblocks);
  Connect(3);
  Sent();
  gossip_.FollowStart(*gossip_.Find(2), now_, out_);
  EXPECT_THAT(Sent(), IsEmpty());  // it feeds us already
  gossip_.FollowStart(*gossip_.Find(3), now_, out_);
  Control(3, Id::kAcceptFlashblocks);
  EXPECT_THAT(Sent(), ElementsAre("3:request"));  // nobody is cancelled yet
  gossip_.Find(1)->AddLatency({});
  gossip_.NoteProgress(*gossip_.Find(3), true, now_, out_);
  EXPECT_THAT(Sent(), ElementsAre("2:cancel"));
}

TEST_F(GossipTest, RepeatedStartIsFollowedOnlyInSilence) {
  for (SessionId s : {1, 2}) Connect(s), Control(s, Id::kAcceptFlashblocks);
  Connect(3);
  Sent();
  gossip_.NoteOwn(now_);
  gossip_.FollowRepeatedStart(*gossip_.Find(3), now_, out_);
  EXPECT_THAT(Sent(), IsEmpty());
  Wait(milliseconds(100));
  gossip_.FollowRepeatedStart(*gossip_.Find(3), now_, out_);
  EXPECT_THAT(Sent(), ElementsAre("3:request"));
}

// The second copy of a StartPublish, relayed by a third, must not displace who brought the first.
TEST_F(GossipTest, CopiesOfAFollowedStartAreNotFollowed) {
  for (SessionId s : {1, 2}) Connect(s), Control(s, Id::kAcceptFlashblocks);
  for (SessionId s : {3, 4}) Connect(s);
  Wait(milliseconds(200));
  Sent();
  gossip_.FollowStart(*gossip_.Find(3), now_, out_);
  gossip_.FollowRepeatedStart(*gossip_.Find(4), now_, out_);
  EXPECT_THAT(Sent(), ElementsAre("3:request"));
}

TEST_F(GossipTest, AStarvedNodeAsksThoseItCancelledButNotThoseThatRefused) {
  for (SessionId s : {1, 2, 3}) Connect(s);
  Control(1, Id::kAcceptFlashblocks);
  Control(2, Id::kRejectFlashblocks);
  Control(3, Id::kAcceptFlashblocks);
  Connect(4, true);
  gossip_.Find(1)->AddLatency({});
  Control(4, Id::kAcceptFlashblocks);  // 3 is cancelled
  EXPECT_EQ(FeedOf(3), Feed::kNone);
  Sent();
  Wait(seconds(4));
  EXPECT_THAT(Sent(), ElementsAre("3:request"));
  Wait(seconds(10));
  EXPECT_THAT(Sent(), IsEmpty());
}

// Found by flblk_sim --replay 203260069126 and 203260649787: a hostile feed was dropped, and all
// others had been cancelled.
TEST_F(GossipTest, AFreeSlotGoesToThoseItCancelledWhereNobodyElseIsLeft) {
  for (SessionId s : {1, 2}) Connect(s), Control(s, Id::kAcceptFlashblocks);
  gossip_.Find(1)->AddLatency({});
  Connect(3, true);
  Control(3, Id::kAcceptFlashblocks);
  EXPECT_THAT(Sent(), ElementsAre("1:request", "2:request", "3:request", "2:cancel"));
  gossip_.Disconnect(3, now_, out_);
  EXPECT_THAT(Sent(), ElementsAre("2:request"));
  Control(2, Id::kRejectFlashblocks);
  WaitAlive(seconds(29));
  EXPECT_THAT(Sent(),
              IsEmpty());  // whoever refuses is not asked before the rotation interval is over
}

// At World Chain a simultaneous dial may leave a session that answers pings and nothing else.
TEST_F(GossipTest, ASilentPeerGetsANewSessionOnce) {
  Connect(1, true);
  EXPECT_THAT(Sent(), ElementsAre("1:request"));
  Wait(milliseconds(9999));
  EXPECT_THAT(Sent(), IsEmpty());
  Wait(milliseconds(1));
  EXPECT_THAT(Sent(), ElementsAre("1:renew"));
  Wait(seconds(50));
  EXPECT_THAT(Sent(), IsEmpty());
  gossip_.Disconnect(1, now_, out_);
  Connect(101, true);
  EXPECT_THAT(Sent(), ElementsAre("101:request"));
  Wait(seconds(249));
  EXPECT_THAT(Sent(), IsEmpty());  // it only has nothing to say
  Wait(seconds(1));
  EXPECT_THAT(Sent(), ElementsAre("101:renew"));  // five minutes after the first
}

TEST_F(GossipTest, APeerThatEverAnsweredKeepsItsSession) {
  for (SessionId s : {1, 2, 3}) Connect(s, true);
  Control(1, Id::kRejectFlashblocks);
  Control(2, Id::kAcceptFlashblocks);
  Welcome(3);  // was asked when 1 refused: its Accept was lost
  Sent();
  WaitAlive(seconds(120));
  for (const std::string& sent : Sent()) EXPECT_THAT(sent, ::testing::Not(EndsWith("renew")));
}

TEST_F(GossipTest, PublisherDoesNotStarve) {
  for (SessionId s : {1, 2}) Connect(s), Control(s, Id::kAcceptFlashblocks);
  Connect(3);
  Sent();
  WaitAlive(seconds(25));
  EXPECT_THAT(Sent(), IsEmpty());
}

}  // namespace
}  // namespace flblk::core
