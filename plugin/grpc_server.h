// The gRPC server: binds each endpoint, or says exactly which one it cannot bind and why.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "plugin/endpoint.h"

namespace grpc {
class Service;
}

namespace flblk::plugin {

struct GrpcServerOptions {
  std::vector<Endpoint> endpoints;
  uint32_t socket_mode = 0600;
  // PEM texts; TCP endpoints speak TLS where the certificate is given, and ask for a client
  // certificate where the authority is given.
  std::string tls_cert, tls_key, tls_client_ca;
  std::vector<grpc::Service*> services;  // outlive the server
};

class GrpcServer {
 public:
  // Largest message taken: above what fits a flblk frame, so that the limit can be named in an
  // answer.
  static constexpr int kMaxReceiveBytes = 32 << 20;

  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(const GrpcServerOptions& options);
  virtual ~GrpcServer() = default;
  // Waits at most `grace` for calls in progress, then cancels them, and 200 ms later cuts off the
  // connections of clients that do not read; returns when none is left. Idempotent.
  virtual void Stop(std::chrono::milliseconds grace) = 0;
  // As clients dial them: "unix:/path", "127.0.0.1:50051", with the ports really bound.
  virtual const std::vector<std::string>& targets() const = 0;
};

}  // namespace flblk::plugin
