// grpc.health.v1.Health and grpc.reflection.v1alpha.ServerReflection, from our own messages (see
// proto/descriptors.h).
#pragma once

#include <memory>

#include "plugin/health.h"

namespace grpc {
class Service;
}

namespace flblk::plugin {

class GrpcAccess;

// Services: "", flblk.v1.Builder, flblk.v1.Admin; SERVING unless the health is 503. Watchers are
// told at the hub's tick. Outlives the server and the hub's thread.
class HealthService : public Sink {
 public:
  static std::unique_ptr<HealthService> Create(const HealthMonitor* health, Hub* hub,
                                               const GrpcAccess* access);
  virtual grpc::Service* service() = 0;
  virtual void Close() = 0;  // NOT_SERVING to the watchers, then ends them
};

std::unique_ptr<grpc::Service> CreateReflectionService(const GrpcAccess* access);

}  // namespace flblk::plugin
