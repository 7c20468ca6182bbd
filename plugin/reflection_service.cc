#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "plugin/grpc_access.h"
#include "plugin/probe_services.h"
#include "plugin/reflection_index.h"
#include "plugin/text.h"
#include "proto/descriptors.h"

namespace flblk::plugin {
namespace {

using grpc::reflection::v1alpha::ServerReflectionRequest;
using grpc::reflection::v1alpha::ServerReflectionResponse;

void Files(const std::vector<std::string_view>& files, const std::string& asked,
           ServerReflectionResponse& out) {
  if (files.empty()) {
    out.mutable_error_response()->set_error_code(grpc::StatusCode::NOT_FOUND);
    out.mutable_error_response()->set_error_message(Cat("unknown: ", asked));
  }
  for (const std::string_view file : files) {
    out.mutable_file_descriptor_response()->add_file_descriptor_proto(std::string(file));
  }
}

void Answer(const ReflectionIndex& index, const ServerReflectionRequest& in,
            ServerReflectionResponse& out) {
  out.Clear();
  out.set_valid_host(in.host());
  *out.mutable_original_request() = in;
  switch (in.message_request_case()) {
    case ServerReflectionRequest::kFileByFilename:
      return Files(index.FileByName(in.file_by_filename()), in.file_by_filename(), out);
    case ServerReflectionRequest::kFileContainingSymbol:
      return Files(index.FileBySymbol(in.file_containing_symbol()), in.file_containing_symbol(),
                   out);
    case ServerReflectionRequest::kListServices:
      for (const std::string& name : index.services())
        out.mutable_list_services_response()->add_service()->set_name(name);
      return;
    case ServerReflectionRequest::kFileContainingExtension:
    case ServerReflectionRequest::kAllExtensionNumbersOfType:
      return Files({}, "no message here has extensions", out);
    case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      out.mutable_error_response()->set_error_code(grpc::StatusCode::INVALID_ARGUMENT);
      out.mutable_error_response()->set_error_message("message_request: missing");
      return;
  }
}

// One call: question, answer, question, ...
class Stream final
    : public grpc::ServerBidiReactor<ServerReflectionRequest, ServerReflectionResponse> {
 public:
  Stream(const ReflectionIndex* index, const grpc::Status& access) : index_(index) {
    if (access.ok()) {
      StartRead(&request_);
    } else {
      Finish(access);
    }
  }
  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    Answer(*index_, request_, response_);
    StartWrite(&response_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    StartRead(&request_);
  }
  void OnDone() override { delete this; }

 private:
  const ReflectionIndex* index_;
  ServerReflectionRequest request_;
  ServerReflectionResponse response_;
};

class Service final : public grpc::reflection::v1alpha::ServerReflection::CallbackService {
 public:
  explicit Service(const GrpcAccess* access) : access_(access), index_(proto::DescriptorSet()) {}

  grpc::ServerBidiReactor<ServerReflectionRequest, ServerReflectionResponse>* ServerReflectionInfo(
      grpc::CallbackServerContext* context) override {
    return new Stream(&index_, access_->Check(*context));
  }

 private:
  const GrpcAccess* access_;
  const ReflectionIndex index_;
};

}  // namespace

std::unique_ptr<grpc::Service> CreateReflectionService(const GrpcAccess* access) {
  return std::make_unique<Service>(access);
}

}  // namespace flblk::plugin
