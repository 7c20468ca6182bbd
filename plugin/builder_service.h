// flblk.v1.Builder over gRPC. See proto/flblk/v1/builder.proto for what each call means.
#pragma once

#include <memory>
#include <string>

#include "plugin/host.h"

namespace grpc {
class Service;
}

namespace flblk::plugin {

class GrpcAccess;

struct BuilderServiceOptions {
  Host* host = nullptr;
  Hub* hub = nullptr;
  const GrpcAccess* access = nullptr;
  bool stop_on_publisher_disconnect = true;
};

// A gRPC service and a sink of the hub. Outlives the server it is registered with and the hub's
// thread.
class BuilderService : public Sink {
 public:
  static std::unique_ptr<BuilderService> Create(const BuilderServiceOptions& options);
  virtual grpc::Service* service() = 0;
  // Ends every open call with UNAVAILABLE, and each that is still to come.
  virtual void Close() = 0;
  virtual size_t subscribers() const = 0;
};

}  // namespace flblk::plugin
