#include "p2p/rlpx/ecies.h"

#include <gtest/gtest.h>

#include "p2p/rlpx/limits.h"
#include "p2p/wire/testing/vectors.h"

namespace flblk::rlpx {
namespace {

using wire::testing::LoadJson;
using wire::testing::Unhex;
using wire::testing::UnhexFixed;

NodeKey KeyOf(uint8_t seed) {
  FixedBytes<32> secret;
  secret.fill(seed);
  return *NodeKey::FromSecret(secret);
}

Bytes SealedText(size_t size) {
  const NodeKey to = KeyOf(1), ephemeral = KeyOf(2);
  return *EciesSeal(to.id(), Bytes(size, 'x'), ephemeral, SafeIv({9, 9}));
}

TEST(Ecies, KdfOfVectors) {
  const auto primitives = LoadJson("vectors/rlpx_ecies.json")["ecies_primitives"];
  const std::string input = primitives["kdf_sha256_input_ascii"];
  for (const auto& v : primitives["kdf"]) {
    Bytes out(v["len"].get<size_t>());
    ConcatKdf(AsBytes(input), out);
    EXPECT_EQ(ToHex(out), v["out"]);
  }
}

TEST(Ecies, OpensPacketsOfVectors) {
  const auto eip8 = LoadJson("vectors/rlpx_ecies.json")["eip8"];
  for (const auto& v : eip8["packets"]) {
    const char* key_name =
        v["encrypted_to"] == "A" ? "static_key_initiator_A" : "static_key_recipient_B";
    const NodeKey key = *NodeKey::FromSecret(UnhexFixed<32>(eip8[key_name].get<std::string>()));
    absl::StatusOr<Bytes> plain = EciesOpen(key, Unhex(v["hex"].get<std::string>()));
    ASSERT_TRUE(plain.ok()) << v["name"] << plain.status();
    EXPECT_GE((*plain)[0], 0xc0) << v["name"];
    EXPECT_GT(plain->size(), v["padding_bytes_after_rlp"].get<size_t>());
  }
}

TEST(Ecies, RoundTrip) {
  for (size_t size : {size_t{1}, size_t{15}, size_t{16}, size_t{200}, kMaxHandshakePacket - 113}) {
    absl::StatusOr<Bytes> plain = EciesOpen(KeyOf(1), SealedText(size));
    ASSERT_TRUE(plain.ok()) << plain.status();
    EXPECT_EQ(*plain, Bytes(size, 'x'));
  }
}

TEST(Ecies, EveryBitCounts) {
  const Bytes good = SealedText(20);
  for (size_t bit = 0; bit < good.size() * 8; bit += 7) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(EciesOpen(KeyOf(1), bad).ok()) << "bit " << bit;
  }
}

TEST(Ecies, WrongTagIsUnauthenticated) {
  Bytes bad = SealedText(20);
  bad.back() ^= 1;
  EXPECT_EQ(EciesOpen(KeyOf(1), bad).status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(EciesOpen(KeyOf(3), SealedText(20)).status().code(),
            absl::StatusCode::kUnauthenticated);
}

TEST(Ecies, RefusesEveryCutAndSurplus) {
  Bytes packet = SealedText(5);
  for (size_t n = 0; n < packet.size(); ++n) {
    EXPECT_EQ(EciesOpen(KeyOf(1), ByteView(packet).first(n)).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  packet.push_back(0);
  EXPECT_EQ(EciesOpen(KeyOf(1), packet).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Ecies, SealRefusesWhatNoPeerWouldRead) {
  const NodeKey to = KeyOf(1), ephemeral = KeyOf(2);
  EXPECT_EQ(EciesSeal(to.id(), Bytes(kMaxHandshakePacket - 112), ephemeral, {}).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(EciesSeal(NodeId{}, Bytes(10), ephemeral, {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(Ecies, SafeIvKeepsTheLowHalfFromOverflowing) {
  FixedBytes<16> iv;
  iv.fill(0xff);
  iv = SafeIv(iv);
  EXPECT_EQ(iv[8], 0x7f);
  EXPECT_EQ(iv[7], 0xff);
}

}  // namespace
}  // namespace flblk::rlpx
