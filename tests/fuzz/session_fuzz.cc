// Fuzzes p2p/rlpx: bytes and handshake bodies into a fresh session, frames into an established one,
// decoders. The first byte of an input chooses the part.
#include <cstdlib>

#include "p2p/rlpx/ecies.h"
#include "p2p/rlpx/eth_status.h"
#include "p2p/rlpx/frame.h"
#include "p2p/rlpx/hello.h"
#include "p2p/rlpx/message_layer.h"
#include "p2p/rlpx/testing/sessions.h"

namespace flblk::rlpx {
namespace {

using std::chrono::seconds;
using testing::At;
using testing::KeyNumber;
using testing::Pair;
using testing::Side;

void Require(bool holds) {
  if (!holds) std::abort();
}

// Closed comes at most once, last, and exactly where the session says so.
void CheckEnd(const std::vector<SessionEvent>& events, bool closed) {
  size_t count = 0;
  for (const SessionEvent& e : events) count += std::holds_alternative<Closed>(e);
  Require(count == (closed ? 1 : 0));
  Require(!closed || std::holds_alternative<Closed>(events.back()));
}

Side FreshRecipient() {
  SessionConfig config;
  config.key = &KeyNumber(2);
  return Side(config, 5);
}

void Fresh(ByteView bytes) {
  Side whole = FreshRecipient(), split = FreshRecipient();
  whole.session.OnBytes(bytes, At({}), whole.events);
  for (const uint8_t& byte : bytes) split.session.OnBytes({&byte, 1}, At({}), split.events);
  CheckEnd(whole.events, whole.session.closed());
  Require(whole.events.size() == split.events.size());
  Require(whole.session.closed() == split.session.closed());
}

// The bytes as the contents of a well sealed auth packet.
void AuthBody(ByteView body) {
  absl::StatusOr<Bytes> packet = EciesSeal(KeyNumber(2).id(), body, KeyNumber(3), FixedBytes<16>{});
  if (packet.ok()) Fresh(*packet);
}

// Input: [ id with its top bit for "compress", payload size, payload ] ...
std::vector<MessageLayer::Message> Messages(ByteView bytes) {
  std::vector<MessageLayer::Message> out;
  while (bytes.size() >= 2 && out.size() < 64) {
    const size_t size = std::min<size_t>(bytes[1], bytes.size() - 2);
    const ByteView payload = bytes.subspan(2, size);
    const bool compress = bytes[0] >= 0x80;
    out.push_back({static_cast<uint8_t>(bytes[0] & 0x7f),
                   compress ? SnappyCompress(payload) : Bytes(payload.begin(), payload.end())});
    bytes = bytes.subspan(2 + size);
  }
  return out;
}

// Frames straight into the message layer, Hello included; a second passes between two of them.
void BeforeHello(ByteView bytes) {
  SessionConfig config;
  config.key = &KeyNumber(1);
  MessageLayer layer(config, KeyNumber(2).id(), At(seconds(10)).mono);
  std::vector<SessionEvent> events;
  int64_t at = 0;
  for (MessageLayer::Message& message : Messages(bytes)) {
    layer.OnHeard(At(seconds(at)));
    layer.OnFrame({message.id, std::move(message.payload)}, At(seconds(at)), events);
    layer.OnTimer(At(seconds(++at)), events);
    Require(layer.closed() == !layer.NextDeadline().has_value());
  }
  CheckEnd(events, layer.closed());
}

// Sealed frames into an established session, in chunks of `step` bytes, the last byte broken where
// asked.
std::pair<size_t, bool> SealedFrames(ByteView bytes, size_t step, bool broken) {
  Pair pair;
  pair.Run();
  Session::Egress to = pair.a.session.egress();
  for (const MessageLayer::Message& message : Messages(bytes)) {
    to.sealer->Seal(message.id, message.payload,
                    to.output->Extend(FrameSealer::SealedSize(message.payload.size())));
  }
  Bytes wire(to.output->pending().begin(), to.output->pending().end());
  if (broken && !wire.empty()) wire.back() ^= 1;
  for (size_t at = 0; at < wire.size(); at += step) {
    pair.b.session.OnBytes(ByteView(wire).subspan(at, std::min(step, wire.size() - at)), At({}),
                           pair.b.events);
  }
  CheckEnd(pair.b.events, pair.b.session.closed());
  Require(!broken || wire.empty() || pair.b.session.closed());
  return {pair.b.events.size(), pair.b.session.closed()};
}

void Decoders(ByteView bytes) {
  if (absl::StatusOr<Hello> hello = DecodeHello(bytes); hello.ok()) {
    absl::StatusOr<Hello> again = DecodeHello(EncodeHello(*hello));
    Require(again.ok() && again->capabilities == hello->capabilities);
  }
  for (uint64_t version : {68, 69}) {
    absl::StatusOr<EthStatus> status = DecodeEthStatus(bytes, version);
    if (!status.ok()) continue;
    status->version = version;
    Require(*DecodeEthStatus(EncodeEthStatus(*status), version) == *status);
  }
  if (absl::StatusOr<DisconnectReason> reason = DecodeDisconnect(bytes); reason.ok()) {
    Require(*DecodeDisconnect(EncodeDisconnect(*reason)) == *reason);
  }
  if (absl::StatusOr<Bytes> body = SnappyUncompress(bytes, 1 << 20); body.ok()) {
    Require(*SnappyUncompress(SnappyCompress(*body), 1 << 20) == *body);
  }
}

}  // namespace
}  // namespace flblk::rlpx

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace flblk::rlpx;
  if (size == 0) return 0;
  const flblk::ByteView bytes(data + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      Fresh(bytes);
      break;
    case 1:
      AuthBody(bytes);
      break;
    case 2:
      BeforeHello(bytes);
      break;
    case 3:
      Require(SealedFrames(bytes, 1 + data[0] / 5, false) == SealedFrames(bytes, 1 << 20, false));
      SealedFrames(bytes, 1 << 20, true);
      break;
    default:
      Decoders(bytes);
  }
  return 0;
}
