#include "p2p/net/admission.h"

#include "gtest/gtest.h"

namespace flblk::net {
namespace {

using boost::asio::ip::make_address;
using rlpx::Closed;
using rlpx::DisconnectReason;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr NodeId kId{1, 2, 3};

MonoTime At(Duration t) { return MonoTime{t.count()}; }

Closed Sent(DisconnectReason reason) { return {.received = {}, .sent = reason, .why = ""}; }
Closed Received(DisconnectReason reason) { return {.received = reason, .sent = {}, .why = ""}; }

Admission::Subject Stranger(const char* address, std::optional<NodeId> id = kId) {
  return {.id = id, .named = false, .inbound = true, .address = make_address(address)};
}

TEST(AdmissionTest, JudgesTheEndOfASession) {
  EXPECT_EQ(Judge(Sent(DisconnectReason::kProtocolBreach), true, true), Conduct::kMisconduct);
  EXPECT_EQ(Judge(Sent(DisconnectReason::kSubprotocolError), true, true), Conduct::kMisconduct);
  EXPECT_EQ(Judge(Sent(DisconnectReason::kUnexpectedIdentity), true, false), Conduct::kMisconduct);
  EXPECT_EQ(Judge(Sent(DisconnectReason::kUselessPeer), true, false), Conduct::kFine);
  EXPECT_EQ(Judge(Sent(DisconnectReason::kPingTimeout), true, true), Conduct::kFine);
  EXPECT_EQ(Judge(Sent(DisconnectReason::kTooManyPeers), false, false), Conduct::kFine);
  EXPECT_EQ(Judge(Sent(DisconnectReason::kSubprotocolError), false, true), Conduct::kFine);
  EXPECT_EQ(Judge(Received(DisconnectReason::kProtocolBreach), true, true), Conduct::kFine);
  EXPECT_EQ(Judge({}, true, false), Conduct::kNoise);
  EXPECT_EQ(Judge({}, false, false), Conduct::kFine) << "only a socket that closed";
}

TEST(AdmissionTest, KnowsWhenDiallingSoonIsUseless) {
  EXPECT_TRUE(Discourages(Received(DisconnectReason::kTooManyPeers)));
  EXPECT_TRUE(Discourages(Sent(DisconnectReason::kUselessPeer)));
  EXPECT_FALSE(Discourages(Received(DisconnectReason::kClientQuitting)));
  EXPECT_FALSE(Discourages(Received(DisconnectReason::kAlreadyConnected)));
  EXPECT_FALSE(Discourages({}));
}

TEST(AdmissionTest, MisconductBansNodeAndPublicAddress) {
  Admission admission(10);
  EXPECT_EQ(admission.Punish(Stranger("8.8.8.8"), Conduct::kMisconduct, At(seconds(0))),
            minutes(10));
  EXPECT_TRUE(admission.IsBanned(kId, At(minutes(9))));
  EXPECT_FALSE(admission.OnSocket(1, make_address("8.8.8.8"), At(minutes(9))).admit);
  EXPECT_TRUE(admission.OnSocket(2, make_address("8.8.8.9"), At(minutes(9))).admit);
  EXPECT_FALSE(admission.IsBanned(kId, At(minutes(10))));
  EXPECT_TRUE(admission.OnSocket(3, make_address("8.8.8.8"), At(minutes(10))).admit);
}

TEST(AdmissionTest, PrivateAddressesAreNotBanned) {
  Admission admission(10);
  admission.Punish(Stranger("10.0.0.1"), Conduct::kMisconduct, At(seconds(0)));
  EXPECT_TRUE(admission.IsBanned(kId, At(seconds(1))));
  EXPECT_TRUE(admission.OnSocket(1, make_address("10.0.0.1"), At(seconds(1))).admit);
}

TEST(AdmissionTest, NoiseBansTheAddressOnly) {
  Admission admission(10);
  EXPECT_EQ(admission.Punish(Stranger("8.8.8.8"), Conduct::kNoise, At(seconds(0))), minutes(1));
  EXPECT_FALSE(admission.IsBanned(kId, At(seconds(1))));
  EXPECT_FALSE(admission.OnSocket(1, make_address("8.8.8.8"), At(seconds(59))).admit);
}

TEST(AdmissionTest, NamedPeersComeBackSoonAndKeepTheirAddress) {
  Admission admission(10);
  Admission::Subject named = Stranger("8.8.8.8");
  named.named = true;
  admission.Punish(named, Conduct::kMisconduct, At(seconds(0)));
  EXPECT_TRUE(admission.IsBanned(kId, At(seconds(14))));
  EXPECT_FALSE(admission.IsBanned(kId, At(seconds(15))));
  EXPECT_TRUE(admission.OnSocket(1, make_address("8.8.8.8"), At(seconds(1))).admit);
}

TEST(AdmissionTest, WhereANamedPeerIsNobodyIsJudgedByAddress) {
  Admission admission(50);
  const auto address = make_address("8.8.8.8");
  admission.Named(kId, address);
  admission.Punish(Stranger("8.8.8.8", NodeId{9}), Conduct::kMisconduct, At(seconds(0)));
  for (uint64_t i = 1; i <= 20; ++i) {
    EXPECT_TRUE(admission.OnSocket(i, address, At(seconds(1))).admit);
  }
  admission.NoLongerNamed(kId);
  EXPECT_FALSE(admission.OnSocket(21, address, At(seconds(1))).admit);
}

TEST(AdmissionTest, OnePublicAddressHasAFewSessions) {
  Admission admission(50);
  uint64_t id = 0;
  for (size_t i = 0; i < Admission::kMaxSessionsPerAddress; ++i) {
    EXPECT_TRUE(admission.StrangerUp(++id, make_address("2001:db8::1")));
  }
  EXPECT_FALSE(admission.StrangerUp(++id, make_address("2001:db8::2"))) << "the same /64";
  EXPECT_TRUE(admission.StrangerUp(++id, make_address("8.8.8.8")));
  admission.SessionOver(1);
  EXPECT_TRUE(admission.StrangerUp(++id, make_address("2001:db8::2")));
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(admission.StrangerUp(++id, make_address("127.0.0.1")));
}

TEST(AdmissionTest, PenaltyPointsFadeBeforeAStrangerReturns) {
  Admission admission(10);
  admission.Hold(kId, 25, At(seconds(0)));
  EXPECT_TRUE(admission.IsBanned(kId, At(seconds(24))));
  EXPECT_FALSE(admission.IsBanned(kId, At(seconds(25))));
  admission.Hold(kId, 0, At(seconds(30)));
  EXPECT_FALSE(admission.IsBanned(kId, At(seconds(30))));
}

TEST(AdmissionTest, TheOperatorLiftsABan) {
  Admission admission(10);
  admission.Punish(Stranger("10.0.0.1"), Conduct::kMisconduct, At(seconds(0)));
  admission.Lift(kId);
  EXPECT_FALSE(admission.IsBanned(kId, At(seconds(1))));
}

}  // namespace
}  // namespace flblk::net
