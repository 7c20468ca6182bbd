#include "plugin/grpc_server.h"

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <mutex>

#include "plugin/connection_gate.h"
#include "plugin/text.h"
#include "plugin/unix_socket.h"

namespace flblk::plugin {
namespace {

// For the status of calls that were cancelled.
constexpr std::chrono::milliseconds kLastWords{200};

class Server final : public GrpcServer {
 public:
  ~Server() override { Stop(std::chrono::milliseconds(0)); }
  absl::Status Run(const GrpcServerOptions& options);
  void Stop(std::chrono::milliseconds grace) override;
  const std::vector<std::string>& targets() const override { return targets_; }

 private:
  absl::Status Bind(const Endpoint& endpoint, ConnectionGate::Door& door);

  std::vector<std::unique_ptr<UnixSocketFile>> files_;
  std::vector<std::string> targets_;
  std::unique_ptr<grpc::Server> server_;
  ConnectionGate gate_;  // its thread uses server_
};

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
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 256);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
}

absl::Status Server::Bind(const Endpoint& endpoint, ConnectionGate::Door& door) {
  std::string unix_path;
  if (endpoint.kind == Endpoint::Kind::kUnix) {
    auto file = UnixSocketFile::Prepare(endpoint.path);
    if (!file.ok()) return Within("grpc", file.status());
    unix_path = (*file)->bind_path();
    files_.push_back(*std::move(file));
  }
  auto socket = Listen(endpoint, unix_path);
  if (!socket.ok()) return absl::FailedPreconditionError(Cat("grpc ", socket.status().message()));
  targets_.push_back(socket->address.ToString());
  door.socket = *std::move(socket);
  return absl::OkStatus();
}

absl::Status Server::Run(const GrpcServerOptions& options) {
  grpc::ServerBuilder builder;
  SetLimits(builder);
  const auto tcp = TcpCredentials(options);
  std::vector<ConnectionGate::Door> doors;
  for (const Endpoint& endpoint : options.endpoints) {
    ConnectionGate::Door& door = doors.emplace_back();
    if (auto status = Bind(endpoint, door); !status.ok()) return status;
    const bool is_unix = endpoint.kind == Endpoint::Kind::kUnix;
    const std::shared_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor =
        builder.experimental().AddExternalConnectionAcceptor(
            grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
            is_unix ? grpc::InsecureServerCredentials() : tcp);
    door.take = [acceptor](int fd) {
      grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
      connection.fd = fd;
      acceptor->HandleNewConnection(&connection);
    };
  }
  for (grpc::Service* service : options.services) builder.RegisterService(service);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) return absl::InternalError("grpc: cannot start");
  if (auto status = gate_.Open(std::move(doors)); !status.ok()) return Within("grpc", status);
  for (const auto& file : files_) {
    if (auto status = file->Publish(options.socket_mode); !status.ok())
      return Within("grpc", status);
  }
  return absl::OkStatus();
}

void Server::Stop(std::chrono::milliseconds grace) {
  files_.clear();  // nobody new comes in
  gate_.Close(grace + kLastWords);
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now() + grace);
  server_->Wait();
  gate_.Join();
  server_.reset();
}

// gRPC 1.51 ends its library with the last server or channel of the process, and then waits up to
// 10 s for a poller of its own where a large write had to wait. One reference, held for the rest of
// the process's life as libflblk.so itself is, keeps it from that.
void KeepGrpcLibrary() {
  static std::once_flag once;
  std::call_once(once, grpc_init);
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const GrpcServerOptions& options) {
  KeepGrpcLibrary();
  auto server = std::make_unique<Server>();
  if (auto status = server->Run(options); !status.ok()) return status;
  return server;
}

}  // namespace flblk::plugin
