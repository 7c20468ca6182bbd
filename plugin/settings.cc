#include "plugin/settings.h"

#include <algorithm>
#include <cctype>

#include "plugin/nearest.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

constexpr uint64_t kMs = 1'000'000, kSecond = 1'000 * kMs;

// clang-format off
const Setting kSettings[] = {
    // ---- devp2p
    {"datadir", &Config::datadir, "DIR", "directory of the node key and the Unix socket"},
    {"addr", &Config::addr, "IP", "address to listen on for devp2p"},
    {"port", &Config::port, "PORT", "TCP port for devp2p; 0: a free one", 0, 65535},
    {"listen", &Config::listen, "", "accept devp2p connections"},
    {"nat", &Config::nat, "none|extip:IP", "address other nodes reach us at, for the printed enode"},
    {"nodekey", &Config::nodekey, "FILE", "devp2p identity, 64 hex; created where missing; default <datadir>/nodekey",
     0, UINT64_MAX, "p2p-secret-key"},
    {"trusted_peers", &Config::trusted_peers, "ENODE,...", "dialled for ever, always served, not counted"},
    {"static_nodes", &Config::static_nodes, "ENODE,...", "dialled for ever", 0, UINT64_MAX, "static-peers"},
    {"max_inbound_peers", &Config::max_inbound_peers, "N", "untrusted peers that may connect to us", 0, 100'000, "maxpeers"},
    {"max_outbound_peers", &Config::max_outbound_peers, "N", "untrusted peers we dial", 0, 100'000},
    {"max_pending_peers", &Config::max_pending_peers, "N", "handshakes at the same time", 1, 10'000, "maxpendpeers"},
    {"max_send_peers", &Config::max_send_peers, "N", "untrusted peers we feed", 0, 100'000},
    {"max_receive_peers", &Config::max_receive_peers, "N", "peers that feed us (flblk/2)", 1, 1'000},
    {"rotation_interval", &Config::rotation_interval, "TIME", "how often the slowest feeding peer is replaced",
     kSecond, 3600 * kSecond},
    {"peer_queue_bytes", &Config::peer_queue_bytes, "N", "bytes queued for one slow peer before flashblocks are dropped",
     uint64_t{1} << 20, uint64_t{1} << 30},
    {"seal_threads", &Config::seal_threads, "N", "threads that seal large messages for many peers beside the network thread; absent: none on less than 4 processors, then 1, from 8 on 2",
     0, 64},
    {"flblk1", &Config::flblk1, "", "offer flblk/1 beside flblk/2"},
    // ---- the network
    {"world_chain", &Config::world_chain, "mainnet|sepolia", "preset: network_id, genesis, fork, metadata and authorizer_vk of World Chain",
     0, UINT64_MAX, "", "mainnet|sepolia"},
    {"authorizer_vk", &Config::authorizer_vk, "HEX32", "the network's authorizer, Ed25519 public key"},
    {"metadata", &Config::metadata, "any|world-chain", "what our flashblocks' metadata may be; World Chain peers penalise all but their own form",
     0, UINT64_MAX, "", "any|world-chain"},
    {"eth", &Config::eth, "", "offer the eth companion that reth nodes ask for"},
    {"network_id", &Config::network_id, "N", "network id peers must have; absent: any"},
    {"genesis", &Config::genesis, "HEX32", "genesis hash peers must have; absent: any"},
    {"fork_hash", &Config::fork_hash, "HEX4", "EIP-2124 fork hash we state"},
    {"fork_next", &Config::fork_next, "N", "EIP-2124 next fork we state; 0: none"},
    // ---- the builder
    {"builder_sk_file", &Config::builder_sk_file, "FILE", "our builder key, 64 hex, mode 0600; absent: relay and subscriber only"},
    {"builder_sk", &Config::builder_sk, "HEX32", "our builder key; only as FLBLK_BUILDER_SK",
     0, UINT64_MAX, "", "", Style::kEnvironmentOnly},
    {"takeover_after", &Config::takeover_after, "TIME", "while waiting: publish after this long without a sign of the rival; 0: at the next block",
     0, 60 * kSecond},
    {"flashblock_interval", &Config::flashblock_interval, "TIME", "the network's cadence", 10 * kMs, 60 * kSecond},
    {"block_time", &Config::block_time, "TIME", "the network's block time; a silent rival is forgotten after two", kSecond, 60 * kSecond},
    {"replicate_before_publish", &Config::replicate_before_publish, "N", "flashblocks go to everyone once N trusted peers acknowledged them; 0: at once", 0, 16},
    {"replicate_timeout", &Config::replicate_timeout, "TIME", "how long one is held back for that at most", kMs, kSecond},
    {"stop_on_bare_fcu", &Config::stop_on_bare_fcu, "", "a forkchoice without attributes stops publishing"},
    {"stop_on_publisher_disconnect", &Config::stop_on_publisher_disconnect, "", "a broken Publish stream stops publishing"},
    {"sign_once_journal", &Config::sign_once_journal, "FILE", "remembers on disk what was signed; absent: in memory"},
    // ---- servers
    {"grpc", &Config::grpc, "ENDPOINT,...", "unix:/path or host:port, or none; default unix:<datadir>/flblk.sock"},
    {"grpc_socket_mode", &Config::grpc_socket_mode, "OCTAL", "mode of the Unix socket: 0600 or 0660", 0, 0777,
     "", "0600|0660", Style::kOctal},
    {"grpc_tls_cert", &Config::grpc_tls_cert, "FILE", "PEM certificate chain of the TCP listeners"},
    {"grpc_tls_key", &Config::grpc_tls_key, "FILE", "PEM private key of grpc_tls_cert"},
    {"grpc_tls_client_ca", &Config::grpc_tls_client_ca, "FILE", "PEM authority whose client certificates are required"},
    {"grpc_token_file", &Config::grpc_token_file, "FILE", "bearer token TCP clients must send, mode 0600"},
    {"http", &Config::http, "HOST:PORT", "status page: /metrics /healthz /readyz /livez; none: off",
     0, UINT64_MAX, "metrics"},
    {"stale_after", &Config::stale_after, "TIME", "/healthz turns red after this long without a flashblock; 0: never",
     0, 86400 * kSecond},
    // ---- the sidecar's log
    {"log_level", &Config::log_level, "LEVEL", "error, warn, info or debug (sidecar only)", 0, UINT64_MAX, "",
     "error|warn|info|debug"},
    {"log_format", &Config::log_format, "FORMAT", "text or json (sidecar only)", 0, UINT64_MAX, "", "text|json"},
};
// clang-format on

}  // namespace

std::span<const Setting> Settings() { return kSettings; }

const Setting* FindKey(std::string_view key) {
  for (const Setting& setting : kSettings) {
    if (setting.key == key) return &setting;
  }
  return nullptr;
}

const Setting* FindFlag(std::string_view flag) {
  for (const Setting& setting : kSettings) {
    if (FlagOf(setting).substr(2) == flag) return &setting;
    if (!setting.alias.empty() && setting.alias == flag) return &setting;
  }
  return nullptr;
}

std::string NearestKey(std::string_view name) {
  std::vector<std::string> known;
  for (const Setting& setting : kSettings) known.emplace_back(setting.key);
  return Nearest(name, known);
}

std::string NearestFlag(std::string_view name) {
  std::vector<std::string> known = {"config", "dump-config", "help", "version"};
  for (const Setting& setting : kSettings) {
    if (setting.style == Style::kEnvironmentOnly) continue;
    known.push_back(FlagOf(setting).substr(2));
    if (!setting.alias.empty()) known.emplace_back(setting.alias);
  }
  const std::string nearest = Nearest(name, known);
  return nearest.empty() ? "" : Cat("--", nearest);
}

std::string NearestEnv(std::string_view name) {
  std::vector<std::string> known = {"FLBLK_CONFIG"};
  for (const Setting& setting : kSettings) known.push_back(EnvOf(setting));
  return Nearest(name, known);
}

std::string FlagOf(const Setting& setting) {
  std::string flag = Cat("--", setting.key);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

std::string EnvOf(const Setting& setting) {
  std::string name = Cat("FLBLK_", setting.key);
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

bool IsSwitch(const Setting& s) { return std::holds_alternative<bool Config::*>(s.field); }

bool IsNumber(const Setting& s) {
  return s.style != Style::kOctal &&
         (std::holds_alternative<uint16_t Config::*>(s.field) ||
          std::holds_alternative<uint32_t Config::*>(s.field) ||
          std::holds_alternative<uint64_t Config::*>(s.field) ||
          std::holds_alternative<std::optional<uint64_t> Config::*>(s.field));
}

bool IsList(const Setting& s) {
  return std::holds_alternative<std::vector<net::Enode> Config::*>(s.field) ||
         std::holds_alternative<std::optional<std::vector<Endpoint>> Config::*>(s.field);
}

}  // namespace flblk::plugin
