#include "plugin/event_log.h"

#include "absl/strings/str_format.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

// What peers say about themselves is not trusted to be one line of text.
std::string Printable(std::string text) {
  constexpr size_t kMax = 120;
  if (text.size() > kMax) text.resize(kMax);
  for (char& c : text) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return text;
}

std::string PeerText(const net::PeerInfo& peer) {
  return Cat(" peer_id=", ToHex(ByteView(peer.node_id).first(8)), " address=", peer.remote_address,
             " client=", Printable(peer.client_id));
}

const char* Words(core::PublishState state) {
  switch (state) {
    case core::PublishState::kPublishing:
      return "starting to publish flashblocks";
    case core::PublishState::kWaiting:
      return "waiting to publish flashblocks";
    case core::PublishState::kYielded:
      return "stopping to publish flashblocks: yielded";
    case core::PublishState::kIdle:
      return "stopping to publish flashblocks";
  }
  return "";
}

}  // namespace

void EventLog::OnFlashblock(const core::FlashblockDelivered& event, int64_t) {
  log_(LogLevel::kDebug, Cat(event.own ? "flashblock published" : "flashblock received",
                             " payload_id=", ToHex(event.flashblock->payload_id),
                             " flashblock_index=", event.flashblock->index,
                             " timestamp=", event.authorization.timestamp,
                             " transactions=", event.flashblock->diff.transactions.size()));
}

void EventLog::OnTransition(const Transition& transition) {
  const core::PublishingChanged& change = transition.change;
  const bool renewal = change.from == change.to;
  std::string line =
      Cat(renewal ? "authorization renewed" : Words(change.to), " from=", Name(change.from),
          " to=", Name(change.to), " cause=", Word(Name(change.cause)));
  if (change.authorization) {
    line += Cat(" payload_id=", ToHex(change.authorization->payload_id),
                " timestamp=", change.authorization->timestamp);
  }
  if (change.rival) line += Cat(" rival=", ToHex(change.rival->bytes));
  if (change.to == core::PublishState::kPublishing)
    line += Cat(" flashblock_index=", change.next_index);
  if (change.missing > 0) line += Cat(" missing=", change.missing);
  line +=
      absl::StrFormat(" after_ms=%.1f",
                      std::chrono::duration<double, std::milli>(change.in_previous_state).count());
  log_(renewal ? LogLevel::kDebug : LogLevel::kInfo, line);
}

void EventLog::OnEquivocation(const core::EquivocationFound& event, int64_t) {
  PeerLine(LogLevel::kError,
           Cat("builder signed what excludes an earlier flashblock kind=", Word(Name(event.kind)),
               " builder=", ToHex(event.builder.bytes), " timestamp=", event.slot));
}

void EventLog::OnPeerUp(const net::PeerInfo& peer) {
  PeerLine(LogLevel::kInfo,
           Cat("peer connected", PeerText(peer), " inbound=", peer.inbound ? "true" : "false",
               " flblk=", peer.flblk_version, " eth=", peer.eth_version));
}

void EventLog::OnPeerDown(const net::PeerInfo& peer, const std::string& why) {
  PeerLine(LogLevel::kInfo, Cat("peer disconnected", PeerText(peer), " why=", Printable(why)));
}

void EventLog::OnPenalty(const net::PeerInfo& peer, const core::Penalise& event) {
  const bool signature = event.offence == core::Offence::kBadSignature;
  PeerLine(LogLevel::kWarn,
           Cat(signature ? "failed to verify flashblock" : "peer broke a rule", PeerText(peer),
               " offence=", Word(Name(event.offence)), " why=", Printable(event.why)));
}

void EventLog::PeerLine(LogLevel level, const std::string& text) {
  if (peers_too_ && ++peer_lines_ <= kMaxPeerLines) log_(level, text);
}

void EventLog::OnTick() {
  if (peer_lines_ > kMaxPeerLines) {
    log_(LogLevel::kWarn, Cat("lines about peers left out: ", peer_lines_ - kMaxPeerLines));
  }
  peer_lines_ = 0;
}

void EventLog::OnLost() {
  log_(LogLevel::kError, "event queue overflowed: flashblocks were lost for subscribers");
}

}  // namespace flblk::plugin
