// Authorized, the signed envelope of every message: split, peek, decode, encode, digest.
//
//   Authorized    = [ AuthorizedMsg, Authorization, actor_sig(64) ]
//   AuthorizedMsg = [ tag, body? ]
//                   tag 0 (0x80): FlashblocksPayloadV1; 1 Start, 2 Stop: c1 01, c1 02
//   actor_sig     = Ed25519( BLAKE3( AuthorizedMsg item || Authorization item ) ), bytes as sent
//
// The bytes given here are the body of message id 0 after snappy, without the id. Surplus items of
// the hand-written lists (Authorized, Authorization, AuthorizedMsg, FlashblocksPayloadV1) are
// ignored as the reference does, behind actor_sig (where nothing signs them) up to
// kMaxSurplusBytes; derived lists (Diff, Base, withdrawals, access list) must be consumed exactly.
#pragma once

#include "p2p/wire/messages.h"
#include "signer/authorization.h"

namespace flblk::wire {

// The message with this flblk-relative id: flblk/1 knows 0, flblk/2 0..4. INVALID_ARGUMENT for any
// other. The bodies of 1..4 are empty; whatever stands there is ignored, as the reference does.
absl::StatusOr<MessageId> ReadMessageId(uint64_t relative_id, uint8_t flblk_version);

// Views into the received body; the body outlives them.
struct Envelope {
  ByteView message;             // the AuthorizedMsg item, header included
  ByteView authorization_item;  // the Authorization item, header included
  Authorization authorization;
  Signature actor_sig;
};

// Reads the envelope without touching the message body. INVALID_ARGUMENT names the field and the
// limit; also where builder_vk is no curve point (9 us; not asked again for the key of `known`,
// where the caller has one that is). Trailing bytes after the list are an error.
absl::StatusOr<Envelope> SplitAuthorized(ByteView body, const PublicKey* known = nullptr);

// The 32 bytes under actor_sig.
Hash32 ActorDigest(ByteView message_item, ByteView authorization_item);

struct MessagePeek {
  MessageKind kind = MessageKind::kFlashblock;
  PayloadId payload_id{};  // flashblocks only
  uint64_t index = 0;      // flashblocks only
};

// Kind, and for a flashblock its payload id and index, without decoding the rest.
absl::StatusOr<MessagePeek> PeekMessage(ByteView message_item);

// Decodes the whole flashblock of a kFlashblock message item.
absl::StatusOr<FlashblocksPayloadV1> DecodeFlashblockMessage(ByteView message_item);
// Decodes a bare RLP FlashblocksPayloadV1 (as a host may hand it in).
absl::StatusOr<FlashblocksPayloadV1> DecodeFlashblock(ByteView rlp);

Bytes EncodeFlashblock(const FlashblocksPayloadV1& flashblock);
Bytes EncodeFlashblockMessage(const FlashblocksPayloadV1& flashblock);
Bytes EncodeMarkerMessage(MessageKind start_or_stop);
Bytes EncodeAuthorization(const Authorization& authorization);
// The body of message id 0 from its two items, byte for byte, and the signature.
Bytes EncodeAuthorized(ByteView message_item, ByteView authorization_item,
                       const Signature& actor_sig);

}  // namespace flblk::wire
