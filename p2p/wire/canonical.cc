#include "p2p/wire/canonical.h"

#include <algorithm>

#include "p2p/wire/metadata.h"

namespace flblk::wire {
namespace {

bool Equal(ByteView a, ByteView b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

}  // namespace

bool IsCanonical(ByteView message_item) {
  absl::StatusOr<MessagePeek> peek = PeekMessage(message_item);
  if (!peek.ok()) return false;
  if (peek->kind != MessageKind::kFlashblock) {
    return Equal(EncodeMarkerMessage(peek->kind), message_item);
  }
  absl::StatusOr<FlashblocksPayloadV1> decoded = DecodeFlashblockMessage(message_item);
  return decoded.ok() && IsCanonical(message_item, *decoded);
}

bool IsCanonical(ByteView message_item, const FlashblocksPayloadV1& decoded) {
  return IsCanonicalMetadata(decoded.metadata) &&
         Equal(EncodeFlashblockMessage(decoded), message_item);
}

bool IsCanonicalAuthorization(const Envelope& envelope) {
  return Equal(EncodeAuthorization(envelope.authorization), envelope.authorization_item);
}

}  // namespace flblk::wire
