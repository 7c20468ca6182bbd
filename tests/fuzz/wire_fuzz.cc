// Fuzzes every reader of p2p/wire: what decodes must encode, and decode again to the same value.
// The first byte of an input chooses the reader.
#include <cstdlib>
#include <cstring>

#include "p2p/wire/access_list.h"
#include "p2p/wire/canonical.h"
#include "p2p/wire/json.h"
#include "p2p/wire/metadata.h"
#include "p2p/wire/strict_json.h"

namespace flblk::wire {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

bool Equal(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

void Flashblock(const FlashblocksPayloadV1& flashblock) {
  absl::StatusOr<FlashblocksPayloadV1> again = DecodeFlashblock(EncodeFlashblock(flashblock));
  Require(again.ok() && *again == flashblock);
  const Bytes message = EncodeFlashblockMessage(flashblock);
  Require(IsCanonical(message) == IsCanonicalMetadata(flashblock.metadata));
}

void Body(ByteView body) {
  absl::StatusOr<Envelope> envelope = SplitAuthorized(body);
  if (!envelope.ok()) return;
  const Bytes again =
      EncodeAuthorized(envelope->message, envelope->authorization_item, envelope->actor_sig);
  absl::StatusOr<Envelope> split = SplitAuthorized(again);
  Require(split.ok() && split->authorization == envelope->authorization);
  Require(Equal(split->message, envelope->message));
  absl::StatusOr<MessagePeek> peek = PeekMessage(envelope->message);
  absl::StatusOr<FlashblocksPayloadV1> decoded = DecodeFlashblockMessage(envelope->message);
  if (!decoded.ok()) return;
  Require(peek.ok() && peek->index == decoded->index && peek->payload_id == decoded->payload_id);
  Require(IsCanonical(envelope->message) == IsCanonical(envelope->message, *decoded));
  Flashblock(*decoded);
}

void BareFlashblock(ByteView rlp) {
  absl::StatusOr<FlashblocksPayloadV1> decoded = DecodeFlashblock(rlp);
  if (decoded.ok()) Flashblock(*decoded);
}

void MetadataText(std::string_view text) {
  absl::StatusOr<Metadata> metadata = ReadMetadata(text);
  if (!metadata.ok()) return;
  const std::string canonical = WriteMetadata(*metadata);
  absl::StatusOr<Metadata> again = ReadMetadata(canonical);
  Require(again.ok() && *again == *metadata && IsCanonicalMetadata(canonical));
  Require(IsCanonicalMetadata(text) == (text == canonical));
}

void AnyJson(std::string_view text) {
  if (!CheckJson(text, "json").ok()) return;
  const std::string compact = CompactJson(text);
  Require(CheckJson(compact, "json").ok() && CompactJson(compact) == compact);
}

void FlashblockJson(std::string_view text) {
  absl::StatusOr<FlashblocksPayloadV1> flashblock = ReadFlashblockJson(text);
  if (!flashblock.ok()) return;
  absl::StatusOr<FlashblocksPayloadV1> again = ReadFlashblockJson(WriteFlashblockJson(*flashblock));
  Require(again.ok() && *again == *flashblock);
  Flashblock(*flashblock);
}

void AuthorizationJson(std::string_view text) {
  absl::StatusOr<Authorization> authorization = ReadAuthorizationJson(text);
  if (!authorization.ok()) return;
  absl::StatusOr<Authorization> again =
      ReadAuthorizationJson(WriteAuthorizationJson(*authorization));
  Require(again.ok() && *again == *authorization);
}

}  // namespace
}  // namespace flblk::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace flblk::wire;
  if (size == 0) return 0;
  const flblk::ByteView bytes(data + 1, size - 1);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 7) {
    case 0:
      Body(bytes);
      break;
    case 1:
      BareFlashblock(bytes);
      break;
    case 2:
      MetadataText(text);
      break;
    case 3:
      AnyJson(text);
      break;
    case 4:
      FlashblockJson(text);
      break;
    case 5:
      AuthorizationJson(text);
      break;
    default:
      CheckAccessListData(bytes).IgnoreError();
  }
  return 0;
}
