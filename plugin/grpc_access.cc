#include "plugin/grpc_access.h"

#include "plugin/utf8.h"

namespace flblk::plugin {
namespace {

bool SameText(std::string_view a, std::string_view b) {
  unsigned char difference = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
  }
  return difference == 0;
}

}  // namespace

grpc::Status GrpcAccess::Check(const grpc::CallbackServerContext& context) const {
  if (token_.empty() || context.peer().rfind("unix:", 0) == 0) return grpc::Status::OK;
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("authorization");
  if (found != metadata.end() &&
      SameText(std::string_view(found->second.data(), found->second.size()), "Bearer " + token_)) {
    return grpc::Status::OK;
  }
  return grpc::Status(grpc::StatusCode::UNAUTHENTICATED,
                      "authorization: the bearer token of grpc_token_file is missing or wrong");
}

grpc::Status ToGrpc(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      ToUtf8(std::string_view(status.message().data(), status.message().size())));
}

}  // namespace flblk::plugin
