#include "plugin/reconfigure.h"

#include <map>

#include "plugin/settings.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

struct Wish {
  net::Enode enode;
  bool trusted = false;
  bool operator==(const Wish&) const = default;
};
using Wishes = std::map<NodeId, Wish>;

Wishes WishesOf(const Config& config) {
  Wishes out;
  for (const net::Enode& enode : config.trusted_peers) out[enode.id] = {enode, true};
  for (const net::Enode& enode : config.static_nodes) out.try_emplace(enode.id, Wish{enode, false});
  return out;
}

// What `wishes` say, as settings.
void Keep(const Wishes& wishes, Config& config) {
  config.trusted_peers.clear();
  config.static_nodes.clear();
  for (const auto& [id, wish] : wishes)
    (wish.trusted ? config.trusted_peers : config.static_nodes).push_back(wish.enode);
}

void Note(const absl::Status& status, const std::string& line, PeerChanges& out) {
  if (status.ok()) {
    out.lines.push_back(line);
  } else {
    out.errors.push_back(Cat(line, " error=\"", status.message(), "\""));
  }
}

}  // namespace

std::vector<std::string> KeysThatNeedARestart(const Config& running, const Config& wanted) {
  std::vector<std::string> keys;
  for (const Setting& setting : Settings()) {
    if (setting.key == "trusted_peers" || setting.key == "static_nodes" ||
        setting.key == "log_level") {
      continue;
    }
    if (ToTomlValue(setting, running) != ToTomlValue(setting, wanted))
      keys.emplace_back(setting.key);
  }
  return keys;
}

PeerChanges ApplyPeers(const Config& wanted, Config& running, net::Node& node) {
  PeerChanges out;
  const Wishes before = WishesOf(running), after = WishesOf(wanted);
  Wishes now = before;  // what failed is tried again the next time
  for (const auto& [id, wish] : before) {
    if (after.contains(id)) continue;
    const auto status = node.RemovePeer(id);
    // Somebody may have removed it already.
    const bool gone = status.ok() || status.code() == absl::StatusCode::kFailedPrecondition;
    if (gone) now.erase(id);
    Note(gone ? absl::OkStatus() : status,
         Cat("msg=\"peer removed\" enode=", FormatEnode(wish.enode)), out);
  }
  for (const auto& [id, wish] : after) {
    const auto known = before.find(id);
    if (known != before.end() && known->second == wish) continue;
    const auto status = node.AddPeer(wish.enode, wish.trusted);
    if (status.ok()) now[id] = wish;
    Note(status,
         Cat(known == before.end() ? "msg=\"peer added\"" : "msg=\"peer changed\"",
             " enode=", FormatEnode(wish.enode), " trusted=", wish.trusted ? "true" : "false"),
         out);
  }
  Keep(now, running);
  return out;
}

}  // namespace flblk::plugin
