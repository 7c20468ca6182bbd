// Frames whose MACs are right and which are wrong all the same: what the peer is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "p2p/rlpx/frame.h"
#include "p2p/rlpx/handshake.h"
#include "p2p/rlpx/hello.h"
#include "p2p/rlpx/limits.h"
#include "p2p/rlpx/session.h"
#include "p2p/rlpx/testing/sessions.h"

namespace flblk::rlpx {
namespace {

using testing::At;
using testing::Filled;
using testing::KeyNumber;
using testing::Side;

// Key 1 has dialled a session of key 2 and done the handshake; what follows is made by hand.
class ByHand {
 public:
  ByHand() : ours_(Handshake(Role::kInitiator, &KeyNumber(1), KeyNumber(2).id(), Random())) {
    const Bytes auth = *ours_.Start();
    theirs.session.OnBytes(auth, At({}), theirs.events);
    const ByteView answer = theirs.session.PendingOutput();
    const size_t ack = *ours_.Feed(answer);
    sealer_.emplace(ours_.secrets());
    opener_.emplace(ours_.secrets());
    EXPECT_EQ(Heard(answer.subspan(ack)).id, kHelloId);
    theirs.session.ConsumeOutput(answer.size());
  }

  void Give(ByteView bytes) { theirs.session.OnBytes(bytes, At({}), theirs.events); }
  Bytes Sealed(uint8_t id, ByteView payload) {
    Bytes out(FrameSealer::SealedSize(payload.size()));
    sealer_->Seal(id, payload, out.data());
    return out;
  }
  Bytes Hello() {
    rlpx::Hello hello;
    hello.client_id = "by hand";
    hello.capabilities = {{"flblk", 2}};
    hello.node_id = KeyNumber(1).id();
    return Sealed(kHelloId, EncodeHello(hello));
  }
  // The header of a frame that holds nothing, with its MAC. The first frame only.
  Bytes EmptyFrame() const {
    AesCtrStream ctr(ours_.secrets().aes);
    FrameMac mac(ours_.secrets().egress_mac, ours_.secrets().mac);
    Bytes out(16);
    ctr.Apply(FixedBytes<16>{0, 0, 0, 0xc2, 0x80, 0x80}, out.data());
    const FrameMac::Tag tag = mac.Header(std::span<const uint8_t, 16>(out.data(), 16));
    out.insert(out.end(), tag.begin(), tag.end());
    return out;
  }
  // The session has ended for that reason, and its one frame says so to us.
  void ExpectTold(DisconnectReason reason, const std::string& why) {
    const auto closed = theirs.All<Closed>();
    ASSERT_EQ(closed.size(), 1u);
    EXPECT_EQ(closed[0].why, why);
    EXPECT_EQ(closed[0].sent, reason);
    EXPECT_FALSE(closed[0].received.has_value());
    EXPECT_TRUE(theirs.session.closed());
    const OpenedFrame frame = Heard(theirs.session.PendingOutput());
    EXPECT_EQ(frame.id, kDisconnectId);
    EXPECT_EQ(DecodeDisconnect(frame.payload).value(), reason);
  }

  Side theirs{Recipient(), 22};

 private:
  static SessionConfig Recipient() {
    SessionConfig config;
    config.role = Role::kRecipient;
    config.key = &KeyNumber(2);
    return config;
  }
  static HandshakeRandom Random() { return HandshakeRandom::FromEntropy(Filled(11)); }
  // Exactly one frame.
  OpenedFrame Heard(ByteView bytes) {
    const absl::StatusOr<size_t> used = opener_->Feed(bytes, kMaxFrameContent);
    EXPECT_TRUE(used.ok()) << used.status();
    EXPECT_TRUE(opener_->ready());
    EXPECT_EQ(used.value_or(0), bytes.size());
    return opener_->Take();
  }

