#include "p2p/wire/envelope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "p2p/wire/limits.h"
#include "p2p/wire/testing/flashblocks.h"
#include "p2p/wire/testing/vectors.h"

namespace flblk::wire {
namespace {

using testing::LoadJson;
using testing::Unhex;
using testing::UnhexFixed;
using Json = nlohmann::json;

std::string Message(const absl::Status& status) { return std::string(status.message()); }
std::string Str(const Json& value) { return value.get<std::string>(); }

Authorization VectorAuthorization(const Json& vectors) {
  const Json& a = vectors["authorization"];
  Authorization out;
  out.payload_id = UnhexFixed<8>(Str(a["payload_id"]));
  out.timestamp = a["timestamp"].get<uint64_t>();
  out.builder_vk.bytes = UnhexFixed<32>(Str(vectors["keys"]["builder_vk"]));
  out.authorizer_sig.bytes = UnhexFixed<64>(Str(a["authorizer_sig"]));
  return out;
}

Withdrawal VectorWithdrawal(const Json& w) {
  return {w["index"].get<uint64_t>(), w["validator_index"].get<uint64_t>(),
          UnhexFixed<20>(Str(w["address"])), w["amount"].get<uint64_t>()};
}

Base VectorBase(const Json& b) {
  Base base;
  base.parent_beacon_block_root = UnhexFixed<32>(Str(b["parent_beacon_block_root"]));
  base.parent_hash = UnhexFixed<32>(Str(b["parent_hash"]));
  base.fee_recipient = UnhexFixed<20>(Str(b["fee_recipient"]));
  base.prev_randao = UnhexFixed<32>(Str(b["prev_randao"]));
  base.block_number = b["block_number"].get<uint64_t>();
  base.gas_limit = b["gas_limit"].get<uint64_t>();
  base.timestamp = b["timestamp"].get<uint64_t>();
  base.extra_data = Unhex(Str(b["extra_data"]));
  const uint64_t fee = std::stoull(Str(b["base_fee_per_gas"]), nullptr, 16);
  for (int i = 0; i < 8; ++i) base.base_fee_per_gas[31 - i] = static_cast<uint8_t>(fee >> (8 * i));
  return base;
}

// The pinned flashblock, built from the vectors' inputs and not by decoding.
FlashblocksPayloadV1 PinnedFlashblock(const Json& vectors) {
  const Json& in = vectors["flashblock_inputs"];
  const Json& d = in["diff"];
  FlashblocksPayloadV1 out;
  out.payload_id = UnhexFixed<8>(Str(in["payload_id"]));
  out.index = in["index"].get<uint64_t>();
  out.metadata = Str(in["metadata_json"]);
  out.diff.state_root = UnhexFixed<32>(Str(d["state_root"]));
  out.diff.receipts_root = UnhexFixed<32>(Str(d["receipts_root"]));
  out.diff.logs_bloom = UnhexFixed<256>(Str(d["logs_bloom"]));
  out.diff.gas_used = d["gas_used"].get<uint64_t>();
  out.diff.block_hash = UnhexFixed<32>(Str(d["block_hash"]));
  for (const Json& tx : d["transactions"]) out.diff.transactions.push_back(Unhex(Str(tx)));
  for (const Json& w : d["withdrawals"]) out.diff.withdrawals.push_back(VectorWithdrawal(w));
  out.diff.withdrawals_root = UnhexFixed<32>(Str(d["withdrawals_root"]));
  Bytes list = Unhex(Str(d["access_list_data"]["rlp_of_access_list"]));
  Bytes hash = Unhex(Str(d["access_list_data"]["access_list_hash"]));
  out.diff.access_list_data = RlpEncodeList([&](auto& o) {
    o.Item(list);
    o.String(hash);
  });
  out.base = VectorBase(in["base"]);
  return out;
}

const Json& FrameNamed(const Json& vectors, const std::string& name) {
  for (const Json& frame : vectors["frames"]) {
    if (frame["name"] == name) return frame;
  }
  ADD_FAILURE() << "no vector " << name;
  return vectors;
}

// A frame of the vectors without its id byte.
Bytes BodyOf(const Json& frame) {
  Bytes bytes = Unhex(Str(frame["frame"]));
  EXPECT_EQ(bytes.at(0), 0);
  bytes.erase(bytes.begin());
  return bytes;
}

struct Pinned : ::testing::Test {
  Json vectors = LoadJson("vectors/flblk_pinned.json");
  Json derived = LoadJson("vectors/flblk_derived.json");
};

TEST_F(Pinned, EncodersReproduceEveryFrame) {
  const Authorization authorization = VectorAuthorization(vectors);
  Bytes authorization_item = EncodeAuthorization(authorization);
  EXPECT_EQ(ToHex(authorization_item), Str(vectors["authorization"]["rlp"]));
  const std::vector<std::pair<std::string, Bytes>> messages = {
      {"authorized_flashblock", EncodeFlashblockMessage(PinnedFlashblock(vectors))},
      {"start_publish", EncodeMarkerMessage(MessageKind::kStartPublish)},
      {"stop_publish", EncodeMarkerMessage(MessageKind::kStopPublish)}};
  for (const auto& [name, message] : messages) {
    const Json& frame = FrameNamed(vectors, name);
    EXPECT_EQ(ToHex(message), Str(frame["authorized_msg_rlp"]));
    EXPECT_EQ(ToHex(ActorDigest(message, authorization_item)), Str(frame["actor_preimage_blake3"]));
    Signature sig{UnhexFixed<64>(Str(frame["actor_sig"]))};
    EXPECT_EQ("00" + ToHex(EncodeAuthorized(message, authorization_item, sig)),
              Str(frame["frame"]));
  }
}

TEST_F(Pinned, SplitGivesTheItemsAndTheSignaturesVerify) {
  PublicKey authorizer{UnhexFixed<32>(Str(vectors["keys"]["authorizer_vk"]))};
  for (const char* name : {"authorized_flashblock", "start_publish", "stop_publish"}) {
    const Json& frame = FrameNamed(vectors, name);
    Bytes body = BodyOf(frame);
    absl::StatusOr<Envelope> envelope = SplitAuthorized(body);
    ASSERT_TRUE(envelope.ok()) << envelope.status();
    EXPECT_EQ(ToHex(envelope->message), Str(frame["authorized_msg_rlp"]));
    EXPECT_EQ(ToHex(envelope->authorization_item), Str(vectors["authorization"]["rlp"]));
    EXPECT_EQ(envelope->authorization, VectorAuthorization(vectors));
    EXPECT_EQ(ToHex(envelope->actor_sig.bytes), Str(frame["actor_sig"]));
    EXPECT_TRUE(VerifyAuthorization(envelope->authorization, authorizer).ok());
    EXPECT_TRUE(Verify(envelope->authorization.builder_vk,
                       ActorDigest(envelope->message, envelope->authorization_item),
                       envelope->actor_sig));
  }
}

TEST_F(Pinned, FlashblockDecodesToItsInputs) {
  Bytes message = Unhex(Str(FrameNamed(vectors, "authorized_flashblock")["authorized_msg_rlp"]));
  absl::StatusOr<FlashblocksPayloadV1> decoded = DecodeFlashblockMessage(message);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, PinnedFlashblock(vectors));
  absl::StatusOr<MessagePeek> peek = PeekMessage(message);
  ASSERT_TRUE(peek.ok()) << peek.status();
  EXPECT_EQ(peek->kind, MessageKind::kFlashblock);
  EXPECT_EQ(peek->index, 42u);
  EXPECT_EQ(peek->payload_id, PayloadId{});
}

TEST_F(Pinned, DerivedFramesGetTheirVerdict) {
  PublicKey authorizer{UnhexFixed<32>(Str(derived["keys"]["authorizer_vk"]))};
  int bodies = 0;
  for (const Json& frame : derived["frames"]) {
    const std::string name = Str(frame["name"]), expect = Str(frame["expect"]);
    if (name == "control_with_trailing") continue;  // no Authorized body
    Bytes body = BodyOf(frame);
    absl::StatusOr<Envelope> envelope = SplitAuthorized(body);
    ASSERT_TRUE(envelope.ok()) << name << envelope.status();
    EXPECT_EQ(VerifyAuthorization(envelope->authorization, authorizer).ok(),
              expect.find("InvalidAuthorizerSig") == std::string::npos)
        << name;
    EXPECT_EQ(
        Verify(envelope->authorization.builder_vk,
               ActorDigest(envelope->message, envelope->authorization_item), envelope->actor_sig),
        expect.find("InvalidBuilderSig") == std::string::npos)
        << name;
    absl::StatusOr<MessagePeek> peek = PeekMessage(envelope->message);
    ASSERT_TRUE(peek.ok()) << name;
    if (peek->kind != MessageKind::kFlashblock) continue;
    ++bodies;
    absl::StatusOr<FlashblocksPayloadV1> decoded = DecodeFlashblockMessage(envelope->message);
    EXPECT_EQ(decoded.ok(), expect.find("body decode error") == std::string::npos) << name;
    if (!decoded.ok()) continue;
    EXPECT_EQ(decoded->payload_id, peek->payload_id) << name;
    EXPECT_EQ(decoded->index, peek->index) << name;
    EXPECT_EQ(ToHex(EncodeFlashblockMessage(*decoded)), ToHex(envelope->message)) << name;
  }
  EXPECT_EQ(bodies, 5);
}

TEST_F(Pinned, BlobGasUsedInTheAccessListPlaceIsNamed) {
  Bytes body = BodyOf(FrameNamed(derived, "rollup_boost_blob_gas_used"));
  absl::StatusOr<Envelope> envelope = SplitAuthorized(body);
  ASSERT_TRUE(envelope.ok());
  EXPECT_EQ(Message(DecodeFlashblockMessage(envelope->message).status()),
            "access_list_data: is a string, not a list (at byte 414)");
}

// Everything that reads a body, as a receiver would.
bool ReadsCompletely(ByteView body) {
  absl::StatusOr<Envelope> envelope = SplitAuthorized(body);
  if (!envelope.ok()) return false;
  absl::StatusOr<MessagePeek> peek = PeekMessage(envelope->message);
  if (!peek.ok()) return false;
  return peek->kind != MessageKind::kFlashblock || DecodeFlashblockMessage(envelope->message).ok();
}

std::vector<Bytes> AllBodies(const Json& pinned, const Json& derived) {
  std::vector<Bytes> bodies;
  for (const Json* vectors : {&pinned, &derived}) {
    for (const Json& frame : (*vectors)["frames"]) {
      if (Str(frame["frame"]).size() > 20) bodies.push_back(BodyOf(frame));
    }
  }
  EXPECT_EQ(bodies.size(), 11u);
  return bodies;
}

TEST_F(Pinned, TruncationAtEveryByteIsAnError) {
  for (const Bytes& body : AllBodies(vectors, derived)) {
    for (size_t n = 0; n < body.size(); ++n) {
      // An exact allocation, so that a sanitizer sees a read past the end.
      EXPECT_FALSE(ReadsCompletely(Bytes(body.begin(), body.begin() + n))) << n;
    }
  }
}

TEST_F(Pinned, TruncationOfEveryItemIsAnError) {
  for (const Bytes& body : AllBodies(vectors, derived)) {
    Bytes message(SplitAuthorized(body)->message.begin(), SplitAuthorized(body)->message.end());
    for (size_t n = 0; n < message.size(); ++n) {
      Bytes cut(message.begin(), message.begin() + n);
      EXPECT_FALSE(PeekMessage(cut).ok());
      EXPECT_FALSE(DecodeFlashblockMessage(cut).ok());
    }
  }
}

TEST_F(Pinned, MutatedBytesNeverCrashAndNeverChangeTheMeaningSilently) {
  std::mt19937_64 random(3);
  for (const Bytes& body : AllBodies(vectors, derived)) {
    for (size_t at = 0; at < body.size(); ++at) {
      for (uint8_t mask :
           {uint8_t{0x01}, uint8_t{0x80}, uint8_t{0xff}, static_cast<uint8_t>(random() | 2)}) {
        Bytes mutated = body;
        mutated[at] ^= mask;
        absl::StatusOr<Envelope> envelope = SplitAuthorized(mutated);
        if (!envelope.ok()) continue;
        absl::StatusOr<FlashblocksPayloadV1> decoded = DecodeFlashblockMessage(envelope->message);
        if (!decoded.ok()) continue;
        EXPECT_EQ(ToHex(EncodeFlashblockMessage(*decoded)), ToHex(envelope->message)) << at;
      }
    }
  }
}

TEST(Envelope, RandomFlashblocksRoundTrip) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 500; ++i) {
    FlashblocksPayloadV1 flashblock = testing::RandomFlashblock(random);
    Bytes item = EncodeFlashblock(flashblock);
    EXPECT_EQ(item.capacity(), item.size());
    absl::StatusOr<FlashblocksPayloadV1> decoded = DecodeFlashblock(item);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, flashblock);
    Bytes message = EncodeFlashblockMessage(flashblock);
    EXPECT_EQ(*DecodeFlashblockMessage(message), flashblock);
    EXPECT_EQ(PeekMessage(message)->index, flashblock.index);
  }
}

