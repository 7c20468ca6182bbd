#include "p2p/rlpx/message_layer.h"

#include <gtest/gtest.h>

#include "p2p/rlpx/snappy_block.h"
#include "p2p/rlpx/testing/sessions.h"
#include "p2p/wire/rlp.h"
#include "p2p/wire/testing/vectors.h"

namespace flblk::rlpx {
namespace {

using std::chrono::seconds;
using testing::At;
using testing::KeyNumber;
using wire::testing::LoadJson;
using wire::testing::Unhex;

// Our side is key 1, the peer key 2.
class Layer {
 public:
  explicit Layer(SessionConfig config = {})
      : layer(WithKey(config), KeyNumber(2).id(), At(seconds(10)).mono) {
    layer.outbox().clear();
  }
  void Frame(uint8_t id, Bytes payload, Duration at = {}) {
    layer.OnFrame({id, std::move(payload)}, At(at), events);
  }
  // Of frame content: id byte and payload.
  void Content(const std::string& hex) {
    Bytes content = Unhex(hex);
    Frame(content[0], Bytes(content.begin() + 1, content.end()));
  }
  void SayHello(const Hello& hello) { Frame(kHelloId, EncodeHello(hello)); }

  static Hello TheirHello(std::vector<Capability> capabilities = {{"eth", 69}, {"flblk", 2}}) {
    Hello hello;
    hello.client_id = "peer";
    hello.capabilities = std::move(capabilities);
    hello.node_id = KeyNumber(2).id();
    return hello;
  }
  Layer& Established(std::vector<Capability> capabilities = {{"eth", 69}, {"flblk", 2}}) {
    SayHello(TheirHello(std::move(capabilities)));
    EXPECT_EQ(events.size(), 1u);
    events.clear();
    return *this;
  }
  // The reason and the words with which the layer ended, having told the peer.
  std::pair<DisconnectReason, std::string> Ended() {
    EXPECT_TRUE(layer.closed());
    if (events.empty() || !std::holds_alternative<Closed>(events.back())) {
      ADD_FAILURE() << "no Closed";
      return {};
    }
    const Closed closed = std::get<Closed>(events.back());
    EXPECT_TRUE(closed.sent.has_value());
    if (layer.outbox().empty()) {
      ADD_FAILURE() << "no Disconnect";
      return {};
    }
    EXPECT_EQ(layer.outbox().back().id, kDisconnectId);
    EXPECT_EQ(layer.outbox().back().payload, SnappyCompress(EncodeDisconnect(*closed.sent)));
    return {*closed.sent, closed.why};
  }
  DisconnectReason EndReason() { return Ended().first; }

  MessageLayer layer;
  std::vector<SessionEvent> events;

