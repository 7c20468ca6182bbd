#include "p2p/rlpx/disconnect.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

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

TEST(Disconnect, SaysWhatIsWrong) {
  const std::map<std::string, std::string> errors = {
      {"", "Disconnect reason: missing (at byte 0)"},
      {"c0", "Disconnect reason: missing (at byte 1)"},
      {"c2", "Disconnect: needs 2 bytes, 0 are left (at byte 0)"},
      {"040cc3820100", "Disconnect reason: above one byte (at byte 4)"},
      {"0308820100", "Disconnect reason: above one byte (at byte 3)"},
      {"0308c28001", "Disconnect: 1 surplus bytes (at byte 2)"},
      {"ffffff7f00", "snappy: declares 268435455 bytes, limit 1024"},
  };
  for (const auto& [hex, error] : errors) {
    EXPECT_EQ(DecodeDisconnect(Unhex(hex)).status().message(), error) << hex;
  }
}

TEST(Disconnect, UnknownReasonsAreKept) {
  absl::StatusOr<DisconnectReason> reason = DecodeDisconnect(Unhex("c111"));
  ASSERT_TRUE(reason.ok());
  EXPECT_EQ(static_cast<int>(*reason), 0x11);
  EXPECT_STREQ(Name(*reason), "unknown reason");
  EXPECT_STREQ(Name(DisconnectReason::kTooManyPeers), "too many peers");
}

// Found by session_fuzz: above 0x7f the plain form has as many bytes as the shortest compressed
// one.
TEST(Disconnect, EveryReasonIsReadInBothForms) {
  for (int reason = 0; reason < 256; ++reason) {
    const Bytes plain = EncodeDisconnect(static_cast<DisconnectReason>(reason));
    for (const Bytes& payload : {plain, SnappyCompress(plain)}) {
      const absl::StatusOr<DisconnectReason> read = DecodeDisconnect(payload);
      ASSERT_TRUE(read.ok()) << reason << ": " << read.status();
      EXPECT_EQ(static_cast<int>(*read), reason);
    }
  }
}

TEST(Disconnect, EveryReasonOfTheSpecificationHasItsName) {
  const std::map<int, std::string> names = {{0x00, "requested"},
                                            {0x01, "network error"},
                                            {0x02, "protocol breach"},
                                            {0x03, "useless peer"},
                                            {0x04, "too many peers"},
                                            {0x05, "already connected"},
                                            {0x06, "incompatible p2p version"},
                                            {0x07, "invalid node identity"},
                                            {0x08, "client quitting"},
                                            {0x09, "unexpected identity"},
                                            {0x0a, "connected to itself"},
                                            {0x0b, "timeout"},
                                            {0x10, "sub-protocol error"}};
  for (int reason = 0; reason <= 0xff; ++reason) {
    const auto named = names.find(reason);
    EXPECT_EQ(Name(static_cast<DisconnectReason>(reason)),
              named == names.end() ? "unknown reason" : named->second)
        << reason;
  }
}

}  // namespace
}  // namespace flblk::rlpx
