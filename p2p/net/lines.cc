#include "p2p/net/lines.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace flblk::net {
namespace {

std::string Who(const PeerInfo& peer) {
  return absl::StrCat(" peer_id=", Short(peer.node_id), " addr=", peer.remote_address);
}

int64_t Ms(Duration d) { return d / std::chrono::milliseconds(1); }

// A value without quotes has no blanks.
template <typename Enum>
std::string Word(Enum value) {
  return absl::StrReplaceAll(core::Name(value), {{" ", "_"}});
}

// A text of others: one line, whatever it holds, and readable where it is plain.
std::string Quoted(absl::string_view text) {
  return absl::StrCat("\"", absl::StrReplaceAll(absl::CHexEscape(text), {{"\\'", "'"}}), "\"");
}

// What operators of World Chain nodes look for.
const char* PublishingWords(const core::PublishingChanged& change) {
  using core::PublishState;
  if (change.from == change.to) return "authorization renewed";
  switch (change.to) {
    case PublishState::kPublishing:
      return change.cause == core::Cause::kTakeoverTimeout ||
                     change.cause == core::Cause::kRivalSilent
                 ? "waiting to publish timed out, starting to publish"
                 : "starting to publish flashblocks";
    case PublishState::kWaiting:
      return "waiting to publish flashblocks";
    case PublishState::kYielded:
    case PublishState::kIdle:
      break;
  }
  return change.from == PublishState::kWaiting ? "aborting wait to publish flashblocks"
                                               : "stopping to publish flashblocks";
}

}  // namespace

std::string Short(const NodeId& id) { return ToHex(ByteView(id).first(8)); }

std::string PeerUpLine(const PeerInfo& peer, size_t peers) {
  return absl::StrCat("event=peer_up", Who(peer), " dir=", peer.inbound ? "in" : "out",
                      " trusted=", peer.trusted ? 1 : 0, " static=", peer.is_static ? 1 : 0,
                      " flblk=", peer.flblk_version, " eth=", peer.eth_version,
                      " client=", Quoted(peer.client_id), " peers=", peers);
}

std::string PeerDownLine(const PeerInfo& peer, const std::string& why, size_t peers) {
  return absl::StrCat("event=peer_down", Who(peer), " reason=", Quoted(why),
                      " bytes_in=", peer.bytes_in, " bytes_out=", peer.bytes_out,
                      " dropped=", peer.dropped_flashblocks, " peers=", peers);
}

std::string PenaltyLine(const PeerInfo& peer, const core::Penalise& penalty) {
  const bool signature = penalty.offence == core::Offence::kBadSignature;
  return absl::StrCat("event=penalty", signature ? " msg=\"failed to verify flashblock\"" : "",
                      Who(peer), " offence=", Word(penalty.offence),
                      " reason=", Quoted(penalty.why));
}

std::string DialFailedLine(const Enode& target, const std::string& why, Duration retry_in) {
  return absl::StrCat("event=dial_failed peer_id=", Short(target.id), " addr=", target.host, ":",
                      target.port, " reason=", Quoted(why), " retry_in_ms=", Ms(retry_in));
}

std::string PublishingLine(const core::PublishingChanged& change) {
  std::string line =
      absl::StrCat("event=publishing msg=\"", PublishingWords(change),
                   "\" from=", core::Name(change.from), " to=", core::Name(change.to),
                   " cause=", Word(change.cause), " after_ms=", Ms(change.in_previous_state));
  if (change.authorization) {
    absl::StrAppend(&line, " slot=", change.authorization->timestamp,
                    " payload_id=", ToHex(change.authorization->payload_id));
  }
  if (!change.reason.empty()) {
    absl::StrAppend(&line, " reason=", Quoted(change.reason));
  }
  if (change.rival) absl::StrAppend(&line, " rival=", ToHex(change.rival->bytes));
  if (change.to == core::PublishState::kPublishing) {
    absl::StrAppend(&line, " next_index=", change.next_index, " missing=", change.missing);
  }
  return line;
}

std::string ForkchoiceRefusedLine(const absl::Status& status, uint64_t slot) {
  return absl::StrCat("event=forkchoice_refused code=", absl::StatusCodeToString(status.code()),
                      " slot=", slot, " reason=", Quoted(status.message()));
}

std::string FrozenLine(Duration since) {
  return absl::StrCat("event=frozen for_ms=", since / std::chrono::milliseconds(1),
                      " msg=\"the network thread did not run\"");
}

std::string EvidenceLine(const core::EquivocationFound& evidence) {
  return absl::StrCat("event=equivocation kind=", Word(evidence.kind),
                      " builder=", ToHex(evidence.builder.bytes), " slot=", evidence.slot);
}

}  // namespace flblk::net
