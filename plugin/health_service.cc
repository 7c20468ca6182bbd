#include "grpc/health/v1/health.grpc.pb.h"
#include "plugin/event_stream.h"
#include "plugin/grpc_access.h"
#include "plugin/probe_services.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using Context = grpc::CallbackServerContext;

bool IsKnown(const std::string& service) {
  return service.empty() || service == "flblk.v1.Builder" || service == "flblk.v1.Admin";
}

std::shared_ptr<const HealthCheckResponse> Answer(HealthCheckResponse::ServingStatus status) {
  auto response = std::make_shared<HealthCheckResponse>();
  response->set_status(status);
  return response;
}

class Service final : public HealthService, public grpc::health::v1::Health::CallbackService {
 public:
  Service(const HealthMonitor* health, Hub* hub, const GrpcAccess* access)
      : health_(health), hub_(hub), access_(access) {}

  grpc::Service* service() override { return this; }

  grpc::ServerUnaryReactor* Check(Context* context, const HealthCheckRequest* request,
                                  HealthCheckResponse* response) override {
    auto* reactor = context->DefaultReactor();
    grpc::Status status = access_->Check(*context);
    if (status.ok() && !IsKnown(request->service())) {
      status = grpc::Status(grpc::StatusCode::NOT_FOUND, "service: unknown");
    }
    response->set_status(Serving());
    reactor->Finish(status);
    return reactor;
  }

  grpc::ServerWriteReactor<HealthCheckResponse>* Watch(Context* context,
                                                       const HealthCheckRequest* request) override {
    auto stream = watchers_.Open();
    const bool known = IsKnown(request->service());
    if (auto status = access_->Check(*context); !status.ok()) {
      stream->End(status);
    } else if (!known) {
      stream->Push(Answer(HealthCheckResponse::SERVICE_UNKNOWN));
    } else if (!hub_->Post([this, stream] {
                 stream->Push(Answer(Serving()));
                 watchers_.Join(stream);
               })) {
      stream->End(grpc::Status(grpc::StatusCode::UNAVAILABLE, "the node is stopping"));
    }
    return stream.get();
  }

  void OnTick() override {
    const auto now = Serving();
    if (now == told_) return;
    told_ = now;
    for (const auto& stream : watchers_.Joined()) stream->Push(Answer(now));
  }

  void Close() override {
    for (const auto& stream : watchers_.Joined())
      stream->Push(Answer(HealthCheckResponse::NOT_SERVING));
    watchers_.Close(grpc::Status(grpc::StatusCode::UNAVAILABLE, "the node is stopping"));
  }

 private:
  HealthCheckResponse::ServingStatus Serving() const {
    return health_->Now(UnixNow()).code == 503 ? HealthCheckResponse::NOT_SERVING
                                               : HealthCheckResponse::SERVING;
  }

  const HealthMonitor* health_;
  Hub* hub_;
  const GrpcAccess* access_;
  EventStreams<HealthCheckResponse> watchers_;
  HealthCheckResponse::ServingStatus told_ = HealthCheckResponse::UNKNOWN;  // hub's thread
};

}  // namespace

std::unique_ptr<HealthService> HealthService::Create(const HealthMonitor* health, Hub* hub,
                                                     const GrpcAccess* access) {
  return std::make_unique<Service>(health, hub, access);
}

}  // namespace flblk::plugin
