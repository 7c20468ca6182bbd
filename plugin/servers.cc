#include "plugin/servers.h"

#include <grpcpp/impl/service_type.h>

#include "absl/strings/str_format.h"
#include "plugin/admin_service.h"
#include "plugin/builder_service.h"
#include "plugin/files.h"
#include "plugin/grpc_access.h"
#include "plugin/grpc_server.h"
#include "plugin/probe_services.h"
#include "plugin/status_server.h"
#include "plugin/text.h"
#include "plugin/tls_check.h"

namespace flblk::plugin {
namespace {

class Impl final : public Servers {
 public:
  explicit Impl(const Options& options) : options_(options) {}
  ~Impl() override { Stop(std::chrono::milliseconds(0)); }

  absl::Status Load() override;
  absl::Status Start() override;
  void Stop(std::chrono::milliseconds grace) override;
  const std::string& grpc_targets() const override { return grpc_targets_; }
  const std::string& http_address() const override { return http_address_; }
  size_t subscribers() const override { return builder_->subscribers(); }

 private:
  absl::Status StartHttp();
  absl::Status StartGrpc();
  StatusServer::Handlers HttpHandlers() const;

  const Options options_;
  GrpcServerOptions grpc_options_;
  std::unique_ptr<GrpcAccess> access_;
  std::unique_ptr<BuilderService> builder_;
  std::unique_ptr<HealthService> health_;
  std::unique_ptr<AdminService> admin_;
  std::unique_ptr<grpc::Service> reflection_;
  std::unique_ptr<GrpcServer> grpc_;
  std::unique_ptr<StatusServer> http_;
  std::string grpc_targets_, http_address_;
};

absl::Status Impl::Load() {
  const Config& config = *options_.config;
  auto token = ReadTokenFile(config.grpc_token_file);
  if (!token.ok()) return token.status();
  auto cert = ReadTextFile("grpc_tls_cert", config.grpc_tls_cert);
  auto key = ReadTextFile("grpc_tls_key", config.grpc_tls_key);
  auto authority = ReadTextFile("grpc_tls_client_ca", config.grpc_tls_client_ca);
  for (const auto* file : {&cert, &key, &authority}) {
    if (!file->ok()) return file->status();
  }
  if (auto status = CheckTls(*cert, *key, *authority); !status.ok()) return status;
  access_ = std::make_unique<GrpcAccess>(*std::move(token));
  builder_ =
      BuilderService::Create({.host = options_.host,
                              .hub = options_.hub,
                              .access = access_.get(),
                              .stop_on_publisher_disconnect = config.stop_on_publisher_disconnect});
  health_ = HealthService::Create(options_.health, options_.hub, access_.get());
  admin_ = AdminService::Create({.host = options_.host,
                                 .health = options_.health,
                                 .access = access_.get(),
                                 .authorizer = config.authorizer_vk.value_or(PublicKey{}),
                                 .http_address = [this] { return http_address_; }});
  reflection_ = CreateReflectionService(access_.get());
  for (Sink* sink : {static_cast<Sink*>(builder_.get()), static_cast<Sink*>(health_.get()),
                     static_cast<Sink*>(admin_.get())}) {
    options_.hub->AddSink(sink);
  }
  grpc_options_ = {
      .endpoints = config.GrpcEndpoints(),
      .socket_mode = config.grpc_socket_mode,
      .tls_cert = *cert,
      .tls_key = *key,
      .tls_client_ca = *authority,
      .services = {builder_->service(), admin_->service(), health_->service(), reflection_.get()}};
  return absl::OkStatus();
}

absl::Status Impl::Start() {
  if (auto status = StartHttp(); !status.ok()) return status;
  return StartGrpc();
}

absl::Status Impl::StartHttp() {
  if (options_.config->http.kind == Endpoint::Kind::kNone) return absl::OkStatus();
  auto http = StatusServer::Start(options_.config->http, HttpHandlers());
  if (!http.ok()) return http.status();
  http_ = *std::move(http);
  http_address_ = http_->address();
  return absl::OkStatus();
}

absl::Status Impl::StartGrpc() {
  if (grpc_options_.endpoints.empty()) return absl::OkStatus();
  auto server = GrpcServer::Start(grpc_options_);
  if (!server.ok()) return server.status();
  grpc_ = *std::move(server);
  for (const std::string& target : grpc_->targets())
    grpc_targets_ += Cat(grpc_targets_.empty() ? "" : ",", target);
  return absl::OkStatus();
}

void Impl::Stop(std::chrono::milliseconds grace) {
  if (builder_) builder_->Close();
  if (health_) health_->Close();
  if (grpc_) grpc_->Stop(grace);
  grpc_.reset();
  http_.reset();
}

StatusServer::Handlers Impl::HttpHandlers() const {
  const auto probe = [](int code, const char* status, const std::string& reason) {
    return HttpAnswer{code, "application/json",
                      absl::StrFormat("{\"status\":\"%s\",\"reason\":\"%s\"}\n", status, reason)};
  };
  const auto healthz = [this, probe] {
    const Health health = options_.health->Now(UnixNow());
    const char* status = health.code == 200   ? "healthy"
                         : health.code == 206 ? "degraded"
                                              : "unhealthy";
    return probe(health.code, status, health.reason);
  };
  const auto readyz = [this, probe] {
    const auto info = options_.host->node().Info();
    return info.ok() ? probe(200, "ready", "")
                     : probe(503, "not ready", "the network thread does not answer");
  };
  const auto livez = [probe] { return probe(200, "live", ""); };
  const auto metrics = [this] {
    return HttpAnswer{200, "text/plain; version=0.0.4; charset=utf-8", options_.metrics->Scrape()};
  };
  return {{"/healthz", healthz}, {"/readyz", readyz}, {"/livez", livez}, {"/metrics", metrics}};
}

}  // namespace

std::unique_ptr<Servers> Servers::Create(const Options& options) {
  return std::make_unique<Impl>(options);
}

}  // namespace flblk::plugin
