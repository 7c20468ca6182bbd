// Every setting of a flblk node, where it may come from, and how it is read.
//
// One table (settings.cc) defines key, flag, help, limits. A key `max_send_peers` is the flag
// --max-send-peers, the environment variable FLBLK_MAX_SEND_PEERS and the TOML key max_send_peers.
// Precedence: flags > environment > TOML file > network preset (world_chain) > defaults.
//
// Errors are INVALID_ARGUMENT and begin with the place: "--port: ...", "FLBLK_PORT: ...",
// "flblk.toml:12: port: ...". Unknown keys are refused with the nearest known one. Only the sidecar
// looks at the environment; libflblk.so gets its settings as TOML text from the host.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "p2p/net/enode.h"
#include "p2p/wire/time.h"
#include "plugin/endpoint.h"
#include "signer/ed25519.h"

namespace flblk::plugin {

inline constexpr std::string_view kVersion = "0.1.0";

struct Config {
  // devp2p
  std::string datadir = "flblk-data";
  std::string addr = "0.0.0.0";
  uint16_t port = 30303;
  bool listen = true;
  std::string nat = "none";
  std::string nodekey;  // "": <datadir>/nodekey
  std::vector<net::Enode> trusted_peers, static_nodes;
  uint32_t max_inbound_peers = 30;
  uint32_t max_outbound_peers = 100;
  uint32_t max_pending_peers = 50;
  uint32_t max_send_peers = 10;
  uint32_t max_receive_peers = 3;
  Duration rotation_interval = std::chrono::seconds(30);
  uint64_t peer_queue_bytes = uint64_t{32} << 20;
  std::optional<uint64_t> seal_threads;  // absent: net::DefaultSealThreads()
  bool flblk1 = true;
  // the network
  std::string world_chain;
  std::optional<PublicKey> authorizer_vk;
  std::string metadata = "any";
  bool eth = true;
  std::optional<uint64_t> network_id;
  std::optional<Hash32> genesis;
  std::optional<FixedBytes<4>> fork_hash;
  uint64_t fork_next = 0;
  // the builder
  std::string builder_sk_file;
  std::optional<SecretKey> builder_sk;  // FLBLK_BUILDER_SK
  Duration takeover_after{};
  Duration flashblock_interval = std::chrono::milliseconds(200);
  uint32_t replicate_before_publish = 0;
  Duration replicate_timeout = std::chrono::milliseconds(50);
  Duration block_time = std::chrono::seconds(2);
  bool stop_on_bare_fcu = false;
  bool stop_on_publisher_disconnect = true;
  std::string sign_once_journal;
  // servers
  std::optional<std::vector<Endpoint>> grpc;  // absent: unix:<datadir>/flblk.sock
  uint32_t grpc_socket_mode = 0600;
  std::string grpc_tls_cert, grpc_tls_key, grpc_tls_client_ca, grpc_token_file;
  Endpoint http;
  Duration stale_after = std::chrono::seconds(10);
  // the sidecar's log
  std::string log_level = "info";
  std::string log_format = "text";

  std::string NodeKeyPath() const;
  std::vector<Endpoint> GrpcEndpoints() const;
  std::string ExternalAddress() const;  // of nat; "" where none
};

// TOML text as a host hands it to the plugin; `origin` heads the errors. Checked as a whole.
absl::StatusOr<Config> ConfigFromToml(std::string_view text, std::string_view origin);

// What is allowed but should be known to the operator; each begins with the setting's key.
std::vector<std::string> ConfigWarnings(const Config& config);

// One for each FLBLK_* name in `environment` ("NAME=value", NULL at the end) that is no setting.
// The values, which may be secrets, are not told.
std::vector<std::string> EnvironmentWarnings(const char* const* environment);

struct CommandLine {
  Config config;
  bool help = false, version = false, dump_config = false;
};
using Getenv = std::function<const char*(const char*)>;
// `args` without the program's name. --config FILE (or FLBLK_CONFIG) names the TOML file.
absl::StatusOr<CommandLine> ConfigFromCommandLine(std::span<const char* const> args,
                                                  const Getenv& env);

// The effective configuration as TOML, without secrets: what --dump-config prints and what the
// sidecar hands to the plugin. Reading it back gives an equal configuration, builder_sk aside.
std::string ConfigToToml(const Config& config);
// The text of --help.
std::string ConfigHelp(std::string_view program);

}  // namespace flblk::plugin
