#include "p2p/core/publisher.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "p2p/wire/envelope.h"
#include "p2p/wire/limits.h"

namespace flblk::core {
namespace {

wire::FramePtr MakeFrame(ByteView message, ByteView authorization, const Signature& sig,
                         Compressor& compressor) {
  auto frame = std::make_shared<wire::Frame>();
  frame->body = wire::EncodeAuthorized(message, authorization, sig);
  frame->snappy = compressor.Compress(frame->body);
  return frame;
}

}  // namespace

absl::StatusOr<FlashblockDelivered> Publisher::Sign(wire::FlashblocksPayloadV1 flashblock,
                                                    const Authorization& authorization, Now now,
                                                    const PublisherPorts& ports) {
  flashblock.payload_id = authorization.payload_id;
  if (flashblock.metadata.empty()) {
    if (stamp_.payload_id != flashblock.payload_id || stamp_.index != flashblock.index) {
      stamp_ = {flashblock.payload_id, flashblock.index, now.unix_ns};
    }
    flashblock.metadata =
        absl::StrCat("{\"fees\":\"0x0\",\"flashblock_timestamp\":", stamp_.unix_ns, "}");
  }
  const Bytes message = wire::EncodeFlashblockMessage(flashblock);
  const Bytes authorization_item = wire::EncodeAuthorization(authorization);
  // The list header takes up to 4 bytes, the signature 66, the message id 1.
  const size_t size = message.size() + authorization_item.size() + 71;
  if (size > wire::kMaxMessageBytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "flashblock: ", size, " bytes encoded, the limit is ", wire::kMaxMessageBytes));
  }
  const Hash32 digest = wire::ActorDigest(message, authorization_item);
  absl::Status claimed = ports.sign_once.Claim(authorization.timestamp, flashblock.payload_id,
                                               flashblock.index, digest);
  if (!claimed.ok()) return claimed;
  const absl::StatusOr<Signature> sig = ports.signer.Sign(digest);
  if (!sig.ok()) return sig.status();
  FlashblockDelivered published;
  published.authorization = authorization;
  published.flashblock = std::make_shared<const wire::FlashblocksPayloadV1>(std::move(flashblock));
  published.actor_sig = *sig;
  published.own = true;
  published.frame = MakeFrame(message, authorization_item, *sig, ports.compressor);
  return published;
}

absl::StatusOr<wire::FramePtr> SignMarker(wire::MessageKind start_or_stop,
                                          const Authorization& authorization, Signer& signer,
                                          Compressor& compressor) {
  const Bytes message = wire::EncodeMarkerMessage(start_or_stop);
  const Bytes authorization_item = wire::EncodeAuthorization(authorization);
  const absl::StatusOr<Signature> sig = signer.Sign(wire::ActorDigest(message, authorization_item));
  if (!sig.ok()) return sig.status();
  return MakeFrame(message, authorization_item, *sig, compressor);
}

}  // namespace flblk::core
