#include "p2p/rlpx/handshake.h"

#include <gtest/gtest.h>

#include "p2p/rlpx/ecies.h"
#include "p2p/rlpx/limits.h"
#include "p2p/wire/rlp.h"
#include "p2p/wire/testing/vectors.h"

namespace flblk::rlpx {
namespace {

using wire::testing::LoadJson;
using wire::testing::Unhex;
using wire::testing::UnhexFixed;

struct Eip8 {
  nlohmann::json json = LoadJson("vectors/rlpx_ecies.json")["eip8"];
  NodeKey a = *NodeKey::FromSecret(Fixed<32>("static_key_initiator_A"));
  NodeKey b = *NodeKey::FromSecret(Fixed<32>("static_key_recipient_B"));

  template <size_t N>
  FixedBytes<N> Fixed(const char* name) const {
    return UnhexFixed<N>(json[name].get<std::string>());
  }
  Bytes Packet(std::string_view name) const {
    for (const auto& p : json["packets"]) {
      if (p["name"] == name) return Unhex(p["hex"].get<std::string>());
    }
    ADD_FAILURE() << name;
    return {};
  }
  HandshakeRandom Random(const char* ephemeral, const char* nonce) const {
    HandshakeRandom random = HandshakeRandom::FromEntropy(FixedBytes<32>{1});
    random.ephemeral = Fixed<32>(ephemeral);
    random.nonce = Fixed<32>(nonce);
    return random;
  }
};

HandshakeRandom RandomOf(uint8_t seed) {
  return HandshakeRandom::FromEntropy(FixedBytes<32>{seed});
}

TEST(Handshake, RecipientReadsAuthVectors) {
  const Eip8 v;
  for (const char* name : {"auth2", "auth3"}) {
    Handshake handshake(Role::kRecipient, &v.b, std::nullopt,
                        v.Random("ephemeral_key_B", "nonce_B"));
    ASSERT_TRUE(handshake.Start()->empty());
    const Bytes packet = v.Packet(name);
    absl::StatusOr<size_t> used = handshake.Feed(packet);
    ASSERT_TRUE(used.ok()) << name << used.status();
    EXPECT_EQ(*used, packet.size());
    ASSERT_TRUE(handshake.done());
    EXPECT_EQ(handshake.remote(), v.a.id());
    EXPECT_EQ(ToHex(handshake.secrets().aes), v.json["derived_from_auth2_ack2"]["aes_secret"]);
    EXPECT_EQ(ToHex(handshake.secrets().mac), v.json["derived_from_auth2_ack2"]["mac_secret"]);
  }
}

TEST(Handshake, RecipientIngressMacOfVector) {
  const Eip8 v;
  Handshake handshake(Role::kRecipient, &v.b, std::nullopt, v.Random("ephemeral_key_B", "nonce_B"));
  ASSERT_TRUE(handshake.Start().ok());
  ASSERT_TRUE(handshake.Feed(v.Packet("auth2")).ok());
  Keccak256State mac = handshake.secrets().ingress_mac;
  EXPECT_EQ(
      ToHex(mac.Update(AsBytes("foo")).Digest()),
      v.json["derived_from_auth2_ack2"]["recipient_ingress_mac_after_updating_with_ascii_foo"]);
}

TEST(Handshake, InitiatorReadsAckVectors) {
  const Eip8 v;
  for (const char* name : {"ack2", "ack3"}) {
    Handshake handshake(Role::kInitiator, &v.a, v.b.id(), v.Random("ephemeral_key_A", "nonce_A"));
    ASSERT_TRUE(handshake.Start().ok());
    absl::StatusOr<size_t> used = handshake.Feed(v.Packet(name));
    ASSERT_TRUE(used.ok()) << name << used.status();
    ASSERT_TRUE(handshake.done());
    EXPECT_EQ(ToHex(handshake.secrets().aes), v.json["derived_from_auth2_ack2"]["aes_secret"]);
    EXPECT_EQ(ToHex(handshake.secrets().mac), v.json["derived_from_auth2_ack2"]["mac_secret"]);
    EXPECT_TRUE(handshake.reply().empty());
  }
}

// Both sides byte by byte, with bytes of the next frame behind the packet.
TEST(Handshake, BothSidesAgree) {
  const NodeKey a = *NodeKey::Generate(), b = *NodeKey::Generate();
  Handshake initiator(Role::kInitiator, &a, b.id(), RandomOf(1));
  Handshake recipient(Role::kRecipient, &b, std::nullopt, RandomOf(2));
  ASSERT_TRUE(recipient.Start().ok());
  const Bytes auth = *initiator.Start();
  for (uint8_t byte : auth) {
    ASSERT_FALSE(recipient.done());
    ASSERT_EQ(*recipient.Feed({&byte, 1}), 1u);
  }
  ASSERT_TRUE(recipient.done());
  EXPECT_EQ(recipient.remote(), a.id());
  Bytes ack = recipient.reply();
  const size_t size = ack.size();
  ack.insert(ack.end(), 50, 0xee);
  EXPECT_EQ(*initiator.Feed(ack), size);
  ASSERT_TRUE(initiator.done());
  EXPECT_EQ(initiator.secrets().aes, recipient.secrets().aes);
  EXPECT_EQ(initiator.secrets().mac, recipient.secrets().mac);
  EXPECT_TRUE(initiator.secrets().egress_mac == recipient.secrets().ingress_mac);
  EXPECT_TRUE(initiator.secrets().ingress_mac == recipient.secrets().egress_mac);
}

TEST(Handshake, PacketsAreDeterministicAndWithinTheLimit) {
  const NodeKey a = *NodeKey::Generate(), b = *NodeKey::Generate();
  for (uint8_t seed = 0; seed < 40; ++seed) {
    Handshake one(Role::kInitiator, &a, b.id(), RandomOf(seed));
    Handshake two(Role::kInitiator, &a, b.id(), RandomOf(seed));
    const Bytes packet = *one.Start();
    EXPECT_EQ(packet, *two.Start());
    const Bytes plain = *EciesOpen(b, packet);
    const size_t list = 2 + 67 + 66 + 33 + 1;
    EXPECT_GE(plain.size(), list + 100);
    EXPECT_LE(plain.size(), list + 299);
  }
}

TEST(Handshake, RefusesSizesBeforeReadingOn) {
  const NodeKey key = *NodeKey::Generate();
  for (const char* prefix : {"0000", "0071", "0801", "ffff"}) {
    Handshake handshake(Role::kRecipient, &key, std::nullopt, RandomOf(1));
    ASSERT_TRUE(handshake.Start().ok());
    EXPECT_EQ(handshake.Feed(Unhex(prefix)).status().code(), absl::StatusCode::kInvalidArgument)
        << prefix;
  }
}

TEST(Handshake, RefusesAWrongTag) {
  const Eip8 v;
  Bytes packet = v.Packet("auth2");
  packet[200] ^= 1;
  Handshake handshake(Role::kRecipient, &v.b, std::nullopt, RandomOf(1));
  ASSERT_TRUE(handshake.Start().ok());
  EXPECT_EQ(handshake.Feed(packet).status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_FALSE(handshake.done());
}

TEST(Handshake, RefusesBodiesThatBreakTheGrammar) {
  const NodeKey key = *NodeKey::Generate(), ephemeral = *NodeKey::Generate();
  const Bytes no_list(200, 0x80);
  const Bytes short_signature = wire::RlpEncodeList([](auto& out) { out.String(Bytes(64, 1)); });
  const Bytes no_point = wire::RlpEncodeList([](auto& out) {
    out.String(Bytes(65, 1));
    out.String(Bytes(64, 1));
    out.String(Bytes(32, 1));
    out.Uint(4);
  });
  const Bytes no_signature = wire::RlpEncodeList([&](auto& out) {
    out.String(Bytes(65, 0));
    out.String(ephemeral.id());
    out.String(Bytes(32, 1));
    out.Uint(4);
  });
  for (const Bytes& body : {no_list, short_signature, no_point, no_signature}) {
    Handshake handshake(Role::kRecipient, &key, std::nullopt, RandomOf(1));
    ASSERT_TRUE(handshake.Start().ok());
    EXPECT_EQ(handshake.Feed(*EciesSeal(key.id(), body, ephemeral, {})).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(Handshake, RefusesAcksThatBreakTheGrammar) {
  const NodeKey key = *NodeKey::Generate(), remote = *NodeKey::Generate();
  const Bytes no_list(200, 0x80);
  const Bytes short_key = wire::RlpEncodeList([](auto& out) { out.String(Bytes(63, 1)); });
  const auto ack = [](ByteView ephemeral, size_t nonce_bytes) {
    return wire::RlpEncodeList([&](auto& out) {
      out.String(ephemeral);
      out.String(Bytes(nonce_bytes, 1));
      out.Uint(4);
    });
  };
  struct Case {
    Bytes body;
    const char* text;
  };
  for (const auto& [body, text] :
       {Case{no_list, "ack"}, Case{short_key, "ack ephemeral key: has 63 bytes, must have 64"},
        Case{ack(remote.id(), 31), "ack nonce: has 31 bytes, must have 32"},
        Case{ack(Bytes(64, 1), 32), "public key"}}) {
    Handshake handshake(Role::kInitiator, &key, remote.id(), RandomOf(1));
    ASSERT_TRUE(handshake.Start().ok());
    const absl::Status status =
        handshake.Feed(*EciesSeal(key.id(), body, *NodeKey::Generate(), {})).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_NE(status.message().find(text), absl::string_view::npos) << status;
    EXPECT_FALSE(handshake.done());
  }
}

TEST(Handshake, RefusesAnAckWithAWrongTag) {
  const Eip8 v;
  Bytes packet = v.Packet("ack2");
  packet[200] ^= 1;
  Handshake handshake(Role::kInitiator, &v.a, v.b.id(), v.Random("ephemeral_key_A", "nonce_A"));
  ASSERT_TRUE(handshake.Start().ok());
  EXPECT_EQ(handshake.Feed(packet).status(),
            absl::UnauthenticatedError("handshake packet: wrong tag"));
  EXPECT_FALSE(handshake.done());
}

// Of 2^128 draws one is no key: then there is an error, and no packet.
TEST(Handshake, DrawsThatAreNoKeysAreErrors) {
  const NodeKey key = *NodeKey::Generate(), remote = *NodeKey::Generate();
  const absl::Status no_key =
      absl::InvalidArgumentError("node key: not a secp256k1 secret (zero, or not below the order)");
  HandshakeRandom no_ephemeral = RandomOf(1), no_ecies = RandomOf(1);
  no_ephemeral.ephemeral.fill(0xff);
  no_ecies.ecies = {};
  for (const HandshakeRandom& random : {no_ephemeral, no_ecies}) {
    EXPECT_EQ(Handshake(Role::kInitiator, &key, remote.id(), random).Start().status(), no_key);
  }
  EXPECT_EQ(Handshake(Role::kRecipient, &key, std::nullopt, no_ephemeral).Start().status(), no_key);

  const Bytes auth = *Handshake(Role::kInitiator, &remote, key.id(), RandomOf(2)).Start();
  Handshake recipient(Role::kRecipient, &key, std::nullopt, no_ecies);
  ASSERT_TRUE(recipient.Start().ok());
  EXPECT_EQ(recipient.Feed(auth).status(), no_key);
  EXPECT_FALSE(recipient.done());
}

TEST(Handshake, InitiatorNeedsAPointToDial) {
  const NodeKey key = *NodeKey::Generate();
  EXPECT_FALSE(Handshake(Role::kInitiator, &key, std::nullopt, RandomOf(1)).Start().ok());
  EXPECT_FALSE(Handshake(Role::kInitiator, &key, NodeId{7}, RandomOf(1)).Start().ok());
}

}  // namespace
}  // namespace flblk::rlpx