// Builds bodies out of parts for the error cases.
struct Parts {
  Bytes message = EncodeMarkerMessage(MessageKind::kStartPublish);
  PayloadId payload_id{};
  uint64_t timestamp = 1;
  Bytes builder_vk = Unhex("8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394");
  Bytes authorizer_sig = Bytes(64, 1);
  Bytes actor_sig = Bytes(64, 2);
  Bytes surplus{};  // after the last item of both hand-written lists

  Bytes Body() const {
    return RlpEncodeList([&](auto& out) {
      out.Item(message);
      out.List([&](auto& a) {
        a.String(payload_id);
        a.Uint(timestamp);
        a.String(builder_vk);
        a.String(authorizer_sig);
        a.Item(surplus);
      });
      out.String(actor_sig);
      out.Item(surplus);
    });
  }
  std::string Error() const {
    Bytes body = Body();
    absl::Status status = SplitAuthorized(body).status();
    if (status.ok()) return "ok";
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  }
};

TEST(Envelope, EachFieldIsChecked) {
  EXPECT_EQ(Parts().Error(), "ok");
  EXPECT_EQ((Parts{.message = Unhex("01")}.Error()),
            "message: is a string, not a list (at byte 2)");
  EXPECT_EQ((Parts{.builder_vk = Bytes(31, 1)}.Error()),
            "authorization.builder_vk: has 31 bytes, must have 32 (at byte 16)");
  Bytes no_point(32, 0);
  no_point[0] = 2;
  EXPECT_EQ((Parts{.builder_vk = no_point}.Error()),
            "authorization.builder_vk: is not a point of the curve (at byte 49)");
  EXPECT_EQ((Parts{.authorizer_sig = Bytes(63, 1)}.Error()),
            "authorization.authorizer_sig: has 63 bytes, must have 64 (at byte 49)");
  EXPECT_EQ((Parts{.actor_sig = Bytes(65, 1)}.Error()),
            "actor_sig: has 65 bytes, must have 64 (at byte 115)");
}

