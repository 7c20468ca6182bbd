// A whole flblk node inside a process: keys, network node, gRPC server, status page and what
// connects them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "plugin/config.h"
#include "plugin/health.h"
#include "plugin/host.h"
#include "plugin/log.h"

namespace flblk::rlpx {
class NodeKey;
}

namespace flblk::plugin {

// net::Node::Create in production.
using NodeFactory = std::function<absl::StatusOr<std::unique_ptr<net::Node>>(
    net::NodeConfig, const rlpx::NodeKey*, Signer*, core::SignOnce*, net::NodeObserver*)>;

struct RuntimeOptions {
  Config config;
  NodeFactory make_node;
  LogFn log;                 // null: glog
  std::vector<Sink*> sinks;  // further ones; outlive the runtime
};

class Runtime {
 public:
  // How long Stop may take, and how it is divided: the network first, then the calls still open.
  static constexpr std::chrono::milliseconds kNetworkLimit{1200};
  static constexpr std::chrono::milliseconds kCallGrace{200};

  // Reads keys and files; binds nothing yet. The error names the setting or the file.
  static absl::StatusOr<std::unique_ptr<Runtime>> Create(RuntimeOptions options);
  virtual ~Runtime() = default;  // stops

  // Binds and starts everything, or nothing. Once.
  virtual absl::Status Start() = 0;
  // StopPublish, Disconnect, ends every call with UNAVAILABLE; returns within 2 s when no thread of
  // ours is left. Idempotent.
  virtual void Stop() = 0;

  // Puts the peers of `wanted` into force and logs what it did, and which other changed settings
  // need a restart. UNAVAILABLE where the node does not run. Any thread.
  virtual absl::Status Reconfigure(const Config& wanted) = 0;

  virtual Host& host() = 0;
  virtual Hub& hub() = 0;
  virtual const HealthMonitor& health() const = 0;
  // "" before Start and where there is none. Targets: comma separated, as gRPC clients dial them.
  virtual const std::string& grpc_targets() const = 0;
  virtual const std::string& http_address() const = 0;
  virtual const std::string& enode() const = 0;
};

// The node's part of the settings.
net::NodeConfig ToNodeConfig(const Config& config, const std::optional<PublicKey>& builder);

}  // namespace flblk::plugin
