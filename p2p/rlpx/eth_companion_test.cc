#include "p2p/rlpx/eth_companion.h"

#include <gtest/gtest.h>

#include "p2p/rlpx/limits.h"
#include "p2p/wire/testing/vectors.h"

namespace flblk::rlpx {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using wire::testing::LoadJson;
using wire::testing::Unhex;
using wire::testing::UnhexFixed;

MonoTime T(Duration d) { return MonoTime{7} + d; }

EthStatus RemoteStatus(uint64_t version = 69) {
  EthStatus status;
  status.version = version;
  status.network_id = 480;
  status.genesis.fill(1);
  status.fork_hash = {1, 2, 3, 4};
  status.fork_next = 99;
  status.head_hash.fill(2);
  status.latest = 1000;
  status.earliest = version == 69 ? 10 : 0;
  if (version == 69) return status;
  status.latest = 0;
  status.total_difficulty[31] = 5;
  return status;
}

EthConfig Expecting(uint64_t network_id) {
  EthConfig config;
  config.network_id = network_id;
  config.genesis = RemoteStatus().genesis;
  return config;
}

struct Companion {
  explicit Companion(const EthConfig& config = {}, uint64_t version = 69)
      : companion(config, version, T({})) {}
  void Message(uint8_t id, const Bytes& body, Duration at = {}) {
    failure = companion.OnMessage(id, body, T(at), out);
  }
  void Timer(Duration at) { failure = companion.OnTimer(T(at), out); }
  EthCompanion companion;
  std::vector<EthCompanion::Out> out;
  std::optional<EthCompanion::Failure> failure;
};

TEST(EthCompanion, MirrorsTheRemoteStatus) {
  for (uint64_t version : {68, 69}) {
    Companion c({}, version);
    const EthStatus theirs = RemoteStatus(version);
    c.Message(0, EncodeEthStatus(theirs));
    ASSERT_FALSE(c.failure.has_value());
    ASSERT_EQ(c.out.size(), 1u);
    EXPECT_EQ(c.out[0].id, 0);
    EthStatus expected = theirs;
    expected.earliest = expected.latest;
    EXPECT_EQ(*DecodeEthStatus(c.out[0].body, version), expected);
    EXPECT_EQ(c.companion.remote(), theirs);
    EXPECT_FALSE(c.companion.NextDeadline().has_value());
  }
}

TEST(EthCompanion, AnExpectedNetworkIsMirroredToo) {
  Companion c(Expecting(480));
  c.Message(0, EncodeEthStatus(RemoteStatus()));
  ASSERT_FALSE(c.failure.has_value());
  EXPECT_EQ(DecodeEthStatus(c.out[0].body, 69)->fork_hash, RemoteStatus().fork_hash);
}

TEST(EthCompanion, SpeaksFirstAfterASecondWhereItKnowsTheNetwork) {
  EthConfig config = Expecting(480);
  config.head_number = 77;
  Companion c(config);
  EXPECT_EQ(c.companion.NextDeadline(), T(seconds(1)));
  c.Timer(milliseconds(999));
  EXPECT_TRUE(c.out.empty());
  c.Timer(seconds(1));
  ASSERT_EQ(c.out.size(), 1u);
  const EthStatus sent = *DecodeEthStatus(c.out[0].body, 69);
  EXPECT_EQ(sent.version, 69u);
  EXPECT_EQ(sent.network_id, 480u);
  EXPECT_EQ(sent.genesis, *config.genesis);
  EXPECT_EQ(sent.head_hash, *config.genesis);  // reth refuses zero
  EXPECT_EQ(sent.latest, 77u);
  // Later Statuses of the remote get no second one of ours.
  c.Message(0, EncodeEthStatus(RemoteStatus()));
  EXPECT_FALSE(c.failure.has_value());
  EXPECT_EQ(c.out.size(), 1u);
}

TEST(EthCompanion, AMirrorWaitsLonger) {
  Companion c;
  EXPECT_EQ(c.companion.NextDeadline(), T(seconds(2)));
  c.Timer(seconds(2));
  EXPECT_EQ(c.out.size(), 1u);
}

TEST(EthCompanion, WrongNetworkOrGenesisNamesBoth) {
  Companion network(Expecting(1));
  network.Message(0, EncodeEthStatus(RemoteStatus()));
  ASSERT_TRUE(network.failure.has_value());
  EXPECT_EQ(network.failure->reason, DisconnectReason::kProtocolBreach);
  EXPECT_EQ(network.failure->why, "eth Status: wrong network: network id 480, expected 1");
  EXPECT_TRUE(network.out.empty());

  EthConfig config;
  config.genesis = Hash32{};
  Companion genesis(config);
  genesis.Message(0, EncodeEthStatus(RemoteStatus()));
  ASSERT_TRUE(genesis.failure.has_value());
  EXPECT_EQ(genesis.failure->why, "eth Status: wrong network: genesis " +
                                      ToHex(RemoteStatus().genesis) + ", expected " +
                                      std::string(64, '0'));
}

TEST(EthCompanion, WrongVersionSecondOrBrokenStatusFails) {
  Companion version({}, 69);
  EthStatus odd = RemoteStatus();
  odd.version = 70;
  version.Message(0, EncodeEthStatus(odd));
  EXPECT_EQ(version.failure.value().why, "eth Status: version 70, expected 69");

  Companion second;
  second.Message(0, EncodeEthStatus(RemoteStatus()));
  second.Message(0, EncodeEthStatus(RemoteStatus()));
  EXPECT_EQ(second.failure.value().why, "eth: second Status");

  Companion broken;
  broken.Message(0, Unhex("c0"));
  EXPECT_EQ(broken.failure.value().reason, DisconnectReason::kSubprotocolError);
}

TEST(EthCompanion, MessagesBeforeStatusFail) {
  Companion c;
  c.Message(0x03, Unhex("c4820457c0"));
  EXPECT_EQ(c.failure.value().why, "eth: message 3 before Status");
}

TEST(EthCompanion, NoStatusInTimeFails) {
  Companion c;
  c.Timer(seconds(9));
  EXPECT_FALSE(c.failure.has_value());
  EXPECT_EQ(c.companion.NextDeadline(), T(seconds(10)));
  c.Timer(seconds(10));
  EXPECT_EQ(c.failure.value().reason, DisconnectReason::kPingTimeout);
}

TEST(EthCompanion, AnswersRequestsOfVectorsWithNothing) {
  const auto vectors = LoadJson("vectors/eth_messages.json");
  const auto& pairs = vectors["request_pairs"];
  const Bytes empty = Unhex(pairs[4]["rlp"].get<std::string>());
  const std::vector<std::pair<uint8_t, int>> requests = {{0x03, 0}, {0x03, 1}, {0x05, 3},
                                                         {0x09, 3}, {0x0f, 3}, {0x0f, 4}};
  Companion c;
  c.Message(0, EncodeEthStatus(RemoteStatus()));
  c.out.clear();
  for (auto [id, index] : requests) {
    c.Message(id, Unhex(pairs[index]["rlp"].get<std::string>()), seconds(3));
    ASSERT_FALSE(c.failure.has_value());
  }
  EXPECT_TRUE(c.out.empty());  // held back a moment
  EXPECT_EQ(c.companion.NextDeadline(), T(seconds(3) + kSessionLimits.eth_answer));
  c.Timer(seconds(3) + kSessionLimits.eth_answer);
  ASSERT_EQ(c.out.size(), requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(c.out[i].id, requests[i].first + 1);
    EXPECT_EQ(c.out[i].body, empty);
  }
  EXPECT_FALSE(c.companion.NextDeadline().has_value());
}

TEST(EthCompanion, AnnouncementsAndUnaskedAnswersAreIgnored) {
  Companion c;
  c.Message(0, EncodeEthStatus(RemoteStatus()));
  c.out.clear();
  for (uint8_t id : {0x01, 0x02, 0x04, 0x06, 0x07, 0x08, 0x0a, 0x0d, 0x0e, 0x10, 0x11}) {
    EXPECT_FALSE(EthCompanion::Reads(id));
    c.Message(id, {});
    EXPECT_FALSE(c.failure.has_value());
  }
  const auto vectors = LoadJson("vectors/eth_messages.json");
  for (const auto& rlp : vectors["new_pooled_transaction_hashes_68"]) {
    c.Message(0x08, Unhex(rlp.get<std::string>()));
    EXPECT_FALSE(c.failure.has_value()) << rlp;
  }
  c.Message(0x04, Unhex(vectors["request_pairs"][2]["rlp"].get<std::string>()));
  c.Message(0x11, Unhex(vectors["derived"][0]["rlp"].get<std::string>()));  // BlockRangeUpdate
  EXPECT_FALSE(c.failure.has_value());
  EXPECT_TRUE(c.out.empty());
}

TEST(EthCompanion, AFloodOfRequestsFails) {
  Companion c;
  c.Message(0, EncodeEthStatus(RemoteStatus()));
  for (uint32_t i = 0; i < kSessionLimits.eth_request_burst; ++i) {
    ASSERT_FALSE(c.companion.OnArrival(0x03, T({})).has_value());
  }
  EXPECT_FALSE(c.companion.OnArrival(0x08, T({})).has_value());  // no request
  const auto failure = c.companion.OnArrival(0x03, T({}));
  EXPECT_EQ(failure.value().why, "eth requests: more than 100 at once and 50/s");
  EXPECT_EQ(failure.value().reason, DisconnectReason::kSubprotocolError);
  EXPECT_FALSE(c.companion.OnArrival(0x03, T(kSessionLimits.eth_request_refill)).has_value());
  EXPECT_TRUE(c.companion.OnArrival(0x03, T(kSessionLimits.eth_request_refill)).has_value());
}

TEST(EthCompanion, ARequestWithoutIdFails) {
  Companion c;
  c.Message(0, EncodeEthStatus(RemoteStatus()));
  c.Message(0x05, Unhex("c0"));
  EXPECT_EQ(c.failure.value().reason, DisconnectReason::kSubprotocolError);
}

}  // namespace
}  // namespace flblk::rlpx
