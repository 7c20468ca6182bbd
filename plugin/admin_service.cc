#include "plugin/admin_service.h"

#include <deque>
#include <mutex>

#include "flblk/v1/admin.grpc.pb.h"
#include "plugin/config.h"
#include "plugin/convert.h"
#include "plugin/grpc_access.h"
#include "plugin/text.h"
#include "plugin/utf8.h"

namespace flblk::plugin {
namespace {

using Context = grpc::CallbackServerContext;
using Unary = grpc::ServerUnaryReactor;
constexpr size_t kMaxEquivocations = 64;

template <typename Container>
std::string Raw(const Container& bytes) {
  return std::string(bytes.begin(), bytes.end());
}

class Service final : public AdminService, public v1::Admin::CallbackService {
 public:
  explicit Service(const AdminServiceOptions& options) : options_(options) {}
  grpc::Service* service() override { return this; }

  Unary* NodeInfo(Context* context, const v1::NodeInfoRequest*,
                  v1::NodeInfoResponse* out) override {
    return Serve(context, [&] { return FillNodeInfo(*out); });
  }
  Unary* ListPeers(Context* context, const v1::ListPeersRequest*,
                   v1::ListPeersResponse* out) override {
    return Serve(context, [&] { return FillPeers(*out); });
  }
  Unary* AddPeer(Context* context, const v1::AddPeerRequest* in, v1::AddPeerResponse*) override {
    return Serve(context, [&] {
      auto enode = net::ParseEnode(in->enode());
      return enode.ok() ? options_.host->node().AddPeer(*enode, in->trusted()) : enode.status();
    });
  }
  Unary* RemovePeer(Context* context, const v1::RemovePeerRequest* in,
                    v1::RemovePeerResponse*) override {
    return Serve(context, [&] {
      NodeId id{};
      auto status = ReadFixed("node_id", in->node_id(), id);
      return status.ok() ? options_.host->node().RemovePeer(id) : status;
    });
  }
  Unary* HandoffHistory(Context* context, const v1::HandoffHistoryRequest* in,
                        v1::HandoffHistoryResponse* out) override {
    return Serve(context, [&] { return FillHistory(in->limit(), *out); });
  }
  Unary* Equivocations(Context* context, const v1::EquivocationsRequest*,
                       v1::EquivocationsResponse* out) override {
    return Serve(context, [&] {
      const std::lock_guard lock(mutex_);
      for (const Found& found : equivocations_)
        ToProto(found.event, found.unix_ns, *out->add_equivocations());
      return absl::OkStatus();
    });
  }

  void OnEquivocation(const core::EquivocationFound& event, int64_t unix_ns) override {
    const std::lock_guard lock(mutex_);
    if (equivocations_.size() == kMaxEquivocations) equivocations_.pop_front();
    equivocations_.push_back({event, unix_ns});
  }

 private:
  struct Found {
    core::EquivocationFound event;
    int64_t unix_ns;
  };

  template <typename Fill>
  Unary* Serve(Context* context, const Fill& fill) {
    Unary* reactor = context->DefaultReactor();
    grpc::Status status = options_.access->Check(*context);
    if (status.ok()) status = ToGrpc(fill());
    reactor->Finish(status);
    return reactor;
  }

  absl::Status FillNodeInfo(v1::NodeInfoResponse& out) const;
  absl::Status FillPeers(v1::ListPeersResponse& out) const;
  absl::Status FillHistory(uint32_t limit, v1::HandoffHistoryResponse& out) const;

  const AdminServiceOptions options_;
  std::mutex mutex_;
  std::deque<Found> equivocations_;
};

absl::Status Service::FillNodeInfo(v1::NodeInfoResponse& out) const {
  const auto info = options_.host->node().Info();
  if (!info.ok()) return info.status();
  out.set_enode(info->enode);
  out.set_node_id(Raw(info->node_id));
  if (info->builder) out.set_builder_vk(Raw(info->builder->bytes));
  out.set_authorizer_vk(Raw(options_.authorizer.bytes));
  out.set_version(std::string(kVersion));
  out.set_listen_port(info->listen_port);
  out.set_http_address(options_.http_address());
  const PublishView view = options_.host->view();
  out.set_state(static_cast<v1::PublishState>(ToProtoState(view.state)));
  if (view.authorization) {
    out.set_slot(view.authorization->timestamp);
    out.set_payload_id(Raw(view.authorization->payload_id));
  }
  if (view.rival) out.set_rival_vk(Raw(view.rival->bytes));
  out.set_next_index(view.next_index);
  out.set_last_flashblock_unix_ns(view.last_flashblock_unix_ns);
  out.set_peers(options_.health->peers());
  out.set_started_unix_ns(options_.health->started_unix_ns());
  const Health health = options_.health->Now(UnixNow());
  out.set_health(static_cast<uint32_t>(health.code));
  out.set_health_reason(health.reason);
  return absl::OkStatus();
}

absl::Status Service::FillPeers(v1::ListPeersResponse& out) const {
  const auto peers = options_.host->node().Peers();
  if (!peers.ok()) return peers.status();
  for (const net::PeerInfo& peer : *peers) ToProto(peer, *out.add_peers());
  return absl::OkStatus();
}

absl::Status Service::FillHistory(uint32_t limit, v1::HandoffHistoryResponse& out) const {
  const auto history = options_.host->node().History();
  if (!history.ok()) return history.status();
  const size_t skip = limit == 0 || history->size() <= limit ? 0 : history->size() - limit;
  for (size_t i = skip; i < history->size(); ++i) ToProto((*history)[i], *out.add_entries());
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<AdminService> AdminService::Create(const AdminServiceOptions& options) {
  return std::make_unique<Service>(options);
}

}  // namespace flblk::plugin
