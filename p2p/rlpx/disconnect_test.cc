#include "p2p/rlpx/disconnect.h"

#include <gtest/gtest.h>

#include "p2p/rlpx/snappy_block.h"
#include "p2p/wire/testing/vectors.h"

namespace flblk::rlpx {
namespace {

using wire::testing::LoadJson;
using wire::testing::Unhex;

Bytes PayloadOf(const nlohmann::json& frame_content) {
  Bytes content = Unhex(frame_content.get<std::string>());
  EXPECT_EQ(content[0], kDisconnectId);
  content.erase(content.begin());
  return content;
}

TEST(Disconnect, AcceptedEncodingsOfVectors) {
  for (const auto& v :
       nlohmann::json(LoadJson("vectors/p2p_base.json")["disconnect_uncompressed_accepted"])) {
    absl::StatusOr<DisconnectReason> reason = DecodeDisconnect(PayloadOf(v["frame_content"]));
    ASSERT_TRUE(reason.ok()) << v;
    EXPECT_EQ(static_cast<int>(*reason), v["reason"]);
    // The same, compressed.
    reason = DecodeDisconnect(SnappyCompress(PayloadOf(v["frame_content"])));
    ASSERT_TRUE(reason.ok()) << v;
    EXPECT_EQ(static_cast<int>(*reason), v["reason"]);
  }
}

TEST(Disconnect, OursAreThoseOfVectors) {
  const auto derived = LoadJson("vectors/p2p_base.json")["derived"];
  EXPECT_EQ(SnappyCompress(EncodeDisconnect(DisconnectReason::kClientQuitting)),
            PayloadOf(derived[0]["frame_content"]));
  EXPECT_EQ(SnappyCompress(EncodeDisconnect(DisconnectReason::kRequested)),
            PayloadOf(derived[1]["frame_content"]));
  EXPECT_EQ(DecodeDisconnect(PayloadOf(derived[0]["frame_content"])).value(),
            DisconnectReason::kClientQuitting);
}

TEST(Disconnect, RefusesTheRest) {
  const auto rejected = LoadJson("vectors/p2p_base.json")["disconnect_rejected"][0]["reason_body"];
  for (const std::string& hex : {rejected.get<std::string>(), std::string(), std::string("c101ff"),
                                 std::string("0204c101ff"), std::string("0308c28001"),
                                 std::string("030c820100"), std::string("ffffff7f00")}) {
    EXPECT_FALSE(DecodeDisconnect(Unhex(hex)).ok()) << hex;
  }
}

TEST(Disconnect, UnknownReasonsAreKept) {
  absl::StatusOr<DisconnectReason> reason = DecodeDisconnect(Unhex("c111"));
  ASSERT_TRUE(reason.ok());
  EXPECT_EQ(static_cast<int>(*reason), 0x11);
  EXPECT_STREQ(Name(*reason), "unknown reason");
  EXPECT_STREQ(Name(DisconnectReason::kTooManyPeers), "too many peers");
}

}  // namespace
}  // namespace flblk::rlpx
