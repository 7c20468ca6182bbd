// What listens: the gRPC server with its services and the status page. Part of the runtime; no gRPC
// or HTTP header is needed to use it.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "plugin/config.h"
#include "plugin/health.h"
#include "plugin/host.h"
#include "plugin/metrics.h"

namespace flblk::plugin {

class Servers {
 public:
  struct Options {
    const Config* config = nullptr;
    Host* host = nullptr;
    Hub* hub = nullptr;
    const HealthMonitor* health = nullptr;
    Metrics* metrics = nullptr;
  };
  static std::unique_ptr<Servers> Create(const Options& options);
  virtual ~Servers() = default;

  // Reads token and TLS files and joins the hub; before the hub starts.
  virtual absl::Status Load() = 0;
  virtual absl::Status Start() = 0;
  virtual void Stop(std::chrono::milliseconds grace) = 0;

  virtual const std::string& grpc_targets() const = 0;  // comma separated
  virtual const std::string& http_address() const = 0;
  virtual size_t subscribers() const = 0;
};

}  // namespace flblk::plugin
