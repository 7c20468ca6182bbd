#include "plugin/config_check.h"

#include "plugin/text.h"

#include <utility>

namespace flblk::plugin {
namespace {

absl::Status Bad(std::string_view key, std::string_view why) { return Invalid(key, ": ", why); }

absl::Status CheckNetwork(const Config& c) {
  if (!c.authorizer_vk) {
    return Bad("authorizer_vk",
               "missing: give the authorizer's public key of the network, or world_chain");
  }
  if (c.datadir.empty()) return Bad("datadir", "empty");
  if (!IsIpLiteral(c.addr)) return Bad("addr", Cat("'", c.addr, "' is no IP address"));
  if (c.nat != "none" && !c.nat.starts_with("extip:")) {
    return Bad("nat", Cat("'", c.nat, "' is neither none nor extip:IP"));
  }
  if (c.nat != "none" && !IsIpLiteral(c.ExternalAddress())) {
    return Bad("nat", Cat("'", c.ExternalAddress(), "' is no IP address"));
  }
  return absl::OkStatus();
}

absl::Status CheckBuilder(const Config& c) {
  if (c.builder_sk && !c.builder_sk_file.empty()) {
    return Bad("builder_sk_file", "FLBLK_BUILDER_SK is set too; give one of them");
  }
  if (c.takeover_after != Duration{} && c.takeover_after < c.flashblock_interval) {
    return Bad("takeover_after", "shorter than flashblock_interval: every gap would be a takeover");
  }
  if (c.replicate_before_publish > c.trusted_peers.size()) {
    return Bad("replicate_before_publish",
               Cat(c.replicate_before_publish, " of ", c.trusted_peers.size(),
                   " trusted_peers cannot acknowledge: list the standby builders there"));
  }
  return absl::OkStatus();
}

absl::Status CheckServers(const Config& c) {
  const bool tls = !c.grpc_tls_cert.empty();
  if (tls != !c.grpc_tls_key.empty())
    return Bad("grpc_tls_key", "grpc_tls_cert and grpc_tls_key go together");
  if (!tls && !c.grpc_tls_client_ca.empty())
    return Bad("grpc_tls_client_ca", "needs grpc_tls_cert");
  for (const Endpoint& endpoint : c.GrpcEndpoints()) {
    // TLS of the server alone says who we are, not who calls.
    if (!endpoint.IsLocal() && c.grpc_tls_client_ca.empty() && c.grpc_token_file.empty()) {
      return Bad("grpc", Cat(endpoint.ToString(),
                             " can be reached from other machines: give grpc_tls_client_ca (with "
                             "grpc_tls_cert and grpc_tls_key) or grpc_token_file, or listen on "
                             "127.0.0.1 or a Unix socket"));
    }
  }
  if (c.http.kind == Endpoint::Kind::kUnix) return Bad("http", "must be host:port or none");
  return absl::OkStatus();
}

struct Preset {
  std::string_view name, genesis, fork_hash, authorizer;
  uint64_t network_id, fork_next;
};
// superchain-registry 8336d2ae (Jovian active), world-chain f589f8a5 crates/cli/src/cli.rs.
constexpr Preset kPresets[] = {
    {"mainnet", "70d316d2e0973b62332ba2e9768dd7854298d7ffe77f0409ffdb8d859f2d3fa3", "8f0e4ee7",
     "1361edebf7fd03a72aa23748e17eb5f6901b544cf80d3f410afa5e6e261d7281", 480, 0},
    {"sepolia", "f1deb67ee953f94d8545d2647918687fa8ba1f30fa6103771f11b7c483984070", "9d7efa8f",
     "3b24dba9803930d6b31c85d9809e03f565b05eba0dd59cfd248e4cc95ebd3492", 4801, 0},
};

template <size_t N>
FixedBytes<N> Constant(std::string_view hex) {
  FixedBytes<N> out{};
  (void)FromHexExact(hex, "preset", out);
  return out;
}

}  // namespace

absl::Status CheckConfig(const Config& config) {
  for (const auto& check : {CheckNetwork, CheckBuilder, CheckServers}) {
    if (auto status = check(config); !status.ok()) return status;
  }
  return absl::OkStatus();
}

std::vector<std::string> ConfigWarnings(const Config& config) {
  std::vector<std::string> out;
  if (config.grpc_token_file.empty() || !config.grpc_tls_cert.empty()) return out;
  for (const Endpoint& endpoint : config.GrpcEndpoints()) {
    if (endpoint.IsLocal()) continue;
    out.push_back(Cat("grpc_token_file: ", endpoint.ToString(),
                      " is without TLS, so the token and every call cross the network in clear "
                      "text: give grpc_tls_cert and grpc_tls_key"));
  }
  return out;
}

void ApplyPreset(const std::string& world_chain, Config& config) {
  for (const Preset& preset : kPresets) {
    if (preset.name != world_chain) continue;
    config.network_id = preset.network_id;
    config.metadata = "world-chain";
    config.genesis = Constant<32>(preset.genesis);
    config.fork_hash = Constant<4>(preset.fork_hash);
    config.fork_next = preset.fork_next;
    config.authorizer_vk = PublicKey{Constant<32>(preset.authorizer)};
  }
}

}  // namespace flblk::plugin
