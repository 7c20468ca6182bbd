#include "plugin/runtime.h"

#include <mutex>
#include <random>

#include "p2p/net/seal_pool.h"
#include "p2p/rlpx/node_key.h"
#include "plugin/event_log.h"
#include "plugin/files.h"
#include "plugin/journal.h"
#include "plugin/metrics.h"
#include "plugin/reconfigure.h"
#include "plugin/servers.h"
#include "plugin/text.h"
#include "signer/key_file.h"
#include "signer/signer.h"

namespace flblk::plugin {
namespace {

class Impl final : public Runtime {
 public:
  explicit Impl(RuntimeOptions options)
      : options_(std::move(options)), health_(options_.config.stale_after) {}
  ~Impl() override { Stop(); }

  absl::Status Load();
  absl::Status Start() override;
  void Stop() override;
  absl::Status Reconfigure(const Config& wanted) override;

  Host& host() override { return *host_; }
  Hub& hub() override { return hub_; }
  const HealthMonitor& health() const override { return health_; }
  const std::string& grpc_targets() const override { return grpc_targets_; }
  const std::string& http_address() const override { return http_address_; }
  const std::string& enode() const override { return enode_; }

 private:
  absl::Status LoadBuilderKey();
  absl::Status StartServers();

  std::mutex reconfigure_;
  RuntimeOptions options_;
  std::unique_ptr<DataDirectory> directory_;
  std::optional<rlpx::NodeKey> node_key_;
  std::unique_ptr<LocalSigner> signer_;
  std::unique_ptr<Journal> journal_;
  HealthMonitor health_;
  std::unique_ptr<EventLog> event_log_;
  std::unique_ptr<Metrics> metrics_;
  Hub hub_;
  std::unique_ptr<net::Node> node_;
  std::unique_ptr<Host> host_;
  std::unique_ptr<Servers> servers_;
  bool node_running_ = false, started_ = false;
  std::string grpc_targets_, http_address_, enode_;
};

absl::Status Impl::LoadBuilderKey() {
  Config& config = options_.config;
  if (!config.builder_sk_file.empty()) {
    auto key = LoadSecretKey(config.builder_sk_file);
    if (!key.ok()) return Within("builder_sk_file", key.status());
    config.builder_sk = *std::move(key);
  }
  if (config.builder_sk) signer_ = std::make_unique<LocalSigner>(*std::move(config.builder_sk));
  config.builder_sk.reset();
  return absl::OkStatus();
}

absl::Status Impl::Load() {
  auto directory = DataDirectory::Open(options_.config.datadir);
  if (!directory.ok()) return directory.status();
  directory_ = *std::move(directory);
  auto key = rlpx::NodeKey::LoadOrCreate(options_.config.NodeKeyPath());
  if (!key.ok()) return Within("nodekey", key.status());
  node_key_ = *std::move(key);
  if (auto status = LoadBuilderKey(); !status.ok()) return status;

  std::optional<PublicKey> builder;
  if (signer_) builder = signer_->public_key();
  if (const std::string& path = options_.config.sign_once_journal; !path.empty() && builder) {
    auto journal = Journal::Open(path, *builder);
    if (!journal.ok()) return journal.status();
    journal_ = *std::move(journal);
  }
  if (options_.log == nullptr) options_.log = GlogLog();
  net::NodeConfig node_config = ToNodeConfig(options_.config, builder);
  node_config.log = options_.log;
  auto node =
      options_.make_node(std::move(node_config), &*node_key_, signer_.get(), journal_.get(), &hub_);
  if (!node.ok()) return node.status();
  node_ = *std::move(node);

  event_log_ = std::make_unique<EventLog>(options_.log);
  metrics_ =
      Metrics::Create({.hub = &hub_,
                       .peers = [this] { return node_->Peers(); },
                       .stats = [this] { return node_->Stats(); },
                       .subscribers = [this] { return servers_ ? servers_->subscribers() : 0; }});
  host_ = std::make_unique<Host>(node_.get(), &hub_, metrics_.get(),
                                 options_.config.metadata == "world-chain");
  for (Sink* sink : {static_cast<Sink*>(&health_), static_cast<Sink*>(metrics_.get()),
                     static_cast<Sink*>(event_log_.get())}) {
    hub_.AddSink(sink);
  }
  for (Sink* sink : options_.sinks) hub_.AddSink(sink);
  servers_ = Servers::Create({.config = &options_.config,
                              .host = host_.get(),
                              .hub = &hub_,
                              .health = &health_,
                              .metrics = metrics_.get()});
  return servers_->Load();
}

absl::Status Impl::Start() {
  if (started_) return absl::FailedPreconditionError("already started");
  started_ = true;
  for (const std::string& warning : ConfigWarnings(options_.config))
    options_.log(LogLevel::kWarn, Cat("event=configuration msg=\"", warning, "\""));
  if (journal_ && journal_->first_safe_slot() > static_cast<uint64_t>(UnixNow() / 1'000'000'000))
    options_.log(
        LogLevel::kWarn,
        Cat("event=sign_once_waits first_safe_slot=", journal_->first_safe_slot(),
            " msg=\"the machine has restarted or the sign-once journal is new: what was signed "
            "before is not known\""));
  hub_.Start();
  if (auto status = node_->Start(); !status.ok()) {
    Stop();
    return status;
  }
  node_running_ = true;
  health_.SetRunning(true, UnixNow());
  if (auto status = StartServers(); !status.ok()) {
    Stop();
    return status;
  }
  options_.log(LogLevel::kInfo,
               Cat("event=node_started version=", kVersion, " enode=", enode_,
                   " grpc=", grpc_targets_, " http=", http_address_,
                   signer_ ? Cat(" builder=", ToHex(signer_->public_key().bytes)) : ""));
  return absl::OkStatus();
}

absl::Status Impl::StartServers() {
  const auto info = node_->Info();
  if (!info.ok()) return info.status();
  enode_ = info->enode;
  if (auto status = servers_->Start(); !status.ok()) return status;
  grpc_targets_ = servers_->grpc_targets();
  http_address_ = servers_->http_address();
  return absl::OkStatus();
}

absl::Status Impl::Reconfigure(const Config& wanted) {
  const std::lock_guard lock(reconfigure_);
  if (const auto running = node_->Info(); !running.ok()) return running.status();
  const PeerChanges changes = ApplyPeers(wanted, options_.config, *node_);
  for (const std::string& line : changes.lines)
    options_.log(LogLevel::kInfo, Cat("event=reconfigured ", line));
  for (const std::string& line : changes.errors)
    options_.log(LogLevel::kError, Cat("event=reconfigured ", line));
  const auto keys = KeysThatNeedARestart(options_.config, wanted);
  for (const std::string& key : keys)
    options_.log(LogLevel::kWarn,
                 Cat("event=reconfigured msg=\"", key, " has changed and needs a restart\""));
  options_.log(LogLevel::kInfo, "event=reconfigured msg=\"configuration read again\"");
  return absl::OkStatus();
}

void Impl::Stop() {
  if (!started_) return;
  health_.SetRunning(false, UnixNow());
  if (node_running_) node_->Stop(kNetworkLimit);
  node_running_ = false;
  hub_.Stop();  // the last transition has been told when this returns
  if (servers_) servers_->Stop(kCallGrace);
}

}  // namespace

net::NodeConfig ToNodeConfig(const Config& config, const std::optional<PublicKey>& builder) {
  net::NodeConfig out;
  out.listen_address = config.addr;
  out.listen_port = config.port;
  out.listen = config.listen;
  out.external_address = config.ExternalAddress();
  out.trusted_peers = config.trusted_peers;
  out.static_peers = config.static_nodes;
  out.max_inbound_peers = config.max_inbound_peers;
  out.max_outbound_peers = config.max_outbound_peers;
  out.max_pending_sessions = config.max_pending_peers;
  out.max_queue_bytes_per_peer = config.peer_queue_bytes;
  out.seal_threads = config.seal_threads.value_or(net::DefaultSealThreads());
  out.authorizer = config.authorizer_vk.value_or(PublicKey{});
  out.client_id = Cat("flblk/", kVersion);
  out.offer_flblk1 = config.flblk1;
  out.eth.enabled = config.eth;
  out.eth.network_id = config.network_id;
  out.eth.genesis = config.genesis;
  out.eth.fork_hash = config.fork_hash.value_or(FixedBytes<4>{});
  out.eth.fork_next = config.fork_next;
  out.engine.builder = builder;
  out.engine.takeover_after = config.takeover_after;
  out.engine.flashblock_interval = config.flashblock_interval;
  out.engine.replicate_before_publish = config.replicate_before_publish;
  out.engine.replicate_timeout = config.replicate_timeout;
  out.engine.stop_on_bare_fcu = config.stop_on_bare_fcu;
  out.engine.block_seconds = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(config.block_time).count());
  out.engine.max_send_peers = config.max_send_peers;
  out.engine.world_chain_metadata = config.metadata == "world-chain";
  out.engine.max_receive_peers = config.max_receive_peers;
  out.engine.rotation_interval = config.rotation_interval;
  out.engine.seed = (uint64_t{std::random_device{}()} << 32) | std::random_device{}();
  return out;
}

absl::StatusOr<std::unique_ptr<Runtime>> Runtime::Create(RuntimeOptions options) {
  auto runtime = std::make_unique<Impl>(std::move(options));
  if (auto status = runtime->Load(); !status.ok()) return status;
  return runtime;
}

}  // namespace flblk::plugin
