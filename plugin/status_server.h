// One small HTTP/1.1 server for GET: metrics and probes. One thread, bounded in connections, bytes
// and time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "plugin/endpoint.h"

namespace flblk::plugin {

struct HttpAnswer {
  int code = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

class StatusServer {
 public:
  static constexpr size_t kMaxConnections = 64;  // beyond it new ones are closed at once
  static constexpr size_t kMaxHeaderBytes = 8192;
  static constexpr int kTimeoutSeconds = 5;  // per request, idle keep-alive included

  // By path, without the query. Called on the server's thread.
  using Handlers = std::map<std::string, std::function<HttpAnswer()>>;
  // FAILED_PRECONDITION names address and port where they are in use.
  static absl::StatusOr<std::unique_ptr<StatusServer>> Start(const Endpoint& endpoint,
                                                             Handlers handlers);
  virtual ~StatusServer() = default;               // stops and joins
  virtual const std::string& address() const = 0;  // host:port, as bound
};

}  // namespace flblk::plugin