 private:
  static SessionConfig WithKey(SessionConfig config) {
    config.key = &KeyNumber(1);
    return config;
  }
};

TEST(MessageLayer, OurHelloGoesFirstAndPlain) {
  SessionConfig config;
  config.key = &KeyNumber(1);
  config.listen_port = 1234;
  MessageLayer layer(config, KeyNumber(2).id(), At(seconds(10)).mono);
  ASSERT_EQ(layer.outbox().size(), 1u);
  EXPECT_EQ(layer.outbox()[0].id, kHelloId);
  const Hello hello = *DecodeHello(layer.outbox()[0].payload);
  EXPECT_EQ(hello.capabilities,
            (std::vector<Capability>{{"eth", 69}, {"eth", 68}, {"flblk", 1}, {"flblk", 2}}));
  EXPECT_EQ(hello.node_id, KeyNumber(1).id());
  EXPECT_EQ(hello.listen_port, 1234);
  EXPECT_LT(layer.outbox()[0].payload.size(), size_t{1024});
}

TEST(MessageLayer, NegotiatesEveryVersionWeSpeak) {
  for (auto [eth, offset] : {std::pair{69, 0x22}, {68, 0x21}, {0, 0x10}, {70, 0x10}}) {
    for (uint8_t version : {1, 2}) {
      Layer l;
      l.SayHello(Layer::TheirHello({{"flblk", version}, {"eth", static_cast<uint64_t>(eth)}}));
      ASSERT_EQ(l.events.size(), 1u);
      const auto& established = std::get<Established>(l.events[0]);
      EXPECT_EQ(established.flblk_version, version);
      EXPECT_EQ(established.eth_version, offset == 0x10 ? 0 : eth);
      EXPECT_EQ(l.layer.flblk()->offset, offset);
      EXPECT_EQ(l.layer.flblk()->length, version == 1 ? 1 : 5);
    }
  }
}

TEST(MessageLayer, HelloVerdicts) {
  Hello hello = Layer::TheirHello();
  hello.version = 4;
  Layer version;
  version.SayHello(hello);
  EXPECT_EQ(version.Ended(), std::pair(DisconnectReason::kIncompatibleVersion,
                                       std::string("Hello version: 4, expected 5")));

  hello = Layer::TheirHello();
  hello.node_id = {};
  Layer null_id;
  null_id.SayHello(hello);
  EXPECT_EQ(null_id.EndReason(), DisconnectReason::kInvalidIdentity);

  hello.node_id = KeyNumber(3).id();
  Layer other_id;
  other_id.SayHello(hello);
  EXPECT_EQ(other_id.EndReason(), DisconnectReason::kUnexpectedIdentity);

  Layer useless;
  useless.SayHello(Layer::TheirHello({{"eth", 69}, {"snap", 1}}));
  EXPECT_EQ(useless.Ended(),
            std::pair(DisconnectReason::kUselessPeer,
                      std::string("no shared flblk: the peer offers eth/69 snap/1")));

  Layer nothing, many;
  nothing.SayHello(Layer::TheirHello({}));
  EXPECT_EQ(nothing.Ended().second, "no shared flblk: the peer offers nothing");
  many.SayHello(Layer::TheirHello(std::vector<Capability>(20, {"a name of more than 16", 1})));
  std::string first_seven;
  for (int i = 0; i < 7; ++i) first_seven += "a name of more t/1 ";
  EXPECT_EQ(many.Ended().second, "no shared flblk: the peer offers " + first_seven + "...");

  Layer broken;
  broken.Frame(kHelloId, Unhex("c105"));
  EXPECT_EQ(broken.EndReason(), DisconnectReason::kProtocolBreach);
}

TEST(MessageLayer, OurselvesAreRecognised) {
  SessionConfig config;
  config.key = &KeyNumber(1);
  MessageLayer layer(config, KeyNumber(1).id(), At(seconds(10)).mono);
  std::vector<SessionEvent> events;
  Hello hello = Layer::TheirHello();
  hello.node_id = KeyNumber(1).id();
  layer.OnFrame({kHelloId, EncodeHello(hello)}, At({}), events);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(std::get<Closed>(events[0]).sent, DisconnectReason::kSelf);
}

TEST(MessageLayer, WithoutFlblk1ItIsNotShared) {
  SessionConfig config;
  config.offer_flblk1 = false;
  Layer l(config);
  l.SayHello(Layer::TheirHello({{"flblk", 1}, {"eth", 69}}));
  EXPECT_EQ(l.EndReason(), DisconnectReason::kUselessPeer);
}

TEST(MessageLayer, DisconnectInThePlaceOfHello) {
  for (const char* plain : {"01c104", "0104", "010204c104"}) {
    Layer l;
    l.Content(plain);
    ASSERT_EQ(l.events.size(), 1u) << plain;
    EXPECT_EQ(std::get<Closed>(l.events[0]).received, DisconnectReason::kTooManyPeers);
    EXPECT_EQ(std::get<Closed>(l.events[0]).why, "peer sent Disconnect 0x04: too many peers");
    EXPECT_TRUE(l.layer.outbox().empty());
    EXPECT_TRUE(l.layer.closed());
  }
}

TEST(MessageLayer, DisconnectAfterHelloInEveryForm) {
  for (const char* form : {"010204c108", "01c108", "0108"}) {
    Layer l;
    l.Established().Content(form);
    ASSERT_EQ(l.events.size(), 1u) << form;
    EXPECT_EQ(std::get<Closed>(l.events[0]).received, DisconnectReason::kClientQuitting);
  }
  Layer malformed;
  malformed.Established().Content("01c0");
  ASSERT_EQ(malformed.events.size(), 1u);
  EXPECT_FALSE(std::get<Closed>(malformed.events[0]).received.has_value());
}

TEST(MessageLayer, NothingElseBeforeHello) {
  for (uint8_t id : {0x02, 0x10, 0x22}) {
    Layer l;
    l.Frame(id, Unhex("00"));
    EXPECT_EQ(l.EndReason(), DisconnectReason::kProtocolBreach);
  }
}

TEST(MessageLayer, SecondHelloAndReservedIdsAreBreaches) {
  for (int id : {0x00, 0x04, 0x0f, 0x27, 0x7f}) {
    Layer l;
    l.Established().Frame(static_cast<uint8_t>(id), Unhex("0100c0"));
    EXPECT_EQ(l.EndReason(), DisconnectReason::kProtocolBreach) << id;
  }
}

TEST(MessageLayer, IdsBeyondFlblk1AreBreaches) {
  Layer l;
  l.Established({{"eth", 69}, {"flblk", 1}}).Frame(0x23, Unhex("00"));
  EXPECT_EQ(l.Ended().second, "message id 0x23: outside every shared capability");
}

TEST(MessageLayer, PingIsAnsweredWithTheVectorsPong) {
  const auto base = LoadJson("vectors/p2p_base.json");
  Layer l;
  l.Established().Content(base["ping_frame_content_snappy"]);
  ASSERT_EQ(l.layer.outbox().size(), 1u);
  Bytes pong = {l.layer.outbox()[0].id};
  pong.insert(pong.end(), l.layer.outbox()[0].payload.begin(), l.layer.outbox()[0].payload.end());
  EXPECT_EQ(ToHex(pong), base["pong_frame_content_snappy"]);
  EXPECT_TRUE(l.events.empty());
}

TEST(MessageLayer, OurPingIsTheVectors) {
  Layer l;
  l.Established({{"flblk", 2}});
  l.layer.OnTimer(At(seconds(15)), l.events);
  ASSERT_EQ(l.layer.outbox().size(), 1u);
  EXPECT_EQ(l.layer.outbox()[0].id, 0x02);
  EXPECT_EQ(ToHex(l.layer.outbox()[0].payload), "0100c0");
  l.layer.outbox().clear();
  l.Content("030100c0");
  l.Content("030100c0");  // unasked: ignored
  EXPECT_TRUE(l.events.empty());
  EXPECT_TRUE(l.layer.outbox().empty());
}

TEST(MessageLayer, PingFloodIsABreach) {
  Layer l;
  l.Established();
  for (int i = 0; i < 6; ++i) l.Content("020100c0");
  EXPECT_EQ(l.EndReason(), DisconnectReason::kProtocolBreach);
  EXPECT_EQ(l.layer.outbox().size(), 6u);  // five Pongs and the Disconnect
}

TEST(MessageLayer, BrokenOrHugePingIsABreach) {
  for (const char* content : {"02", "02ff", "028080800200", "03"}) {
    Layer l;
    l.Established().Content(content);
    EXPECT_EQ(l.EndReason(), DisconnectReason::kProtocolBreach) << content;
  }
}

TEST(MessageLayer, FrameBodiesOfVectors) {
  for (const auto& v :
       nlohmann::json(LoadJson("vectors/flblk_derived.json")["devp2p_frame_bodies"]["vectors"])) {
    const std::string eth = v["shared_eth"];
    const uint64_t version = eth.starts_with("eth/") ? std::stoull(eth.substr(4)) : 0;
    if (version != 0 && version != 68 && version != 69) continue;  // not offered by us
    Layer l;
    l.Established(version == 0 ? std::vector<Capability>{{"flblk", 2}}
                               : std::vector<Capability>{{"eth", version}, {"flblk", 2}});
    l.Content(v["frame_body_literal_snappy"]);
    ASSERT_EQ(l.events.size(), 1u) << v["name"];
    const wire::Frame& frame = *std::get<MessageReceived>(l.events[0]).frame;
    EXPECT_EQ(static_cast<int>(frame.id), v["name"] == "request" ? 1 : 0);
    const Bytes content = Unhex(v["frame_body_literal_snappy"].get<std::string>());
    EXPECT_EQ(frame.snappy, Bytes(content.begin() + 1, content.end()));
    EXPECT_EQ(frame.body, *SnappyUncompress(frame.snappy, 1000));
  }
}

TEST(MessageLayer, BadSnappyOfFlblkIsASubprotocolError) {
  const char* bombs[] = {"2280808008", "22ffffff0700", "22", "2204"};
  for (const char* content : bombs) {
    Layer l;
    l.Established().Content(content);
    EXPECT_EQ(l.EndReason(), DisconnectReason::kSubprotocolError) << content;
    EXPECT_NE(l.Ended().second.find("flblk message 0: snappy"), std::string::npos);
  }
}

TEST(MessageLayer, FlblkIsHeardBeforeStatus) {
  Layer l;
  l.Established().Content("2300");
  ASSERT_EQ(l.events.size(), 1u);
  EXPECT_EQ(std::get<MessageReceived>(l.events[0]).frame->id, wire::MessageId::kRequestFlashblocks);
}

TEST(MessageLayer, EthStatusAndRequests) {
  Layer l;
  l.Established();
  EthStatus status;
  status.version = 69;
  status.network_id = 480;
  l.Frame(0x10, SnappyCompress(EncodeEthStatus(status)));
  ASSERT_EQ(l.events.size(), 1u);
  EXPECT_EQ(std::get<EthReady>(l.events[0]).network_id, 480u);
  ASSERT_EQ(l.layer.outbox().size(), 1u);
  EXPECT_EQ(l.layer.outbox()[0].id, 0x10);
  l.layer.outbox().clear();
  l.Frame(0x13, SnappyCompress(Unhex("c4820457c0")));
  EXPECT_LE(*l.layer.NextDeadline(), At(kSessionLimits.eth_answer).mono);
  l.layer.OnTimer(At(kSessionLimits.eth_answer), l.events);
  ASSERT_EQ(l.layer.outbox().size(), 1u);
  EXPECT_EQ(l.layer.outbox()[0].id, 0x14);
  EXPECT_EQ(l.layer.outbox()[0].payload, SnappyCompress(Unhex("c4820457c0")));
  // An announcement is not even uncompressed.
  l.Frame(0x18, Unhex("ff"));
  EXPECT_FALSE(l.layer.closed());
  l.Frame(0x13, Unhex("ff"));
  EXPECT_EQ(l.EndReason(), DisconnectReason::kSubprotocolError);
}

Layer& WithStatus(Layer& l) {
  EthStatus status;
  status.version = 69;
  l.Established().Frame(0x10, SnappyCompress(EncodeEthStatus(status)));
  EXPECT_FALSE(l.layer.closed());
  return l;
}

TEST(MessageLayer, AFloodOfEthRequestsEndsTheSession) {
  const Bytes request = SnappyCompress(Unhex("c4820457c0"));
  Layer l;
  WithStatus(l);
  for (int i = 0; i < 100; ++i) l.Frame(0x13, request);
  ASSERT_FALSE(l.layer.closed());
  l.layer.OnTimer(At(seconds(1)), l.events);
  for (int i = 0; i < 50; ++i) l.Frame(0x13, request, seconds(1));
  ASSERT_FALSE(l.layer.closed());
  l.Frame(0x13, Unhex("ff"), seconds(1));  // not even uncompressed
  EXPECT_EQ(l.Ended(), std::pair(DisconnectReason::kSubprotocolError,
                                 std::string("eth requests: more than 100 at once and 50/s")));
}

// One at a time, each answered after a tenth of a second: what reth does.
TEST(MessageLayer, EthRequestsOfAnHonestNodeNeverEnd) {
  Layer l;
  WithStatus(l);
  for (int i = 1; i <= 400; ++i) {
    const Duration at = i * kSessionLimits.eth_answer;
    for (uint8_t id : {0x13, 0x15, 0x1f}) l.Frame(id, SnappyCompress(Unhex("c4820457c0")), at);
    l.layer.OnTimer(At(at), l.events);
  }
  EXPECT_FALSE(l.layer.closed());
}

TEST(MessageLayer, AnEthRequestOfMoreThan128KiBIsASubprotocolError) {
  const auto request = [](size_t bytes) {
    return SnappyCompress(wire::RlpEncodeList([&](auto& out) {
      out.Uint(1);
      out.String(Bytes(bytes, 7));
    }));
  };
  Layer l;
  WithStatus(l).Frame(0x15, request((128 << 10) - 16));
  ASSERT_FALSE(l.layer.closed());
  l.Frame(0x15, request(128 << 10));
  EXPECT_EQ(l.EndReason(), DisconnectReason::kSubprotocolError);
}

// World Chain counts 2^24 bytes with the id.
TEST(MessageLayer, FlblkOfTheReferencesLimitIsHeard) {
  Layer l;
  l.Established().Frame(0x22, SnappyCompress(Bytes(16'777'215)));
  ASSERT_FALSE(l.layer.closed());
  ASSERT_EQ(l.events.size(), 1u);
  EXPECT_EQ(std::get<MessageReceived>(l.events[0]).frame->body.size(), 16'777'215u);
  l.Frame(0x22, SnappyCompress(Bytes(16'777'216)));
  EXPECT_EQ(l.EndReason(), DisconnectReason::kSubprotocolError);
}

TEST(MessageLayer, HelloLimitAndContentLimit) {
  Layer l;
  EXPECT_EQ(l.layer.MaxContent(), kMaxHelloFrame);
  EXPECT_EQ(l.layer.NextDeadline(), At(seconds(10)).mono);
  l.layer.OnTimer(At(seconds(10)), l.events);
  EXPECT_EQ(l.EndReason(), DisconnectReason::kPingTimeout);
  Layer established;
  EXPECT_EQ(established.Established().layer.MaxContent(), kMaxFrameContent);
}

TEST(MessageLayer, AfterClosedNothingHappens) {
  Layer l;
  l.Established().layer.Close(DisconnectReason::kRequested, "enough", l.events);
  l.Content("2300");
  l.layer.OnTimer(At(seconds(100)), l.events);
  l.layer.Close(DisconnectReason::kRequested, "again", l.events);
  EXPECT_EQ(l.events.size(), 1u);
  EXPECT_EQ(l.layer.outbox().size(), 1u);
  EXPECT_EQ(l.layer.flblk(), nullptr);
  EXPECT_FALSE(l.layer.NextDeadline().has_value());
}

}  // namespace
}  // namespace flblk::rlpx