TEST(Envelope, SurplusItemsOfHandWrittenListsAreIgnored) {
  EXPECT_EQ((Parts{.message = Unhex("c601846a756e6b"), .surplus = Unhex("c3010203")}.Error()),
            "ok");
  EXPECT_EQ(PeekMessage(Unhex("c601846a756e6b"))->kind, MessageKind::kStartPublish);
  EXPECT_EQ(PeekMessage(Unhex("c202ff"))->kind, MessageKind::kStopPublish)
      << "not even a whole item";
}

TEST(Envelope, TrailingBytesAreAnError) {
  Bytes body = Parts().Body();
  body.push_back(0);
  EXPECT_EQ(Message(SplitAuthorized(body).status()), "authorized: 1 surplus bytes (at byte 181)");
}

TEST(Envelope, SizeLimit) {
  Parts parts;
  parts.surplus = Bytes(kMaxMessageBytes / 2, 1);
  Bytes body = parts.Body();
  EXPECT_EQ(Message(SplitAuthorized(body).status()),
            absl::StrCat("authorized: has ", body.size(), " bytes, the limit is 16777214"));
}

TEST(Envelope, TagsAreChecked) {
  auto error = [](const std::string& hex) { return Message(PeekMessage(Unhex(hex)).status()); };
  EXPECT_EQ(error("c103"), "message tag: 3, the limit is 2 (at byte 2)");
  EXPECT_EQ(error("c100"), "message tag: integer has a leading zero (at byte 1)");
  EXPECT_EQ(error("c0"), "message tag: missing (at byte 1)");
  EXPECT_EQ(error("80"), "message: is a string, not a list (at byte 0)");
  EXPECT_EQ(error("c10101"), "message: 1 surplus bytes (at byte 2)");
  EXPECT_EQ(error("c180"), "flashblock: missing (at byte 2)");
  EXPECT_EQ(Message(DecodeFlashblockMessage(Unhex("c101")).status()),
            "message tag: is not a flashblock's (at byte 2)");
}

