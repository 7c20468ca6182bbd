#include "plugin/grpc_server.h"

#include <arpa/inet.h>
#include <grpcpp/grpcpp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plugin/text.h"
#include "plugin/unix_socket.h"

namespace flblk::plugin {
namespace {

class Server final : public GrpcServer {
 public:
  ~Server() override { Stop(std::chrono::milliseconds(0)); }
  absl::Status Run(const GrpcServerOptions& options);
  void Stop(std::chrono::milliseconds grace) override;
  const std::vector<std::string>& targets() const override { return targets_; }

 private:
  std::vector<std::unique_ptr<UnixSocketFile>> files_;
  std::vector<std::string> targets_;
  std::unique_ptr<grpc::Server> server_;
};

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

SocketAddress ToAddress(const Endpoint& endpoint) {
  SocketAddress out;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
  if (inet_pton(AF_INET, endpoint.host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(endpoint.port);
    out.size = sizeof *v4;
  } else if (inet_pton(AF_INET6, endpoint.host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(endpoint.port);
    out.size = sizeof *v6;
  }
  return out;
}

// gRPC tells only that it could not listen; a bind of our own tells why.
absl::Status TryBind(const Endpoint& endpoint) {
  const SocketAddress address = ToAddress(endpoint);
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return absl::ErrnoToStatus(errno, Cat("grpc ", endpoint.ToString()));
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool bound =
      bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0;
  const int error = errno;
  close(fd);
  if (bound) return absl::OkStatus();
  return absl::FailedPreconditionError(Cat("grpc ", endpoint.ToString(), ": ", strerror(error)));
}

std::shared_ptr<grpc::ServerCredentials> TcpCredentials(const GrpcServerOptions& options) {
  if (options.tls_cert.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions ssl(
      options.tls_client_ca.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                    : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  ssl.pem_root_certs = options.tls_client_ca;
  ssl.pem_key_cert_pairs.push_back({options.tls_key, options.tls_cert});
  return grpc::SslServerCredentials(ssl);
}

void SetLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(GrpcServer::kMaxReceiveBytes);
  builder.SetMaxSendMessageSize(-1);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 256);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
}

absl::Status Server::Run(const GrpcServerOptions& options) {
  grpc::ServerBuilder builder;
  SetLimits(builder);
  const auto tcp = TcpCredentials(options);
  std::vector<int> ports(options.endpoints.size(), 0);
  for (size_t i = 0; i < options.endpoints.size(); ++i) {
    const Endpoint& endpoint = options.endpoints[i];
    if (endpoint.kind == Endpoint::Kind::kUnix) {
      auto file = UnixSocketFile::Prepare(endpoint.path);
      if (!file.ok()) return Within("grpc", file.status());
      builder.AddListeningPort(Cat("unix:", (*file)->bind_path()),
                               grpc::InsecureServerCredentials(), &ports[i]);
      files_.push_back(*std::move(file));
    } else {
      if (auto status = TryBind(endpoint); !status.ok()) return status;
      builder.AddListeningPort(endpoint.ToString(), tcp, &ports[i]);
    }
  }
  for (grpc::Service* service : options.services) builder.RegisterService(service);
  server_ = builder.BuildAndStart();
  for (size_t i = 0; i < ports.size(); ++i) {
    const Endpoint& endpoint = options.endpoints[i];
    if (server_ == nullptr || ports[i] <= 0) {
      return absl::FailedPreconditionError(
          Cat("grpc ", endpoint.ToString(), ": cannot listen",
              options.tls_cert.empty() ? "" : " (are grpc_tls_cert and grpc_tls_key a pair?)"));
    }
    Endpoint bound = endpoint;
    if (endpoint.kind == Endpoint::Kind::kTcp) bound.port = static_cast<uint16_t>(ports[i]);
    targets_.push_back(bound.ToString());
  }
  for (const auto& file : files_) {
    if (auto status = file->Publish(options.socket_mode); !status.ok())
      return Within("grpc", status);
  }
  return absl::OkStatus();
}

void Server::Stop(std::chrono::milliseconds grace) {
  files_.clear();  // nobody new comes in
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now() + grace);
  server_->Wait();
  server_.reset();
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const GrpcServerOptions& options) {
  auto server = std::make_unique<Server>();
  if (auto status = server->Run(options); !status.ok()) return status;
  return server;
}

}  // namespace flblk::plugin
