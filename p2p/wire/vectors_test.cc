// The frames of tests/vectors, both ways.
#include "p2p/wire/envelope.h"

#include <gtest/gtest.h>

#include <map>

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

TEST_F(Pinned, MessageIds) {
  const std::map<std::string, MessageId> ids = {
      {"request_flashblocks", MessageId::kRequestFlashblocks},
      {"accept_flashblocks", MessageId::kAcceptFlashblocks},
      {"reject_flashblocks", MessageId::kRejectFlashblocks},
      {"cancel_flashblocks", MessageId::kCancelFlashblocks},
      {"control_with_trailing", MessageId::kRequestFlashblocks}};
  int controls = 0;
  for (const Json* file : {&vectors, &derived}) {
    for (const Json& frame : (*file)["frames"]) {
      const auto id = ids.find(Str(frame["name"]));
      const uint8_t first = Unhex(Str(frame["frame"])).at(0);
      controls += id != ids.end();
      EXPECT_EQ(*ReadMessageId(first, 2), id == ids.end() ? MessageId::kAuthorized : id->second);
      EXPECT_EQ(ReadMessageId(first, 1).ok(), id == ids.end());
    }
  }
  EXPECT_EQ(controls, 5);
  const Bytes unknown = Unhex(Str(vectors["errors"][0]["frame"]));
  EXPECT_EQ(Message(ReadMessageId(unknown.at(0), 2).status()), "message id: 255, the limit is 4");
  EXPECT_FALSE(SplitAuthorized(Unhex(Str(vectors["errors"][1]["frame"]))).ok());  // nothing at all
  EXPECT_EQ(Message(ReadMessageId(1, 1).status()), "message id: 1, the limit is 0");
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

}  // namespace
}  // namespace flblk::wire
