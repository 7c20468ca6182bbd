// Who may call. Callers on a Unix socket are let in by the file's mode; TCP callers must send the
// bearer token where one is configured. Internal to the gRPC services.
#pragma once

#include <grpcpp/grpcpp.h>

#include <string>

#include "absl/status/status.h"

namespace flblk::plugin {

class GrpcAccess {
 public:
  explicit GrpcAccess(std::string token) : token_(std::move(token)) {}

  // OK, or UNAUTHENTICATED. Compares in constant time.
  grpc::Status Check(const grpc::CallbackServerContext& context) const;

 private:
  std::string token_;  // "": none asked for
};

grpc::Status ToGrpc(const absl::Status& status);

}  // namespace flblk::plugin
