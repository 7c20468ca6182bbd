#include "p2p/net/lines.h"

#include "gtest/gtest.h"

namespace flblk::net {
namespace {

PeerInfo Alice() {
  PeerInfo peer;
  peer.node_id = {0xa1, 0xb2};
  peer.client_id = "reth\n/1";
  peer.remote_address = "10.0.0.1:30303";
  peer.inbound = true;
  peer.is_static = true;
  peer.flblk_version = 2;
  peer.eth_version = 69;
  peer.bytes_in = 7;
  peer.bytes_out = 8;
  peer.dropped_flashblocks = 9;
  return peer;
}

TEST(LinesTest, Peers) {
  EXPECT_EQ(PeerUpLine(Alice(), 3),
            "event=peer_up peer_id=a1b2000000000000 addr=10.0.0.1:30303 dir=in trusted=0 static=1 "
            "flblk=2 "
            "eth=69 client=\"reth\\n/1\" peers=3");
  EXPECT_EQ(PeerDownLine(Alice(), "gone", 2),
            "event=peer_down peer_id=a1b2000000000000 addr=10.0.0.1:30303 reason=\"gone\" "
            "bytes_in=7 bytes_out=8 dropped=9 peers=2");
  EXPECT_EQ(PenaltyLine(Alice(), {1, core::Offence::kFlood, "too much"}),
            "event=penalty peer_id=a1b2000000000000 addr=10.0.0.1:30303 offence=flood "
            "reason=\"too much\"");
  EXPECT_EQ(DialFailedLine({.id = {0xc3}, .host = "node.example", .port = 5}, "refused",
                           std::chrono::milliseconds(1500)),
            "event=dial_failed peer_id=c300000000000000 addr=node.example:5 reason=\"refused\" "
            "retry_in_ms=1500");
}

TEST(LinesTest, Publishing) {
  core::PublishingChanged change;
  change.to = core::PublishState::kPublishing;
  change.cause = core::Cause::kRivalStopped;
  change.authorization.emplace();
  change.authorization->payload_id = {3, 1};
  change.authorization->timestamp = 10;
  change.rival = PublicKey{{0xee}};
  change.next_index = 4;
  change.missing = 1;
  EXPECT_EQ(PublishingLine(change),
            "event=publishing msg=\"starting to publish flashblocks\" from=idle to=publishing "
            "cause=rival_stopped after_ms=0 slot=10 payload_id=0301000000000000 rival=ee" +
                std::string(62, '0') + " next_index=4 missing=1");
}

TEST(LinesTest, TheHostsReasonForAStop) {
  core::PublishingChanged change;
  change.from = core::PublishState::kPublishing;
  change.cause = core::Cause::kHostStopped;
  change.reason = "upgrade \"1.2\"\nnow";
  EXPECT_EQ(PublishingLine(change),
            "event=publishing msg=\"stopping to publish flashblocks\" from=publishing to=idle "
            "cause=host_stopped after_ms=0 reason=\"upgrade \\\"1.2\\\"\\nnow\"");
}

TEST(LinesTest, ARefusedForkchoice) {
  EXPECT_EQ(
      ForkchoiceRefusedLine(absl::UnauthenticatedError("it's not \"ours\"\\'"), 7),
      "event=forkchoice_refused code=UNAUTHENTICATED slot=7 reason=\"it's not \\\"ours\\\"\\\\'\"");
}

TEST(LinesTest, AFreeze) {
  EXPECT_EQ(FrozenLine(std::chrono::milliseconds(1234)),
            "event=frozen for_ms=1234 msg=\"the network thread did not run\"");
}

TEST(LinesTest, AValueWithoutQuotesHasNoBlank) {
  EXPECT_NE(PenaltyLine(Alice(), {1, core::Offence::kBadSignature, "actor_sig"})
                .find(" offence=bad_signature "),
            std::string::npos);
  core::EquivocationFound evidence;
  evidence.kind = core::Evidence::kTwoBuilders;
  EXPECT_NE(EvidenceLine(evidence).find(" kind=two_builders "), std::string::npos);
}

TEST(LinesTest, TheWordsOperatorsLookFor) {
  using core::PublishState;
  const auto words = [](PublishState from, PublishState to, core::Cause cause) {
    core::PublishingChanged change;
    change.from = from;
    change.to = to;
    change.cause = cause;
    const std::string line = PublishingLine(change);
    const size_t begin = line.find("msg=\"") + 5;
    return line.substr(begin, line.find('"', begin) - begin);
  };
  const auto idle = PublishState::kIdle, waiting = PublishState::kWaiting,
             publishing = PublishState::kPublishing, yielded = PublishState::kYielded;
  EXPECT_EQ(words(idle, publishing, core::Cause::kStarted), "starting to publish flashblocks");
  EXPECT_EQ(words(idle, waiting, core::Cause::kWaitingForRival), "waiting to publish flashblocks");
  EXPECT_EQ(words(waiting, publishing, core::Cause::kTakeoverTimeout),
            "waiting to publish timed out, starting to publish");
  EXPECT_EQ(words(waiting, publishing, core::Cause::kRivalSilent),
            "waiting to publish timed out, starting to publish");
  EXPECT_EQ(words(waiting, idle, core::Cause::kNotAuthorized),
            "aborting wait to publish flashblocks");
  EXPECT_EQ(words(publishing, yielded, core::Cause::kYieldedToRival),
            "stopping to publish flashblocks");
  EXPECT_EQ(words(publishing, idle, core::Cause::kHostStopped), "stopping to publish flashblocks");
  EXPECT_EQ(words(publishing, publishing, core::Cause::kAuthorizationRenewed),
            "authorization renewed");
  EXPECT_NE(PenaltyLine(Alice(), {1, core::Offence::kBadSignature, "actor_sig"})
                .find("event=penalty msg=\"failed to verify flashblock\" peer_id="),
            std::string::npos);
}

TEST(LinesTest, RationKeepsOneInAGap) {
  LineRation ration;
  const MonoTime start{5};
  EXPECT_TRUE(ration.Take(start));
  EXPECT_FALSE(ration.Take(start + (LineRation::kGap - Duration(1))));
  EXPECT_TRUE(ration.Take(start + LineRation::kGap));
  EXPECT_FALSE(ration.Take(start + LineRation::kGap));
}

}  // namespace
}  // namespace flblk::net
