// What a peer is charged with is said in words that name the limit.
#include <gmock/gmock.h>

#include <algorithm>

#include "p2p/core/testing/network_bench.h"
#include "p2p/wire/limits.h"

namespace flblk::core {
namespace {

using ::testing::HasSubstr;
using testing::TestKey;
using testing::TestMarker;
using wire::MessageKind;

class EngineOffences : public EngineNetwork {
 protected:
  void ExpectCharged(Offence offence, const char* text) {
    ASSERT_FALSE(node().penalties.empty());
    EXPECT_EQ(node().penalties.back().offence, offence);
    EXPECT_THAT(node().penalties.back().why, HasSubstr(text));
  }
};

TEST_F(EngineOffences, MoreSignedMessagesThanABuilderSends) {
  mesh_.Run(std::chrono::seconds(10));  // none of these slots is in the future
  for (uint64_t slot = 0; slot <= 10 && node().penalties.empty(); ++slot) {
    for (uint64_t i = 0; i <= wire::kMaxFlashblockIndex; ++i)
      mesh_.ProbeSend(feed_, Flashblock(slot, i, 1, 0, 11, 10));
  }
  ExpectCharged(Offence::kFlood, "signed messages: more than 1024, then 200 a second");
  EXPECT_EQ(stats().flashblocks_new, 1024u);
}
TEST_F(EngineOffences, CopiesWithoutEnd) {
  const wire::FramePtr flashblock = Flashblock(0, 0);
  for (int i = 0; i < 1 + 512; ++i) mesh_.ProbeSend(feed_, flashblock);
  EXPECT_TRUE(node().penalties.empty());
  mesh_.ProbeSend(feed_, flashblock);
  ExpectCharged(Offence::kFlood, "duplicates: more than 512, then 66 a second bring nothing");
}
TEST_F(EngineOffences, OtherBytesForKnownFlashblocks) {
  mesh_.ProbeSend(feed_, Flashblock(0, 0));
  for (int i = 0; i < 33; ++i) mesh_.ProbeSend(feed_, Flashblock(0, 0, 2 + i));
  ExpectCharged(Offence::kFlood,
                "other bytes for known flashblocks: more than 32, then 8 a second");
}
TEST_F(EngineOffences, OtherBytesForKnownMarkers) {
  mesh_.ProbeSend(feed_, TestMarker(TestKey(11), Auth(0), MessageKind::kStartPublish));
  for (uint8_t i = 1; i <= 33; ++i)
    mesh_.ProbeSend(feed_, TestMarker(TestKey(11), Auth(0, i), MessageKind::kStartPublish));
  ExpectCharged(Offence::kFlood, "other bytes for known messages: more than 32, then 8 a second");
}
TEST_F(EngineOffences, AFlashblockThatItsBuilderSignedAndNobodyCanDecode) {
  wire::FlashblocksPayloadV1 flashblock = testing::TestFlashblock(0, 0, 1);
  flashblock.payload_id = testing::TestPayload(0);
  Bytes message = wire::EncodeFlashblockMessage(flashblock);
  const auto hash =
      std::ranges::find(message, 0xa0);  // the first of 32 bytes: parent_beacon_block_root
  ASSERT_NE(hash, message.end());
  *hash = 0x9f;  // of 31 now, and what follows is shifted
  const Bytes item = wire::EncodeAuthorization(Auth(0));
  auto frame = std::make_shared<wire::Frame>();
  frame->body =
      wire::EncodeAuthorized(message, item, TestKey(11).Sign(wire::ActorDigest(message, item)));
  frame->snappy = frame->body;
  mesh_.ProbeSend(feed_, frame);
  EXPECT_EQ(stats().malformed, 1u);
  EXPECT_EQ(Relayed(), 0u);
  ExpectCharged(Offence::kMalformed, "diff.state_root: has 31 bytes, must have 32");
}
TEST_F(EngineOffences, ControlMessagesWhereThereAreNone) {
  for (int i = 0; i < 5; ++i)
    mesh_.ProbeSend(feed_, testing::ControlFrame(wire::MessageId::kRequestFlashblocks));
  ExpectCharged(Offence::kUnexpected, "unexpected control message in flblk/1, beyond the budget");
  const SessionId second = mesh_.ConnectProbe(node_, 2);
  mesh_.ProbeSend(second, testing::ControlFrame(wire::MessageId::kRejectFlashblocks));
  for (int i = 0; i < 5; ++i)
    mesh_.ProbeSend(second, testing::ControlFrame(wire::MessageId::kRejectFlashblocks));
  ExpectCharged(Offence::kUnexpected, "unexpected RejectFlashblocks, beyond the budget");
}
TEST_F(EngineOffences, ControlMessagesWithoutEnd) {
  const SessionId peer = mesh_.ConnectProbe(node_, 2);
  for (int i = 0; i < 21; ++i)
    mesh_.ProbeSend(peer, testing::ControlFrame(wire::MessageId::kRequestFlashblocks));
  ExpectCharged(Offence::kFlood, "control messages: more than 20, then 10 in 30 s");
}
TEST_F(EngineOffences, ARelayHasNothingToSeal) {
  EXPECT_EQ(mesh_.Do(node_, PayloadSealed{testing::TestPayload(0)}),
            absl::FailedPreconditionError("no builder key is configured: this node relays only"));
}

}  // namespace
}  // namespace flblk::core
