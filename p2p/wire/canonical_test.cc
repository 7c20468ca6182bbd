#include "p2p/wire/canonical.h"

#include <gtest/gtest.h>

#include "p2p/wire/metadata.h"
#include "p2p/wire/testing/flashblocks.h"
#include "p2p/wire/testing/vectors.h"

namespace flblk::wire {
namespace {

using testing::Unhex;

TEST(Canonical, EveryVectorHasItsVerdict) {
  int frames = 0;
  for (const char* file : {"vectors/flblk_pinned.json", "vectors/flblk_derived.json"}) {
    const nlohmann::json vectors = testing::LoadJson(file);
    for (const auto& frame : vectors["frames"]) {
      const std::string name = frame["name"].get<std::string>();
      Bytes bytes = Unhex(frame["frame"].get<std::string>());
      if (bytes.size() < 10) continue;
      absl::StatusOr<Envelope> envelope = SplitAuthorized(ByteView(bytes).subspan(1));
      ASSERT_TRUE(envelope.ok()) << name;
      const bool canonical =
          name != "noncanonical_metadata" && name != "rollup_boost_blob_gas_used";
      EXPECT_EQ(IsCanonical(envelope->message), canonical) << name;
      EXPECT_TRUE(IsCanonicalAuthorization(*envelope)) << name;
      ++frames;
    }
  }
  EXPECT_EQ(frames, 11);
}

TEST(Canonical, WhatAReEncodingLoses) {
  std::mt19937_64 random(1);
  FlashblocksPayloadV1 flashblock = testing::RandomFlashblock(random);
  flashblock.diff.access_list_data.reset();
  EXPECT_TRUE(IsCanonical(EncodeFlashblockMessage(flashblock)));
  FlashblocksPayloadV1 explicit_absence = flashblock;
  explicit_absence.diff.access_list_data = Unhex("80");
  EXPECT_TRUE(DecodeFlashblockMessage(EncodeFlashblockMessage(explicit_absence)).ok());
  EXPECT_FALSE(IsCanonical(EncodeFlashblockMessage(explicit_absence)));
  FlashblocksPayloadV1 unknown_key = flashblock;
  unknown_key.metadata = "{\"fees\":\"0x0\",\"block_number\":1}";
  EXPECT_FALSE(IsCanonical(EncodeFlashblockMessage(unknown_key)));
  Bytes surplus = RlpEncodeList([&](auto& out) {
    out.Uint(0);
    out.Item(EncodeFlashblock(flashblock));
    out.Uint(1);
  });
  EXPECT_TRUE(DecodeFlashblockMessage(surplus).ok());
  EXPECT_FALSE(IsCanonical(surplus));
}

TEST(Canonical, Markers) {
  EXPECT_TRUE(IsCanonical(Unhex("c101")));
  EXPECT_TRUE(IsCanonical(Unhex("c102")));
  EXPECT_FALSE(IsCanonical(Unhex("c601846a756e6b")));
  EXPECT_FALSE(IsCanonical(Unhex("c103")));
  EXPECT_FALSE(IsCanonical(ByteView()));
}

TEST(Canonical, AuthorizationWithSurplusItems) {
  Bytes bytes = Unhex(
      testing::LoadJson("vectors/flblk_pinned.json")["frames"][1]["frame"].get<std::string>());
  Envelope envelope = *SplitAuthorized(ByteView(bytes).subspan(1));
  Bytes surplus = RlpEncodeList([&](auto& out) {
    out.String(envelope.authorization.payload_id);
    out.Uint(envelope.authorization.timestamp);
    out.String(envelope.authorization.builder_vk.bytes);
    out.String(envelope.authorization.authorizer_sig.bytes);
    out.Uint(1);
  });
  Bytes body = EncodeAuthorized(envelope.message, surplus, envelope.actor_sig);
  absl::StatusOr<Envelope> split = SplitAuthorized(body);
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_FALSE(IsCanonicalAuthorization(*split));
}

}  // namespace
}  // namespace flblk::wire