  Handshake ours_;
  std::optional<FrameSealer> sealer_;
  std::optional<FrameOpener> opener_;
};

TEST(SessionFail, AFirstFrameOfMoreBytesThanAHello) {
  ByHand peer;
  peer.Give(peer.Sealed(kHelloId, Bytes(kMaxHelloFrame)));
  peer.ExpectTold(DisconnectReason::kProtocolBreach, "frame size: 2049 bytes, limit 2048");
}

TEST(SessionFail, AnEmptyFrame) {
  ByHand peer;
  peer.Give(peer.EmptyFrame());
  peer.ExpectTold(DisconnectReason::kProtocolBreach, "frame size: 0, a message id is needed");
}

TEST(SessionFail, AnIdThatIsNotRlp) {
  ByHand peer;
  peer.Give(peer.Hello());
  ASSERT_EQ(peer.theirs.All<Established>().size(), 1u);
  peer.Give(peer.Sealed(0x81, Bytes(3)));
  peer.ExpectTold(DisconnectReason::kProtocolBreach,
                  "message id: byte 0x81 is not RLP of 0 to 127");
}

TEST(SessionFail, AFrameThatWasTakenAheadIsRefusedInItsTurn) {
  ByHand peer;
  const Bytes large = peer.Sealed(kHelloId, Bytes(kMaxHelloFrame));
  EXPECT_EQ(peer.theirs.session.TakeAhead(large).state, nullptr);
  EXPECT_TRUE(peer.theirs.All<Closed>().empty());
  peer.Give(large);
  peer.ExpectTold(DisconnectReason::kProtocolBreach, "frame size: 2049 bytes, limit 2048");
}

TEST(SessionFail, BodiesThatSnappyRefuses) {
  constexpr uint8_t kFlblk = 0x10;  // no shared eth
  struct Case {
    uint8_t id;
    Bytes payload;
    DisconnectReason reason;
    const char* why;
  };
  for (const Case& c : {
           Case{kFlblk,
                {},
                DisconnectReason::kSubprotocolError,
                "flblk message 0: snappy: no length"},
           Case{kFlblk,
                {0x80, 0x80, 0x80, 0x08},
                DisconnectReason::kSubprotocolError,
                "flblk message 0: snappy: declares 16777216 bytes, limit 16777215"},
           Case{kFlblk + 2,
                {0x7f, 0x00},
                DisconnectReason::kSubprotocolError,
                "flblk message 2: snappy: 2 bytes cannot hold the declared 127"},
           Case{kFlblk + 4,
                {0x03, 0xff, 0xff},
                DisconnectReason::kSubprotocolError,
                "flblk message 4: snappy: broken elements"},
           Case{0x02,
                {0x81, 0x08},
                DisconnectReason::kProtocolBreach,
                "Ping or Pong: snappy: declares 1025 bytes, limit 1024"},
       }) {
    ByHand peer;
    peer.Give(peer.Hello());
    peer.Give(peer.Sealed(c.id, c.payload));
    peer.ExpectTold(c.reason, c.why);
  }
}

// What was not proven to be the peer's is not answered: bytes that break the handshake.
TEST(SessionFail, AHandshakeThatFailsIsNotAnswered) {
  Side recipient(
      [] {
        SessionConfig config;
        config.role = Role::kRecipient;
        config.key = &KeyNumber(2);
        return config;
      }(),
      5);
  recipient.session.OnBytes(Bytes{0xff, 0xff}, At({}), recipient.events);
  const auto closed = recipient.All<Closed>();
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_EQ(closed[0].why, "handshake packet: size 65535, allowed 114 to 2048");
  EXPECT_FALSE(closed[0].sent.has_value());
  EXPECT_TRUE(recipient.session.PendingOutput().empty());
}

// Where the handshake could not even begin, whatever comes first ends the session.
TEST(SessionFail, BytesForASessionThatCouldNotBegin) {
  SessionConfig config;
  config.role = Role::kInitiator;
  config.key = &KeyNumber(1);
  Side nobody(config, 1);
  nobody.session.OnBytes(Bytes(200), At({}), nobody.events);
  const auto closed = nobody.All<Closed>();
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_EQ(closed[0].why, "initiator without the node id to dial");
  EXPECT_TRUE(nobody.session.closed());
}

}  // namespace
}  // namespace flblk::rlpx
