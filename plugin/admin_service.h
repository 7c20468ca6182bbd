// flblk.v1.Admin over gRPC. See proto/flblk/v1/admin.proto for what each call means.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "plugin/health.h"
#include "plugin/host.h"

namespace grpc {
class Service;
}

namespace flblk::plugin {

class GrpcAccess;

struct AdminServiceOptions {
  const Host* host = nullptr;
  const HealthMonitor* health = nullptr;
  const GrpcAccess* access = nullptr;
  PublicKey authorizer;
  std::function<std::string()> http_address;
};

// A gRPC service and a sink of the hub: it keeps the last 64 equivocations.
class AdminService : public Sink {
 public:
  static std::unique_ptr<AdminService> Create(const AdminServiceOptions& options);
  virtual grpc::Service* service() = 0;
};

}  // namespace flblk::plugin