TEST(Envelope, EmptyStringForAccessListReadsAsAbsent) {
  std::mt19937_64 random(5);
  FlashblocksPayloadV1 flashblock = testing::RandomFlashblock(random);
  flashblock.diff.access_list_data = Unhex("80");
  absl::StatusOr<FlashblocksPayloadV1> decoded = DecodeFlashblock(EncodeFlashblock(flashblock));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->diff.access_list_data, std::nullopt);
}

TEST(Envelope, DerivedListsAreConsumedExactly) {
  std::mt19937_64 random(6);
  FlashblocksPayloadV1 flashblock = testing::RandomFlashblock(random);
  flashblock.diff.access_list_data = Unhex("8080");
  EXPECT_THAT(Message(DecodeFlashblock(EncodeFlashblock(flashblock)).status()),
              ::testing::StartsWith("diff: 1 surplus bytes"));
}

TEST(Envelope, TransactionsAreCounted) {
  FlashblocksPayloadV1 flashblock;
  flashblock.diff.transactions.resize(kMaxTransactions);
  EXPECT_TRUE(DecodeFlashblock(EncodeFlashblock(flashblock)).ok());
  flashblock.diff.transactions.emplace_back();
  EXPECT_THAT(Message(DecodeFlashblock(EncodeFlashblock(flashblock)).status()),
              ::testing::StartsWith("diff.transactions: more than 262144"));
}

}  // namespace
}  // namespace flblk::wire
