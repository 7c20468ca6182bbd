#include "plugin/ctl_print.h"

#include <time.h>

#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "flblk/v1/admin.pb.h"
#include "flblk/v1/builder.pb.h"
#include "flblk/v1/types.pb.h"
#include "plugin/text.h"
#include "signer/bytes.h"

namespace flblk::plugin {
namespace {

using Json = nlohmann::ordered_json;

std::string Hex(const std::string& bytes) {
  return bytes.empty() ? "" : "0x" + ToHex(AsBytes(bytes));
}
std::string Short(const std::string& bytes) {
  return bytes.empty() ? "-" : ToHex(AsBytes(bytes)).substr(0, 16);
}

// "publishing" from PUBLISH_STATE_PUBLISHING, for both enums.
std::string Word(std::string name, std::string_view prefix) {
  if (name.rfind(prefix, 0) == 0) name.erase(0, prefix.size());
  for (char& c : name)
    c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}
std::string State(v1::PublishState state) {
  return Word(v1::PublishState_Name(state), "PUBLISH_STATE_");
}
std::string CauseWord(v1::Cause cause) { return Word(v1::Cause_Name(cause), "CAUSE_"); }

std::string Missing(uint64_t flashblocks) {
  return flashblocks == 0 ? "" : Cat(" missing ", flashblocks);
}

// The host's words; free text, so nothing in them may steer a terminal.
std::string Because(const std::string& reason) {
  return reason.empty() ? "" : Cat(": \"", absl::CHexEscape(reason), "\"");
}

// UTC; "-": nothing has happened yet.
std::string Time(int64_t unix_ns) {
  if (unix_ns == 0) return "-";
  const time_t seconds = unix_ns / 1'000'000'000;
  tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  return absl::StrFormat("%s.%03dZ", text, unix_ns / 1'000'000 % 1000);
}

// "key value" lines of an object, for people.
std::string Lines(const Json& object) {
  std::string out;
  for (const auto& [key, value] : object.items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    out += Cat(out.empty() ? "" : "\n", absl::StrFormat("%-24s", key), text.empty() ? "-" : text);
  }
  return out;
}

Json DiffJson(const v1::Diff& diff) {
  Json out = {{"state_root", Hex(diff.state_root())},
              {"receipts_root", Hex(diff.receipts_root())},
              {"gas_used", diff.gas_used()},
              {"block_hash", Hex(diff.block_hash())},
              {"transactions", Json::array()}};
  for (const std::string& transaction : diff.transactions())
    out["transactions"].push_back(Hex(transaction));
  return out;
}

// Who feeds whom, as words of one column.
const char* Feeding(const v1::Peer& peer) {
  if (peer.sending_to()) return peer.receiving_from() ? "both-ways" : "we-feed";
  return peer.receiving_from() ? "feeds-us" : "no-feed";
}

}  // namespace

std::string StateName(v1::PublishState state) { return State(state); }

std::string CodeName(uint32_t code) {
  return absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
}

std::string Print(const v1::NodeInfoResponse& info, bool json) {
  const Json out = {{"version", info.version()},
                    {"enode", info.enode()},
                    {"state", State(info.state())},
                    {"slot", info.slot()},
                    {"payload_id", Hex(info.payload_id())},
                    {"next_index", info.next_index()},
                    {"rival_vk", Hex(info.rival_vk())},
                    {"builder_vk", Hex(info.builder_vk())},
                    {"authorizer_vk", Hex(info.authorizer_vk())},
                    {"peers", info.peers()},
                    {"health", info.health()},
                    {"health_reason", info.health_reason()},
                    {"started_unix_ns", info.started_unix_ns()},
                    {"last_flashblock_unix_ns", info.last_flashblock_unix_ns()},
                    {"http_address", info.http_address()}};
  return json ? out.dump() : Lines(out);
}

std::string Print(const v1::Peer& peer, bool json) {
  const Json out = {{"node_id", Hex(peer.node_id())},
                    {"client_id", peer.client_id()},
                    {"remote_address", peer.remote_address()},
                    {"inbound", peer.inbound()},
                    {"trusted", peer.trusted()},
                    {"static", peer.is_static()},
                    {"flblk_version", peer.flblk_version()},
                    {"eth_version", peer.eth_version()},
                    {"connected_unix_ns", peer.connected_unix_ns()},
                    {"bytes_in", peer.bytes_in()},
                    {"bytes_out", peer.bytes_out()},
                    {"queued_bytes", peer.queued_bytes()},
                    {"dropped_flashblocks", peer.dropped_flashblocks()},
                    {"sending_to", peer.sending_to()},
                    {"receiving_from", peer.receiving_from()},
                    {"flashblocks_in", peer.flashblocks_in()},
                    {"flashblocks_out", peer.flashblocks_out()},
                    {"duplicates", peer.duplicates()},
                    {"missed", peer.missed()},
                    {"latency_ns", peer.has_latency_ns() ? Json(peer.latency_ns()) : Json()},
                    {"penalty", peer.penalty()}};
  if (json) return out.dump();
  return absl::StrFormat("%s %-21s %-3s %-9s %-9s flblk/%d in %d out %d missed %d %s",
                         Short(peer.node_id()), peer.remote_address(),
                         peer.inbound() ? "in" : "out",
                         peer.trusted()     ? "trusted"
                         : peer.is_static() ? "static"
                                            : "untrusted",
                         Feeding(peer), peer.flblk_version(), peer.flashblocks_in(),
                         peer.flashblocks_out(), peer.missed(), peer.client_id());
}

std::string Print(const v1::HandoffEntry& entry, bool json) {
  const Json out = {{"time", Time(entry.unix_ns())},
                    {"unix_ns", entry.unix_ns()},
                    {"from", State(entry.from())},
                    {"to", State(entry.to())},
                    {"cause", CauseWord(entry.cause())},
                    {"slot", entry.slot()},
                    {"payload_id", Hex(entry.payload_id())},
                    {"rival_vk", Hex(entry.rival_vk())},
                    {"next_index", entry.next_index()},
                    {"missing", entry.missing()},
                    {"in_previous_state_ns", entry.in_previous_state_ns()},
                    {"reason", entry.reason()}};
  if (json) return out.dump();
  return absl::StrFormat(
      "%s %s -> %s (%s) slot %d next %d%s rival %s after %.3f s%s", Time(entry.unix_ns()),
      State(entry.from()), State(entry.to()), CauseWord(entry.cause()), entry.slot(),
      entry.next_index(), Missing(entry.missing()), Short(entry.rival_vk()),
      static_cast<double>(entry.in_previous_state_ns()) / 1e9, Because(entry.reason()));
}

std::string Print(const v1::PublishingEvent& event, bool json) {
  const Json out = {{"time", Time(event.unix_ns())},
                    {"state", State(event.state())},
                    {"previous", State(event.previous())},
                    {"cause", CauseWord(event.cause())},
                    {"slot", event.authorization().timestamp()},
                    {"payload_id", Hex(event.authorization().payload_id())},
                    {"rival_vk", Hex(event.rival_vk())},
                    {"next_index", event.next_index()},
                    {"flashblocks_so_far", event.flashblocks_size()},
                    {"missing", event.missing()},
                    {"reason", event.reason()}};
  if (json) return out.dump();
  return absl::StrFormat("%s %s (%s) slot %d next %d so far %d%s rival %s%s", Time(event.unix_ns()),
                         State(event.state()), CauseWord(event.cause()),
                         event.authorization().timestamp(), event.next_index(),
                         event.flashblocks_size(), Missing(event.missing()),
                         Short(event.rival_vk()), Because(event.reason()));
}

std::string Print(const v1::VerifiedFlashblock& verified, bool json) {
  const v1::FlashblocksPayloadV1& flashblock = verified.flashblock();
  Json out = {{"payload_id", Hex(flashblock.payload_id())},
              {"index", flashblock.index()},
              {"slot", verified.authorization().timestamp()},
              {"builder_vk", Hex(verified.authorization().builder_vk())},
              {"own", verified.own()},
              {"diff", DiffJson(flashblock.diff())},
              {"metadata", flashblock.metadata_json()},
              {"actor_sig", Hex(verified.actor_sig())}};
  if (flashblock.has_base()) {
    out["base"] = {{"block_number", flashblock.base().block_number()},
                   {"timestamp", flashblock.base().timestamp()},
                   {"parent_hash", Hex(flashblock.base().parent_hash())},
                   {"gas_limit", flashblock.base().gas_limit()}};
  }
  if (json) return out.dump();
  return absl::StrFormat(
      "slot %d index %2d %s builder %s txs %4d gas %9d hash %s",
      verified.authorization().timestamp(), flashblock.index(), verified.own() ? "own " : "peer",
      Short(verified.authorization().builder_vk()), flashblock.diff().transactions_size(),
      flashblock.diff().gas_used(), Short(flashblock.diff().block_hash()));
}

std::string Print(const v1::PublishResponse& response, bool json) {
  const Json out = {{"sequence", response.sequence()},          {"code", response.code()},
                    {"code_name", CodeName(response.code())},   {"message", response.message()},
                    {"payload_id", Hex(response.payload_id())}, {"index", response.index()},
                    {"next_index", response.next_index()}};
  if (json) return out.dump();
  if (response.code() == 0) return absl::StrFormat("index %d published", response.index());
  return absl::StrFormat("index %d refused: %s: %s", response.index(), CodeName(response.code()),
                         response.message());
}

std::string Print(const v1::PendingBlock& block, bool json) {
  Json out = {{"slot", block.authorization().timestamp()},
              {"payload_id", Hex(block.authorization().payload_id())},
              {"block_number", block.base().block_number()},
              {"flashblocks", block.flashblocks()}};
  const Json diff = DiffJson(block.diff());
  for (const auto& [key, value] : diff.items()) out[key] = value;
  out["metadata"] = block.newest_metadata_json();
  if (json) return out.dump();
  out["transactions"] = block.diff().transactions_size();
  return Lines(out);
}

std::string Print(const v1::Equivocation& found, bool json) {
  const Json out = {{"time", Time(found.unix_ns())},
                    {"kind", Word(v1::Equivocation_Kind_Name(found.kind()), "KIND_")},
                    {"builder_vk", Hex(found.builder_vk())},
                    {"slot", found.slot()},
                    {"first_rlp", Hex(found.first_rlp())},
                    {"second_rlp", Hex(found.second_rlp())}};
  if (json) return out.dump();
  return absl::StrFormat("%s %s builder %s slot %d", Time(found.unix_ns()),
                         out["kind"].get<std::string>(), Hex(found.builder_vk()), found.slot());
}

}  // namespace flblk::plugin
