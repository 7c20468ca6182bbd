#include "p2p/rlpx/disconnect.h"

#include "p2p/rlpx/limits.h"
#include "p2p/rlpx/snappy_block.h"
#include "p2p/wire/rlp.h"

namespace flblk::rlpx {
namespace {

absl::StatusOr<DisconnectReason> DecodePlain(ByteView body) {
  absl::Status status;
  wire::RlpReader top(body, &status);
  wire::RlpReader items = top;
  if (top.NextIsList()) {
    items = top.List("Disconnect");
    top.Finish("Disconnect");
  }
  const bool raw_zero = items.rest().size() == 1 && items.rest()[0] == 0;
  const uint64_t reason = raw_zero ? 0 : items.Uint("Disconnect reason");
  if (!raw_zero) items.Finish("Disconnect");
  if (reason > 0xff) items.Fail("Disconnect reason", "above one byte");
  if (!status.ok()) return status;
  return static_cast<DisconnectReason>(reason);
}

}  // namespace

const char* Name(DisconnectReason reason) {
  switch (reason) {
    case DisconnectReason::kRequested:
      return "requested";
    case DisconnectReason::kTcpError:
      return "network error";
    case DisconnectReason::kProtocolBreach:
      return "protocol breach";
    case DisconnectReason::kUselessPeer:
      return "useless peer";
    case DisconnectReason::kTooManyPeers:
      return "too many peers";
    case DisconnectReason::kAlreadyConnected:
      return "already connected";
    case DisconnectReason::kIncompatibleVersion:
      return "incompatible p2p version";
    case DisconnectReason::kInvalidIdentity:
      return "invalid node identity";
    case DisconnectReason::kClientQuitting:
      return "client quitting";
    case DisconnectReason::kUnexpectedIdentity:
      return "unexpected identity";
    case DisconnectReason::kSelf:
      return "connected to itself";
    case DisconnectReason::kPingTimeout:
      return "timeout";
    case DisconnectReason::kSubprotocolError:
      return "sub-protocol error";
  }
  return "unknown reason";
}

Bytes EncodeDisconnect(DisconnectReason reason) {
  return wire::RlpEncodeList([&](auto& out) { out.Uint(static_cast<uint8_t>(reason)); });
}

absl::StatusOr<DisconnectReason> DecodeDisconnect(ByteView payload) {
  // A compressed form has 3 bytes or more, except that of the empty body (00), which reads as
  // reason 0 in any case.
  if (payload.size() <= 2) return DecodePlain(payload);
  // c2 81 xx, a reason of 0x80 and above in the plain form: compressed, it would begin with a
  // length of 66 bytes or more.
  if (payload.size() == 3 && payload[0] == 0xc2) return DecodePlain(payload);
  absl::StatusOr<Bytes> body = SnappyUncompress(payload, kMaxBaseMessage);
  if (!body.ok()) return body.status();
  return DecodePlain(*body);
}

}  // namespace flblk::rlpx
