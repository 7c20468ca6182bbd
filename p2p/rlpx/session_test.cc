#include "p2p/rlpx/session.h"

#include <gtest/gtest.h>

#include "p2p/rlpx/limits.h"
#include "p2p/rlpx/seal_many.h"
#include "p2p/rlpx/testing/sessions.h"

namespace flblk::rlpx {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::At;
using testing::Filled;
using testing::KeyNumber;
using testing::MakeFrame;
using testing::Pair;
using testing::Side;
using wire::MessageId;

SessionConfig WithNetwork(uint64_t network_id, uint8_t genesis) {
  SessionConfig config;
  config.eth.network_id = network_id;
  config.eth.genesis = Filled(genesis);
  return config;
}

Closed LastClosed(const Side& side) {
  const auto closed = side.All<Closed>();
  EXPECT_EQ(closed.size(), 1u);
  if (closed.empty()) return {};
  EXPECT_TRUE(std::holds_alternative<Closed>(side.events.back()));
  EXPECT_TRUE(side.session.closed());
  EXPECT_FALSE(side.session.NextDeadline().has_value());
  return closed[0];
}

TEST(Session, TwoOfOurOwnGetEstablished) {
  SessionConfig initiator;
  initiator.client_id = "one";
  initiator.listen_port = 30303;
  Pair pair(initiator);
  pair.Run();
  const auto at_b = pair.b.All<Established>();
  ASSERT_EQ(at_b.size(), 1u);
  EXPECT_EQ(at_b[0].node_id, KeyNumber(1).id());
  EXPECT_EQ(at_b[0].client_id, "one");
  EXPECT_EQ(at_b[0].remote_listen_port, 30303);
  EXPECT_EQ(at_b[0].flblk_version, 2);
  EXPECT_EQ(at_b[0].eth_version, 69);
  ASSERT_EQ(pair.a.All<Established>().size(), 1u);
  EXPECT_EQ(pair.a.All<Established>()[0].node_id, KeyNumber(2).id());
}

TEST(Session, CopiesOfAKnownFrameAreThatFrame) {
  wire::KnownFrames known;
  SessionConfig recipient;
  recipient.known_frames = &known;
  Pair pair({}, recipient);
  pair.Run();
  const auto first = MakeFrame(MessageId::kAuthorized, Bytes(70000, 0x5a));
  auto recoded = std::make_shared<wire::Frame>(*first);  // the same body, compressed otherwise
  recoded->snappy = {0xf0, 0xa2, 0x04};                  // its length, then literals of 255 bytes
  for (size_t at = 0; at < recoded->body.size(); at += 250) {
    recoded->snappy.insert(recoded->snappy.end(), {60 << 2, 249});
    recoded->snappy.insert(recoded->snappy.end(), 250, 0x5a);
  }
  const auto changed = MakeFrame(MessageId::kAuthorized, Bytes(70000, 0x5b));
  known.Add(first);
  for (const wire::FramePtr& frame : {first, wire::FramePtr(recoded), changed}) {
    ASSERT_TRUE(pair.a.session.Send(*frame).ok());
  }
  pair.Run();
  const auto received = pair.b.All<MessageReceived>();
  ASSERT_EQ(received.size(), 3u);
  EXPECT_EQ(received[0].frame, first);
  EXPECT_NE(received[1].frame, first);
  EXPECT_EQ(received[1].frame->body, first->body);
  EXPECT_EQ(received[2].frame->body, changed->body);
}

TEST(Session, MessagesArriveAsTheyWereSent) {
  Pair pair;
  pair.Run();
  const Bytes body(70000, 0x5a);
  const auto big = MakeFrame(MessageId::kAuthorized, body);
  const auto control = MakeFrame(MessageId::kCancelFlashblocks, {});
  ASSERT_TRUE(pair.a.session.Send(*big).ok());
  ASSERT_TRUE(pair.a.session.Send(*control).ok());
  pair.Run();
  const auto received = pair.b.All<MessageReceived>();
  ASSERT_EQ(received.size(), 2u);
  EXPECT_EQ(received[0].frame->id, MessageId::kAuthorized);
  EXPECT_EQ(received[0].frame->body, body);
  EXPECT_EQ(received[0].frame->snappy, big->snappy);
  EXPECT_EQ(received[1].frame->id, MessageId::kCancelFlashblocks);
  EXPECT_TRUE(received[1].frame->body.empty());
  EXPECT_EQ(received[1].frame->snappy, Bytes{0});
}

TEST(Session, SendAndEgressNeedEstablished) {
  Pair pair;
  const auto frame = MakeFrame(MessageId::kRequestFlashblocks, {});
  EXPECT_EQ(pair.a.session.Send(*frame).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(pair.a.session.egress().sealer, nullptr);
  pair.Run();
  EXPECT_TRUE(pair.a.session.Send(*frame).ok());
  EXPECT_EQ(pair.a.session.egress().flblk_offset, 0x22);
  pair.a.session.Disconnect(DisconnectReason::kRequested, "done", At({}), pair.a.events);
  EXPECT_EQ(pair.a.session.Send(*frame).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(pair.a.session.egress().sealer, nullptr);
}

TEST(Session, SendChecksTheFrame) {
  Pair pair;
  pair.Run();
  wire::Frame frame;
  EXPECT_EQ(pair.a.session.Send(frame).code(), absl::StatusCode::kInvalidArgument);
  frame.snappy.resize(kMaxFrameContent);
  EXPECT_EQ(pair.a.session.Send(frame).code(), absl::StatusCode::kResourceExhausted);
  frame.snappy = {0};
  frame.id = static_cast<MessageId>(5);
  EXPECT_EQ(pair.a.session.Send(frame).code(), absl::StatusCode::kFailedPrecondition);
}

// The seam of a fan-out driver puts the same bytes on the wire as Send.
TEST(Session, EgressEqualsSend) {
  Pair one, two;
  one.Run();
  two.Run();
  const auto frame = MakeFrame(MessageId::kAuthorized, Bytes(500, 3));
  ASSERT_TRUE(one.a.session.Send(*frame).ok());
  Session::Egress to = two.a.session.egress();
  const SealJob job = {to.sealer, to.flblk_offset,
                       to.output->Extend(FrameSealer::SealedSize(frame->snappy.size()))};
  SealMany(frame->snappy, {&job, 1});
  const ByteView a = one.a.session.PendingOutput(), b = two.a.session.PendingOutput();
  EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end()));
}

TEST(Session, InitiatorWithoutAPointToDialFailsAtOnce) {
  SessionConfig config;
  config.role = Role::kInitiator;
  config.key = &KeyNumber(1);
  config.remote = NodeId{1};
  Side side(config, 1);
  EXPECT_TRUE(side.session.PendingOutput().empty());
  ASSERT_TRUE(side.session.NextDeadline().has_value());
  side.session.OnTimer(At({}), side.events);
  EXPECT_NE(LastClosed(side).why.find("not a point"), std::string::npos);
}

TEST(Session, WrongDialledIdentityFailsTheHandshake) {
  SessionConfig config;
  config.remote = KeyNumber(3).id();  // but key 2 answers
  Pair pair(config);
  pair.Run();
  const Closed closed = LastClosed(pair.b);
  EXPECT_FALSE(closed.sent.has_value());
  EXPECT_NE(closed.why.find("wrong tag"), std::string::npos);
  EXPECT_TRUE(pair.b.sent.empty());
}

TEST(Session, ABrokenMacEndsItWithoutAnAnswer) {
  Pair pair;
  pair.Run();
  ASSERT_TRUE(pair.a.session.Send(*MakeFrame(MessageId::kRequestFlashblocks, {})).ok());
  for (size_t flip : {size_t{3}, size_t{20}, size_t{33}, size_t{60}}) {
    Pair broken;
    broken.Run();
    const ByteView good = pair.a.session.PendingOutput();
    Bytes bad(good.begin(), good.end());
    bad[flip] ^= 1;
    broken.b.session.OnBytes(bad, At({}), broken.b.events);
    const Closed closed = LastClosed(broken.b);
    EXPECT_FALSE(closed.sent.has_value());
    EXPECT_NE(closed.why.find("wrong MAC"), std::string::npos);
    EXPECT_TRUE(broken.b.session.PendingOutput().empty());
  }
}

TEST(Session, DisconnectIsToldToTheOtherSide) {
  Pair pair;
  pair.Run();
  pair.a.session.Disconnect(DisconnectReason::kTooManyPeers, "full", At({}), pair.a.events);
  EXPECT_EQ(LastClosed(pair.a).sent, DisconnectReason::kTooManyPeers);
  EXPECT_EQ(LastClosed(pair.a).why, "full");
  pair.Run();
  EXPECT_EQ(LastClosed(pair.b).received, DisconnectReason::kTooManyPeers);
  // Closed comes once, whatever follows.
  pair.a.session.Disconnect(DisconnectReason::kRequested, "again", At({}), pair.a.events);
  pair.b.session.OnTimer(At(seconds(1000)), pair.b.events);
  EXPECT_EQ(pair.a.All<Closed>().size() + pair.b.All<Closed>().size(), 2u);
}

TEST(Session, DisconnectDuringTheHandshakeWritesNothing) {
  Pair pair;
  pair.b.session.Disconnect(DisconnectReason::kTooManyPeers, "full", At({}), pair.b.events);
  EXPECT_FALSE(LastClosed(pair.b).sent.has_value());
  EXPECT_TRUE(pair.b.session.PendingOutput().empty());
}

TEST(Session, HandshakeLimit) {
  Pair pair;
  EXPECT_EQ(pair.b.session.NextDeadline(), At(seconds(20)).mono);
  pair.b.session.OnTimer(At(seconds(19)), pair.b.events);
  EXPECT_FALSE(pair.b.session.closed());
  pair.b.session.OnTimer(At(seconds(20)), pair.b.events);
  EXPECT_NE(LastClosed(pair.b).why.find("20 s"), std::string::npos);
}

// The ack reaches the initiator late: the limit of the whole counts, not that of Hello.
TEST(Session, HelloLimit) {
  Pair pair;
  pair.b.session.OnBytes(pair.a.session.PendingOutput(), At(seconds(3)), pair.b.events);
  EXPECT_EQ(pair.b.session.NextDeadline(), At(seconds(13)).mono);
  const size_t ack_and_hello = pair.b.session.PendingOutput().size();
  pair.b.session.OnTimer(At(seconds(13)), pair.b.events);
  EXPECT_EQ(LastClosed(pair.b).sent, DisconnectReason::kPingTimeout);
  EXPECT_GT(pair.b.session.PendingOutput().size(), ack_and_hello);

  Pair late;
  late.b.session.OnBytes(late.a.session.PendingOutput(), At(seconds(15)), late.b.events);
  EXPECT_EQ(late.b.session.NextDeadline(), At(seconds(20)).mono);
}

TEST(Session, IdleLimit) {
  Pair pair(WithNetwork(480, 1), WithNetwork(480, 1));
  pair.Run();
  for (int s = 1; s <= 30; ++s) {  // Status, Ping, Pong
    pair.a.session.OnTimer(At(seconds(s)), pair.a.events);
    pair.b.session.OnTimer(At(seconds(s)), pair.b.events);
    pair.Run(seconds(s));
  }
  ASSERT_FALSE(pair.a.session.closed());
  // The network falls silent: the last bytes arrived at 30 s.
  for (int s = 31; s < 75; ++s) pair.a.session.OnTimer(At(seconds(s)), pair.a.events);
  EXPECT_FALSE(pair.a.session.closed());
  pair.a.session.OnTimer(At(seconds(75)), pair.a.events);
  EXPECT_EQ(LastClosed(pair.a).sent, DisconnectReason::kPingTimeout);
}

// The frame with which the first of the sessions goes on.
Bytes OneFrame(Pair& pair) {
  EXPECT_TRUE(pair.a.session.Send(*MakeFrame(MessageId::kAuthorized, Bytes(300000, 1))).ok());
  const ByteView bytes = pair.a.session.PendingOutput();
  Bytes frame(bytes.begin(), bytes.end());
  pair.a.session.ConsumeOutput(bytes.size());
  return frame;
}

TEST(Session, AFrameThatDribblesInEndsTheSession) {
  SessionConfig config;
  config.eth.enabled = false;
  Pair pair(config);
  pair.Run();
  const Bytes frame = OneFrame(pair);
  const size_t half = frame.size() / 2;
  pair.b.session.OnBytes(ByteView(frame).first(half), At(seconds(1)), pair.b.events);
  for (int s = 2; s <= 60 && !pair.b.session.closed(); ++s) {
    EXPECT_LE(*pair.b.session.NextDeadline(), At(seconds(31)).mono);
    pair.b.session.OnTimer(At(seconds(s)), pair.b.events);
    pair.b.session.OnBytes(ByteView(frame).subspan(half + s, 1), At(seconds(s)), pair.b.events);
    EXPECT_EQ(pair.b.session.closed(), s >= 31) << s;
  }
  EXPECT_EQ(LastClosed(pair.b).sent, DisconnectReason::kPingTimeout);
  EXPECT_EQ(LastClosed(pair.b).why, "a frame has not arrived whole in 30 s");
}

// Each frame has the time for itself, though bytes of the next one come with it.
TEST(Session, FramesThatNeverPauseDoNotEndTheSession) {
  SessionConfig config;
  config.eth.enabled = false;
  Pair pair(config);
  pair.Run();
  Bytes carried;
  for (int s = 29; s <= 290; s += 29) {
    const Bytes frame = OneFrame(pair);
    carried.insert(carried.end(), frame.begin(), frame.begin() + 5000);
    pair.b.session.OnBytes(carried, At(seconds(s)), pair.b.events);
    pair.b.session.OnTimer(At(seconds(s)), pair.b.events);
    carried.assign(frame.begin() + 5000, frame.end());
  }
  EXPECT_FALSE(pair.b.session.closed());
  EXPECT_EQ(pair.b.All<MessageReceived>().size(), 9u);
  pair.b.session.OnBytes(carried, At(seconds(300)), pair.b.events);
  pair.b.session.OnTimer(At(seconds(330)), pair.b.events);
  EXPECT_FALSE(pair.b.session.closed());
}

TEST(Session, LivesForEverOnPings) {
  Pair pair;
  pair.Run();
  int64_t steps = 0;
  Duration now{};
  while (now < std::chrono::minutes(10)) {
    const MonoTime next = std::min(*pair.a.session.NextDeadline(), *pair.b.session.NextDeadline());
    now = std::max(now, next - At({}).mono);
    pair.a.session.OnTimer(At(now), pair.a.events);
    pair.b.session.OnTimer(At(now), pair.b.events);
    pair.Run(now);
    ASSERT_FALSE(pair.a.session.closed() || pair.b.session.closed());
    ASSERT_LT(++steps, 200);
  }
  EXPECT_GE(steps, 40);  // one round per 15 s
}

TEST(Session, StatusIsMirroredByWhoDoesNotKnowTheNetwork) {
  Pair pair(WithNetwork(480, 9));  // the recipient is a mirror
  pair.Run();
  EXPECT_TRUE(pair.a.All<EthReady>().empty());
  pair.a.session.OnTimer(At(seconds(1)), pair.a.events);
  pair.b.session.OnTimer(At(seconds(1)), pair.b.events);
  pair.Run(seconds(1));
  ASSERT_EQ(pair.a.All<EthReady>().size(), 1u);
  ASSERT_EQ(pair.b.All<EthReady>().size(), 1u);
  EXPECT_EQ(pair.a.All<EthReady>()[0].network_id, 480u);
  EXPECT_EQ(pair.b.All<EthReady>()[0].genesis, Filled(9));
}

TEST(Session, WrongNetworkIsNamed) {
  Pair pair(WithNetwork(480, 9), WithNetwork(4801, 8));
  pair.Run();
  pair.a.session.OnTimer(At(seconds(1)), pair.a.events);
  pair.Run(seconds(1));
  const Closed closed = LastClosed(pair.b);
  EXPECT_EQ(closed.sent, DisconnectReason::kProtocolBreach);
  EXPECT_NE(closed.why.find("network id 480, expected 4801"), std::string::npos) << closed.why;
  EXPECT_EQ(LastClosed(pair.a).received, DisconnectReason::kProtocolBreach);
}

TEST(Session, StatusLimit) {
  Pair pair;
  pair.Run();
  pair.a.session.OnTimer(At(seconds(9)), pair.a.events);
  EXPECT_FALSE(pair.a.session.closed());
  pair.a.session.OnTimer(At(seconds(10)), pair.a.events);
  EXPECT_EQ(LastClosed(pair.a).why, "eth: no Status in time");
}

TEST(Session, WithoutEthThereIsNoStatus) {
  SessionConfig config;
  config.eth.enabled = false;
  Pair pair(config);
  pair.Run();
  ASSERT_EQ(pair.a.All<Established>().size(), 1u);
  EXPECT_EQ(pair.a.All<Established>()[0].eth_version, 0);
  EXPECT_EQ(pair.a.session.egress().flblk_offset, 0x10);
  pair.a.session.OnTimer(At(seconds(12)), pair.a.events);
  EXPECT_FALSE(pair.a.session.closed());
  ASSERT_TRUE(pair.a.session.Send(*MakeFrame(MessageId::kRequestFlashblocks, {})).ok());
  pair.Run();
  EXPECT_EQ(pair.b.All<MessageReceived>().size(), 1u);
}

TEST(Session, IsDeterministic) {
  Pair one, two;
  one.Run();
  two.Run();
  EXPECT_EQ(one.a.sent, two.a.sent);
  EXPECT_EQ(one.b.sent, two.b.sent);
}

}  // namespace
}  // namespace flblk::rlpx
