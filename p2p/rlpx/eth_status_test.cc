#include "p2p/rlpx/eth_status.h"

#include <gtest/gtest.h>

#include "p2p/wire/testing/vectors.h"

namespace flblk::rlpx {
namespace {

using wire::testing::LoadJson;
using wire::testing::Unhex;
using wire::testing::UnhexFixed;

nlohmann::json Vectors() { return LoadJson("vectors/eth_messages.json"); }

Bytes Rlp(const nlohmann::json& v) { return Unhex(v["rlp"].get<std::string>()); }

TEST(EthStatus, FieldsOfVectors) {
  const auto vectors = Vectors()["status"];
  const EthStatus legacy = *DecodeEthStatus(Rlp(vectors[0]), 68);
  const auto& in = vectors[0]["inputs"];
  EXPECT_EQ(legacy.version, 67u);
  EXPECT_EQ(legacy.network_id, 1u);
  EXPECT_EQ(ToHex(legacy.head_hash), in["head"]);
  EXPECT_EQ(ToHex(legacy.genesis), in["genesis"]);
  EXPECT_EQ(ToHex(legacy.fork_hash), in["fork"][0]);
  EXPECT_EQ(ToHex(legacy.total_difficulty).substr(44), "07aac59dabcdd74bc567");

  const EthStatus range = *DecodeEthStatus(Rlp(vectors[1]), 69);
  EXPECT_EQ(range.version, 69u);
  EXPECT_EQ(range.earliest, 15537394u);
  EXPECT_EQ(range.latest, 18000000u);
  EXPECT_EQ(ToHex(range.head_hash), vectors[1]["inputs"]["latest_hash"]);
  EXPECT_EQ(range.fork_next, 0u);
}

TEST(EthStatus, VectorsReencodeToTheSameBytes) {
  auto vectors = Vectors();
  for (const auto& v : vectors["status"]) {
    const uint64_t version = v["name"].get<std::string>().find("69") == std::string::npos ? 68 : 69;
    absl::StatusOr<EthStatus> status = DecodeEthStatus(Rlp(v), version);
    ASSERT_TRUE(status.ok()) << v["name"] << status.status();
    EXPECT_EQ(EncodeEthStatus(*status), Rlp(v)) << v["name"];
  }
  const auto& worldchain = vectors["derived"][2];
  EXPECT_EQ(DecodeEthStatus(Rlp(worldchain), 69)->network_id, 480u);
}

TEST(EthStatus, EveryCutIsAnError) {
  for (uint64_t version : {68, 69}) {
    EthStatus status;
    status.version = version;
    status.network_id = 1000;
    const Bytes whole = EncodeEthStatus(status);
    ASSERT_EQ(*DecodeEthStatus(whole, version), status);
    for (size_t n = 0; n < whole.size(); ++n) {
      EXPECT_FALSE(DecodeEthStatus(ByteView(whole).first(n), version).ok());
    }
  }
}

TEST(EthStatus, TheWrongLayoutNamesAField) {
  EthStatus status;
  status.version = 69;
  absl::Status error = DecodeEthStatus(EncodeEthStatus(status), 68).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(error.message().find("Status"), std::string_view::npos);
}

}  // namespace
}  // namespace flblk::rlpx
