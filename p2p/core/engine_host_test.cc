// Host calls: what is checked, what the error says, what goes out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "p2p/core/testing/mesh.h"
#include "p2p/wire/envelope.h"
#include "p2p/wire/limits.h"

namespace flblk::core {
namespace {

using ::testing::HasSubstr;
using testing::Mesh;
using ::testing::StartsWith;
using testing::TestFlashblock;
using testing::TestKey;
using testing::TestPayload;
using S = PublishState;
using std::chrono::milliseconds;

class EngineHost : public ::testing::Test {
 protected:
  EngineHost() {
    node_ = mesh_.Add(11);
    probe_ = mesh_.ConnectProbe(node_, 1);
    mesh_.inbox_of(probe_).clear();
  }
  ForkchoiceUpdated Update(uint64_t slot) {
    ForkchoiceUpdated update;
    update.attributes.emplace();
    update.attributes->timestamp = Mesh::Time(slot);
    update.attributes->payload_id = TestPayload(slot);
    update.authorization = mesh_.Authorize(node_, slot);
    return update;
  }
  // The call fails so, nothing is sent, the state stays.
  void ExpectRefused(Event event, absl::StatusCode code, const std::string& text) {
    const S before = mesh_.state(node_);
    const size_t sent = mesh_.inbox_of(probe_).size();
    const absl::Status status = mesh_.Do(node_, std::move(event));
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(status.message(), HasSubstr(text));
    EXPECT_EQ(mesh_.state(node_), before);
    EXPECT_EQ(mesh_.inbox_of(probe_).size(), sent);
  }
  std::vector<wire::MessageKind> SentKinds() {
    std::vector<wire::MessageKind> kinds;
    for (const wire::FramePtr& frame : mesh_.inbox_of(probe_)) {
      kinds.push_back(wire::PeekMessage(wire::SplitAuthorized(frame->body)->message)->kind);
    }
    return kinds;
  }
  Mesh mesh_;
  int node_;
  SessionId probe_;
};

// ---- FCU

// A slot once taken is never left for an older one: an hour too late would be an hour of silence.
TEST_F(EngineHost, AuthorizationInTheFuture) {
  const auto at = [&](uint64_t ahead) {
    ForkchoiceUpdated update = Update(0);
    const uint64_t timestamp = static_cast<uint64_t>(mesh_.now().unix_seconds()) + ahead;
    update.attributes->timestamp = timestamp;
    update.authorization = MakeAuthorization(mesh_.authorizer(), TestPayload(0), timestamp,
                                             mesh_.Authorize(node_, 0).builder_vk);
    return update;
  };
  ExpectRefused(at(61), absl::StatusCode::kInvalidArgument,
                " is 61 s ahead of this machine's clock, the limit is 60");
  EXPECT_TRUE(mesh_.Do(node_, at(60)).ok());
}

TEST_F(EngineHost, AuthorizationForAnotherKey) {
  ForkchoiceUpdated update = Update(0);
  update.authorization = MakeAuthorization(mesh_.authorizer(), TestPayload(0), Mesh::Time(0),
                                           TestKey(12).public_key());
  ExpectRefused(update, absl::StatusCode::kPermissionDenied,
                "authorization.builder_vk " + ToHex(TestKey(12).public_key().bytes) +
                    " is not this builder's key " + ToHex(TestKey(11).public_key().bytes));
}
TEST_F(EngineHost, AuthorizationWithBadAuthorizerSignature) {
  ForkchoiceUpdated update = Update(0);
  update.authorization->authorizer_sig.bytes[3] ^= 1;
  ExpectRefused(update, absl::StatusCode::kUnauthenticated,
                "authorization.authorizer_sig is not the authorizer's");
}
TEST_F(EngineHost, AuthorizationWithoutAttributes) {
  ForkchoiceUpdated update = Update(0);
  update.attributes.reset();
  ExpectRefused(update, absl::StatusCode::kInvalidArgument,
                "authorization without payload attributes");
}
TEST_F(EngineHost, AuthorizationForAnotherTimestamp) {
  ForkchoiceUpdated update = Update(0);
  update.attributes->timestamp += 2;
  ExpectRefused(update, absl::StatusCode::kInvalidArgument,
                "authorization.timestamp 1800000000 is not the attributes' 1800000002");
}
TEST_F(EngineHost, AuthorizationForAnotherPayloadId) {
  ForkchoiceUpdated update = Update(0);
  update.attributes->payload_id = TestPayload(0, 9);
  ExpectRefused(update, absl::StatusCode::kInvalidArgument,
                "authorization.payload_id " + ToHex(TestPayload(0)) + " is not the host's " +
                    ToHex(TestPayload(0, 9)));
}
TEST_F(EngineHost, PayloadIdsMayDifferInTheVersionByte) {
  ForkchoiceUpdated update = Update(0);
  (*update.attributes->payload_id)[0] = 4;
  EXPECT_TRUE(mesh_.Do(node_, update).ok());
  wire::FlashblocksPayloadV1 f = TestFlashblock(0, 0, 1);
  f.payload_id = *update.attributes->payload_id;
  ASSERT_TRUE(mesh_.Do(node_, PublishFlashblock{f}).ok());
  EXPECT_EQ(mesh_[node_].delivered[0].flashblock->payload_id,
            TestPayload(0));  // the authorized one
}
TEST_F(EngineHost, AuthorizationForAnOlderSlot) {
  ASSERT_TRUE(mesh_.Do(node_, Update(1)).ok());
  ExpectRefused(Update(0), absl::StatusCode::kFailedPrecondition,
                "authorization.timestamp 1800000000 is older than the current slot 1800000002");
}
TEST_F(EngineHost, RelayNodeHasNothingToAuthorize) {
  const int relay = mesh_.Add();
  EXPECT_EQ(mesh_.Do(relay, Update(0)).code(), absl::StatusCode::kFailedPrecondition);
  ForkchoiceUpdated head;
  EXPECT_TRUE(mesh_.Do(relay, head).ok());
  EXPECT_THAT(std::string(mesh_.Do(relay, PublishFlashblock{}).message()),
              HasSubstr("no builder key is configured"));
  EXPECT_TRUE(mesh_.Do(relay, StopPublishing{"shutdown"}).ok());
}
TEST_F(EngineHost, UnreachableSignerLeavesEverythingAsItWas) {
  mesh_[node_].signer->reachable = false;
  ExpectRefused(Update(0), absl::StatusCode::kUnavailable, "key not reachable");
  EXPECT_TRUE(mesh_[node_].changes.empty());
  mesh_[node_].signer->reachable = true;
  EXPECT_TRUE(mesh_.Do(node_, Update(0)).ok());
  EXPECT_EQ(mesh_.state(node_), S::kPublishing);
}

// ---- publish

TEST_F(EngineHost, NotClearedNamesTheState) {
  ExpectRefused(PublishFlashblock{TestFlashblock(0, 0, 1)}, absl::StatusCode::kFailedPrecondition,
                "not cleared to publish: the hand-off is idle");
  const Authorization rival = MakeAuthorization(mesh_.authorizer(), TestPayload(0), Mesh::Time(0),
                                                TestKey(12).public_key());
  mesh_.ProbeSend(probe_,
                  testing::TestMarker(TestKey(12), rival, wire::MessageKind::kStartPublish));
  ASSERT_TRUE(mesh_.Do(node_, Update(0)).ok());
  ExpectRefused(PublishFlashblock{TestFlashblock(0, 0, 1)}, absl::StatusCode::kFailedPrecondition,
                "the hand-off is waiting for builder " +
                    ToHex(ByteView(TestKey(12).public_key().bytes).first(4)));
}

class EnginePublish : public EngineHost {
 protected:
  EnginePublish() {
    EXPECT_TRUE(mesh_.Do(node_, Update(0)).ok());
    EXPECT_TRUE(mesh_.Publish(node_, 0, 0).ok());
  }
};

TEST_F(EnginePublish, StartGoesOutBeforeTheFirstFlashblock) {
  EXPECT_THAT(SentKinds(), ::testing::ElementsAre(wire::MessageKind::kStartPublish,
                                                  wire::MessageKind::kFlashblock));
}
TEST_F(EnginePublish, WrongIndexNamesTheExpectedOne) {
  ExpectRefused(PublishFlashblock{TestFlashblock(0, 2, 1)}, absl::StatusCode::kOutOfRange,
                "flashblock.index is 2, expected 1");
  ExpectRefused(PublishFlashblock{TestFlashblock(0, 0, 1)}, absl::StatusCode::kOutOfRange,
                "flashblock.index is 0, expected 1");
}
TEST_F(EnginePublish, IndexOverTheLimit) {
  for (uint64_t i = 1; i <= wire::kMaxFlashblockIndex; ++i)
    ASSERT_TRUE(mesh_.Publish(node_, 0, i).ok());
  ExpectRefused(PublishFlashblock{TestFlashblock(0, 101, 1)}, absl::StatusCode::kOutOfRange,
                "flashblock.index is 101, the limit is 100");
}
TEST_F(EnginePublish, WrongPayloadId) {
  wire::FlashblocksPayloadV1 f = TestFlashblock(0, 1, 1);
  f.payload_id = TestPayload(7);
  ExpectRefused(PublishFlashblock{f}, absl::StatusCode::kInvalidArgument,
                "flashblock.payload_id " + ToHex(TestPayload(7)) + " is not the authorized " +
                    ToHex(TestPayload(0)));
}
TEST_F(EnginePublish, BaseMissing) {
  ASSERT_TRUE(mesh_.Do(node_, Update(1)).ok());
  wire::FlashblocksPayloadV1 f = TestFlashblock(1, 0, 1);
  f.base.reset();
  ExpectRefused(PublishFlashblock{f}, absl::StatusCode::kInvalidArgument,
                "flashblock.base is missing at index 0");
}
TEST_F(EnginePublish, BaseUnexpected) {
  wire::FlashblocksPayloadV1 f = TestFlashblock(0, 1, 1);
  f.base.emplace();
  ExpectRefused(PublishFlashblock{f}, absl::StatusCode::kInvalidArgument,
                "flashblock.base is present at index 1");
}
TEST_F(EnginePublish, BaseTimestampMismatch) {
  ASSERT_TRUE(mesh_.Do(node_, Update(1)).ok());
  ExpectRefused(PublishFlashblock{TestFlashblock(3, 0, 1)}, absl::StatusCode::kInvalidArgument,
                "flashblock.base.timestamp 1800000006 is not the authorization's 1800000002");
}
TEST_F(EngineHost, BaseBlockNumberMismatch) {
  ForkchoiceUpdated update = Update(0);
  update.attributes->block_number = 77;
  ASSERT_TRUE(mesh_.Do(node_, update).ok());
  wire::FlashblocksPayloadV1 f = TestFlashblock(0, 0, 1);
  ExpectRefused(PublishFlashblock{f}, absl::StatusCode::kInvalidArgument,
                "flashblock.base.block_number 0 is not the attributes' 77");
  f.base->block_number = 77;
  EXPECT_TRUE(mesh_.Do(node_, PublishFlashblock{f}).ok());
}
TEST_F(EnginePublish, Oversize) {
  ExpectRefused(PublishFlashblock{TestFlashblock(0, 1, 1, wire::kMaxMessageBytes)},
                absl::StatusCode::kResourceExhausted, "the limit is 16777215");
  wire::FlashblocksPayloadV1 close = TestFlashblock(0, 1, 1, wire::kMaxMessageBytes - 300);
  ExpectRefused(PublishFlashblock{close}, absl::StatusCode::kResourceExhausted,
                "bytes encoded, the limit is 16777215");
  wire::FlashblocksPayloadV1 f = TestFlashblock(0, 1, 1);
  f.metadata.assign(wire::kMaxMetadataBytes + 1, ' ');
  ExpectRefused(PublishFlashblock{f}, absl::StatusCode::kResourceExhausted,
                "flashblock.metadata has 4194305 bytes, the limit is 4194304");
  EXPECT_TRUE(mesh_.Do(node_, Update(1)).ok());
  f = TestFlashblock(1, 0, 1);
  f.base->extra_data.assign(wire::kMaxExtraDataBytes + 1, 0);
  ExpectRefused(PublishFlashblock{f}, absl::StatusCode::kResourceExhausted,
                "flashblock.base.extra_data has 1025 bytes, the limit is 1024");
}
TEST_F(EnginePublish, LargestMessageGoesOut) {
  const size_t overhead = mesh_[node_].delivered[0].frame->body.size() + 200;
  EXPECT_TRUE(mesh_.Publish(node_, 0, 1, wire::kMaxMessageBytes - overhead).ok());
}
TEST_F(EnginePublish, SealedPayload) {
  PayloadId id = TestPayload(0);
  id[0] = 4;
  EXPECT_TRUE(mesh_.Do(node_, PayloadSealed{id}).ok());
  ExpectRefused(PublishFlashblock{TestFlashblock(0, 1, 1)}, absl::StatusCode::kFailedPrecondition,
                "payload " + ToHex(TestPayload(0)) + " is sealed");
}
TEST_F(EnginePublish, OtherPayloadOfASlotThatHasFlashblocks) {
  ASSERT_TRUE(mesh_.Fcu(node_, 0, 9).ok());  // the attributes changed after index 0 went out
  EXPECT_EQ(mesh_[node_].changes.back().cause, Cause::kAuthorizationRenewed);
  ExpectRefused(
      PublishFlashblock{TestFlashblock(0, 0, 1)}, absl::StatusCode::kFailedPrecondition,
      "payload " + ToHex(TestPayload(0, 9)) + " of slot 1800000000 has no place any more");
  ASSERT_TRUE(mesh_.Fcu(node_, 1).ok());
  EXPECT_TRUE(mesh_.Publish(node_, 1, 0).ok());
}
TEST_F(EngineHost, OtherPayloadOfASlotWithoutFlashblocks) {
  ASSERT_TRUE(mesh_.Fcu(node_, 0).ok());
  ASSERT_TRUE(mesh_.Fcu(node_, 0, 9).ok());
  EXPECT_TRUE(mesh_.Publish(node_, 0, 0).ok());
  EXPECT_EQ(mesh_[node_].delivered[0].flashblock->payload_id, TestPayload(0, 9));
}
TEST_F(EnginePublish, UnreachableSignerMayBeTriedAgain) {
  mesh_[node_].signer->reachable = false;
  ExpectRefused(PublishFlashblock{TestFlashblock(0, 1, 1)}, absl::StatusCode::kUnavailable,
                "key not reachable");
  mesh_[node_].signer->reachable = true;
  mesh_.Run(milliseconds(10));  // the stamp must not make it another content
  EXPECT_TRUE(mesh_.Do(node_, PublishFlashblock{TestFlashblock(0, 1, 1)}).ok());
}
TEST_F(EnginePublish, AnotherContentForAClaimedIndexIsNeverSigned) {
  mesh_[node_].signer->reachable = false;
  EXPECT_FALSE(mesh_.Publish(node_, 0, 1).ok());
  mesh_[node_].signer->reachable = true;
  ExpectRefused(PublishFlashblock{TestFlashblock(0, 1, 77)}, absl::StatusCode::kAlreadyExists,
                "another flashblock was signed for payload " + ToHex(TestPayload(0)) + " index 1");
}
TEST_F(EnginePublish, EmptyMetadataIsStamped) {
  EXPECT_EQ(mesh_[node_].delivered[0].flashblock->metadata,
            "{\"fees\":\"0x0\",\"flashblock_timestamp\":1800000000000000000}");
  wire::FlashblocksPayloadV1 f = TestFlashblock(0, 1, 1);
  f.metadata = "{\"fees\":\"0x1\", \"x\":1}";
  ASSERT_TRUE(mesh_.Do(node_, PublishFlashblock{f}).ok());
  EXPECT_EQ(mesh_[node_].delivered[1].flashblock->metadata, f.metadata);
}
TEST_F(EnginePublish, TheFrameVerifiesAndIsWhatWasDelivered) {
  const FlashblockDelivered& own = mesh_[node_].delivered[0];
  EXPECT_TRUE(own.own);
  const absl::StatusOr<wire::Envelope> envelope = wire::SplitAuthorized(own.frame->body);
  ASSERT_TRUE(envelope.ok());
  EXPECT_EQ(envelope->authorization, own.authorization);
  EXPECT_TRUE(VerifyAuthorization(envelope->authorization, mesh_.authorizer().public_key()).ok());
  EXPECT_TRUE(Verify(own.authorization.builder_vk,
                     wire::ActorDigest(envelope->message, envelope->authorization_item),
                     own.actor_sig));
  EXPECT_EQ(*wire::DecodeFlashblockMessage(envelope->message), *own.flashblock);
  EXPECT_EQ(own.frame->snappy, own.frame->body);        // the test's compressor copies
  EXPECT_EQ(mesh_.inbox_of(probe_).back(), own.frame);  // one frame, shared
}
TEST_F(EnginePublish, AFlashblockMovesThroughWithoutACopyOfItsTransactions) {
  PublishFlashblock event{TestFlashblock(0, 1, 1, 5000)};
  const uint8_t* transaction = event.flashblock.diff.transactions[0].data();
  ASSERT_TRUE(mesh_.Do(node_, std::move(event)).ok());
  EXPECT_EQ(mesh_[node_].delivered[1].flashblock->diff.transactions[0].data(), transaction);
}

// ---- stopping

TEST_F(EnginePublish, NotAuthorizedStops) {
  EXPECT_TRUE(mesh_.NoAuth(node_, 1).ok());
  EXPECT_EQ(SentKinds().back(), wire::MessageKind::kStopPublish);
  EXPECT_EQ(mesh_.state(node_), S::kIdle);
  ExpectRefused(PublishFlashblock{TestFlashblock(0, 1, 1)}, absl::StatusCode::kFailedPrecondition,
                "the hand-off is idle");
}
TEST_F(EnginePublish, ShutdownStops) {
  EXPECT_TRUE(mesh_.Do(node_, StopPublishing{"shutdown"}).ok());
  EXPECT_EQ(SentKinds().back(), wire::MessageKind::kStopPublish);
  EXPECT_EQ(mesh_[node_].changes.back().cause, Cause::kHostStopped);
  EXPECT_EQ(mesh_[node_].changes.back().reason, "shutdown");
}
TEST_F(EnginePublish, HeadUpdateChangesNothing) {
  EXPECT_TRUE(mesh_.Do(node_, ForkchoiceUpdated{}).ok());
  EXPECT_EQ(mesh_.state(node_), S::kPublishing);
}

// ---- clearance

TEST_F(EnginePublish, ClearanceNamesWhatIsMissing) {
  // A standby that hears index 1 and 2 but never 0.
  const int standby = mesh_.Add(12);
  const SessionId feed = mesh_.ConnectProbe(standby, 1);
  ASSERT_TRUE(mesh_.Publish(node_, 0, 1).ok());
  ASSERT_TRUE(mesh_.Publish(node_, 0, 2).ok());
  for (int i : {1, 2}) mesh_.ProbeSend(feed, mesh_[node_].delivered[i].frame);
  EXPECT_TRUE(mesh_[standby].delivered.empty());
  ASSERT_TRUE(mesh_.Fcu(standby, 0).ok());
  ASSERT_TRUE(mesh_.NoAuth(node_, 0).ok());
  mesh_.ProbeSend(feed, mesh_.inbox_of(probe_).back());  // the StopPublish
  ASSERT_EQ(mesh_.state(standby), S::kPublishing);
  EXPECT_EQ(mesh_[standby].changes.back().next_index, 3u);
  EXPECT_EQ(mesh_[standby].changes.back().missing, 1u);
  EXPECT_EQ(mesh_[standby].engine->handoff().missing, 1u);
  EXPECT_TRUE(mesh_.Publish(standby, 0, 3).ok());
  EXPECT_TRUE(mesh_[standby].delivered.empty());
  mesh_.ProbeSend(feed, mesh_[node_].delivered[0].frame);
  EXPECT_EQ(mesh_[standby].Sequence(0), "0 1 2 3");
}

}  // namespace
}  // namespace flblk::core
