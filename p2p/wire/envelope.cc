#include "p2p/wire/envelope.h"

#include "absl/strings/str_cat.h"
#include "p2p/wire/flashblock_rlp.h"
#include "p2p/wire/limits.h"
#include "p2p/wire/rlp.h"
#include "signer/blake3.h"

namespace flblk::wire {
namespace {

Authorization ReadAuthorization(RlpReader& in, const PublicKey* known) {
  Authorization authorization;
  RlpReader items = in.List("authorization");
  items.Fixed("authorization.payload_id", authorization.payload_id);
  authorization.timestamp = items.Uint("authorization.timestamp");
  items.Fixed("authorization.builder_vk", authorization.builder_vk.bytes);
  const bool asked = known != nullptr && *known == authorization.builder_vk;
  if (items.ok() && !asked && !IsCurvePoint(authorization.builder_vk)) {
    items.Fail("authorization.builder_vk", "is not a point of the curve");
  }
  items.Fixed("authorization.authorizer_sig", authorization.authorizer_sig.bytes);
  return authorization;
}

// Enters AuthorizedMsg and reads its tag; the reader returned stands at the body.
RlpReader ReadTag(ByteView message_item, absl::Status* status, MessageKind* kind) {
  RlpReader in(message_item, status);
  RlpReader message = in.List("message");
  in.Finish("message");
  const uint64_t tag = message.Uint("message tag");
  if (tag > static_cast<uint64_t>(MessageKind::kStopPublish)) {
    message.Fail("message tag", absl::StrCat(tag, ", the limit is 2"));
    return message;
  }
  *kind = static_cast<MessageKind>(tag);
  return message;
}

}  // namespace

absl::StatusOr<MessageId> ReadMessageId(uint64_t relative_id, uint8_t flblk_version) {
  const MessageId last =
      flblk_version >= 2 ? MessageId::kCancelFlashblocks : MessageId::kAuthorized;
  if (relative_id > static_cast<uint64_t>(last)) {
    return absl::InvalidArgumentError(
        absl::StrCat("message id: ", relative_id, ", the limit is ", static_cast<int>(last)));
  }
  return static_cast<MessageId>(relative_id);
}

absl::StatusOr<Envelope> SplitAuthorized(ByteView body, const PublicKey* known) {
  if (body.size() > kMaxMessageBytes) {  // World Chain may send one byte more than we
    return absl::InvalidArgumentError(
        absl::StrCat("authorized: has ", body.size(), " bytes, the limit is ", kMaxMessageBytes));
  }
  absl::Status status;
  Envelope envelope;
  RlpReader in(body, &status);
  RlpReader items = in.List("authorized");
  in.Finish("authorized");
  if (items.More() && !items.NextIsList()) items.Fail("message", "is a string, not a list");
  envelope.message = items.Item("message");
  RlpReader authorization = items;
  envelope.authorization_item = items.Item("authorization");
  envelope.authorization = ReadAuthorization(authorization, known);
  items.Fixed("actor_sig", envelope.actor_sig.bytes);
  if (const size_t surplus = items.rest().size(); surplus > kMaxSurplusBytes) {
    items.Fail("authorized surplus",
               absl::StrCat("has ", surplus, " bytes, the limit is ", kMaxSurplusBytes));
  }
  if (!status.ok()) return status;
  return envelope;
}

Hash32 ActorDigest(ByteView message_item, ByteView authorization_item) {
  return Blake3Hasher().Update(message_item).Update(authorization_item).Digest();
}

absl::StatusOr<MessagePeek> PeekMessage(ByteView message_item) {
  absl::Status status;
  MessagePeek peek;
  RlpReader message = ReadTag(message_item, &status, &peek.kind);
  if (peek.kind == MessageKind::kFlashblock) {
    RlpReader flashblock = message.List("flashblock");
    flashblock.Fixed("flashblock.payload_id", peek.payload_id);
    peek.index = flashblock.Uint("flashblock.index");
  }
  if (!status.ok()) return status;
  return peek;
}

absl::StatusOr<FlashblocksPayloadV1> DecodeFlashblockMessage(ByteView message_item) {
  absl::Status status;
  MessageKind kind = MessageKind::kFlashblock;
  RlpReader message = ReadTag(message_item, &status, &kind);
  if (kind != MessageKind::kFlashblock) message.Fail("message tag", "is not a flashblock's");
  FlashblocksPayloadV1 flashblock = ReadFlashblock(message);
  if (!status.ok()) return status;
  return flashblock;
}

absl::StatusOr<FlashblocksPayloadV1> DecodeFlashblock(ByteView rlp) {
  absl::Status status;
  RlpReader in(rlp, &status);
  FlashblocksPayloadV1 flashblock = ReadFlashblock(in);
  in.Finish("flashblock");
  if (!status.ok()) return status;
  return flashblock;
}

Bytes EncodeFlashblock(const FlashblocksPayloadV1& flashblock) {
  return RlpEncode([&](auto& out) { PutFlashblock(flashblock, out); });
}

Bytes EncodeFlashblockMessage(const FlashblocksPayloadV1& flashblock) {
  return RlpEncodeList([&](auto& out) {
    out.Uint(static_cast<uint64_t>(MessageKind::kFlashblock));
    PutFlashblock(flashblock, out);
  });
}

Bytes EncodeMarkerMessage(MessageKind start_or_stop) {
  return RlpEncodeList([&](auto& out) { out.Uint(static_cast<uint64_t>(start_or_stop)); });
}

Bytes EncodeAuthorization(const Authorization& authorization) {
  return RlpEncodeList([&](auto& out) {
    out.String(authorization.payload_id);
    out.Uint(authorization.timestamp);
    out.String(authorization.builder_vk.bytes);
    out.String(authorization.authorizer_sig.bytes);
  });
}

Bytes EncodeAuthorized(ByteView message_item, ByteView authorization_item,
                       const Signature& actor_sig) {
  return RlpEncodeList([&](auto& out) {
    out.Item(message_item);
    out.Item(authorization_item);
    out.String(actor_sig.bytes);
  });
}

}  // namespace flblk::wire
