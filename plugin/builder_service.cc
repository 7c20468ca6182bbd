#include "plugin/builder_service.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "flblk/v1/builder.grpc.pb.h"
#include "p2p/wire/block_reducer.h"
#include "plugin/convert.h"
#include "plugin/event_stream.h"
#include "plugin/grpc_access.h"
#include "plugin/publish_stream.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

using Context = grpc::CallbackServerContext;
using Unary = grpc::ServerUnaryReactor;

const grpc::Status& Stopping() {
  static const grpc::Status status(grpc::StatusCode::UNAVAILABLE, "the node is stopping");
  return status;
}

Unary* Answer(Context* context, const grpc::Status& status) {
  Unary* reactor = context->DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

// A stream that only ends.
template <typename Message>
class RefusedStream final : public grpc::ServerWriteReactor<Message> {
 public:
  explicit RefusedStream(const grpc::Status& status) { this->Finish(status); }
  void OnDone() override { delete this; }
};
class RefusedPublish final
    : public grpc::ServerBidiReactor<v1::PublishRequest, v1::PublishResponse> {
 public:
  explicit RefusedPublish(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

class Service final : public BuilderService, public v1::Builder::CallbackService {
 public:
  explicit Service(const BuilderServiceOptions& options) : options_(options) {}

  grpc::Service* service() override { return this; }
  size_t subscribers() const override { return flashblocks_.size() + rlp_flashblocks_.size(); }
  void Close() override;

  // ---- gRPC
  Unary* ForkchoiceUpdated(Context*, const v1::ForkchoiceUpdatedRequest*,
                           v1::ForkchoiceUpdatedResponse*) override;
  grpc::ServerBidiReactor<v1::PublishRequest, v1::PublishResponse>* Publish(Context*) override;
  Unary* PayloadSealed(Context*, const v1::PayloadSealedRequest*,
                       v1::PayloadSealedResponse*) override;
  Unary* Stop(Context*, const v1::StopRequest*, v1::StopResponse*) override;
  grpc::ServerWriteReactor<v1::PublishingEvent>* WatchPublishing(
      Context*, const v1::WatchPublishingRequest*) override;
  grpc::ServerWriteReactor<v1::VerifiedFlashblock>* SubscribeFlashblocks(
      Context*, const v1::SubscribeFlashblocksRequest*) override;
  Unary* GetPendingBlock(Context*, const v1::GetPendingBlockRequest*, v1::PendingBlock*) override;

  // ---- Sink
  void OnFlashblock(const core::FlashblockDelivered& event, int64_t) override;
  void OnTransition(const Transition& transition) override;
  void OnLost() override;

 private:
  using Flashblocks = EventStreams<v1::VerifiedFlashblock>;

  void PublishDone(PublishStream* stream, bool broken);
  void StopBroken();
  std::shared_ptr<const v1::PublishingEvent> CurrentState() const;

  const BuilderServiceOptions options_;
  Flashblocks flashblocks_, rlp_flashblocks_;
  EventStreams<v1::PublishingEvent> watchers_;
  std::shared_ptr<const v1::PublishingEvent> last_transition_;  // hub's thread
  std::atomic<PublishStream*> publisher_ = nullptr;             // whose delta was accepted last
  std::mutex mutex_;
  std::vector<std::shared_ptr<PublishStream>> publishing_;  // open Publish calls
  bool closed_ = false;
};

std::shared_ptr<const v1::VerifiedFlashblock> Convert(const core::FlashblockDelivered& event,
                                                      bool rlp) {
  auto message = std::make_shared<v1::VerifiedFlashblock>();
  ToProto(event, rlp, *message);
  return message;
}

void Service::Close() {
  flashblocks_.Close(Stopping());
  rlp_flashblocks_.Close(Stopping());
  watchers_.Close(Stopping());
  std::vector<std::shared_ptr<PublishStream>> open;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    open = publishing_;
  }
  for (const auto& stream : open) stream->End(Stopping());
}

Unary* Service::ForkchoiceUpdated(Context* context, const v1::ForkchoiceUpdatedRequest* request,
                                  v1::ForkchoiceUpdatedResponse* response) {
  if (auto status = options_.access->Check(*context); !status.ok()) return Answer(context, status);
  auto update = FromProto(*request);
  if (!update.ok()) return Answer(context, ToGrpc(update.status()));
  Unary* reactor = context->DefaultReactor();
  options_.host->ForkchoiceUpdated(
      *std::move(update), [reactor, response](const absl::Status& status, const PublishView& view) {
        response->set_state(static_cast<v1::PublishState>(ToProtoState(view.state)));
        response->set_next_index(view.next_index);
        reactor->Finish(ToGrpc(status));
      });
  return reactor;
}

grpc::ServerBidiReactor<v1::PublishRequest, v1::PublishResponse>* Service::Publish(
    Context* context) {
  if (auto status = options_.access->Check(*context); !status.ok())
    return new RefusedPublish(status);
  const std::lock_guard lock(mutex_);
  if (closed_) return new RefusedPublish(Stopping());
  auto stream = PublishStream::Open(
      options_.host,
      {.accepted = [this](PublishStream* from) { publisher_ = from; },
       .done = [this](PublishStream* from, bool broken) { PublishDone(from, broken); },
       .accepted_late =
           [this](bool broken) {
             if (broken) StopBroken();
           }});
  publishing_.push_back(stream);
  return stream.get();
}

void Service::PublishDone(PublishStream* stream, bool broken) {
  std::shared_ptr<PublishStream> keep;  // dropped outside of the lock
  {
    const std::lock_guard lock(mutex_);
    for (auto& open : publishing_) {
      if (open.get() != stream) continue;
      keep = std::move(open);
      open = std::move(publishing_.back());
      publishing_.pop_back();
      break;
    }
  }
  PublishStream* expected = stream;
  const bool was_publisher = publisher_.compare_exchange_strong(expected, nullptr);
  if (broken && was_publisher) StopBroken();
}

// What the loss of the stream that publishes leads to.
void Service::StopBroken() {
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || !options_.stop_on_publisher_disconnect) return;
  }
  if (options_.host->view().state != core::PublishState::kPublishing) return;
  options_.host->StopPublishing("the publishing stream broke",
                                [](const absl::Status&, const PublishView&) {});
}

Unary* Service::PayloadSealed(Context* context, const v1::PayloadSealedRequest* request,
                              v1::PayloadSealedResponse*) {
  if (auto status = options_.access->Check(*context); !status.ok()) return Answer(context, status);
  PayloadId id{};
  if (auto status = ReadFixed("payload_id", request->payload_id(), id); !status.ok()) {
    return Answer(context, ToGrpc(status));
  }
  Unary* reactor = context->DefaultReactor();
  options_.host->Sealed(id, [reactor](const absl::Status& status, const PublishView&) {
    reactor->Finish(ToGrpc(status));
  });
  return reactor;
}

Unary* Service::Stop(Context* context, const v1::StopRequest* request, v1::StopResponse*) {
  if (auto status = options_.access->Check(*context); !status.ok()) return Answer(context, status);
  constexpr size_t kMaxReason = 256;
  if (request->reason().size() > kMaxReason) {
    return Answer(context, ToGrpc(Invalid("reason: ", request->reason().size(), " bytes, at most ",
                                          kMaxReason)));
  }
  Unary* reactor = context->DefaultReactor();
  options_.host->StopPublishing(request->reason(),
                                [reactor](const absl::Status& status, const PublishView&) {
                                  reactor->Finish(ToGrpc(status));
                                });
  return reactor;
}

// The last transition without what led to it, and with what was published since.
std::shared_ptr<const v1::PublishingEvent> Service::CurrentState() const {
  auto event = std::make_shared<v1::PublishingEvent>();
  event->set_state(v1::PUBLISH_STATE_IDLE);
  if (last_transition_) *event = *last_transition_;
  event->clear_cause();
  event->clear_previous();
  if (event->state() != v1::PUBLISH_STATE_PUBLISHING) return event;
  event->clear_flashblocks();
  const std::string& authorized = event->authorization().payload_id();
  for (const auto& delivered : options_.hub->block()) {
    const wire::FlashblocksPayloadV1& flashblock = *delivered.flashblock;
    if (!std::equal(flashblock.payload_id.begin(), flashblock.payload_id.end(),
                    AsBytes(authorized).begin()))
      break;
    ToProto(flashblock, *event->add_flashblocks());
    event->set_next_index(std::max(event->next_index(), flashblock.index + 1));
  }
  return event;
}

grpc::ServerWriteReactor<v1::PublishingEvent>* Service::WatchPublishing(
    Context* context, const v1::WatchPublishingRequest*) {
  if (auto status = options_.access->Check(*context); !status.ok()) {
    return new RefusedStream<v1::PublishingEvent>(status);
  }
  auto stream = watchers_.Open();
  const bool posted = options_.hub->Post([this, stream] {
    stream->Push(CurrentState());
    watchers_.Join(stream);
  });
  if (!posted) stream->End(Stopping());
  return stream.get();
}

grpc::ServerWriteReactor<v1::VerifiedFlashblock>* Service::SubscribeFlashblocks(
    Context* context, const v1::SubscribeFlashblocksRequest* request) {
  if (auto status = options_.access->Check(*context); !status.ok()) {
    return new RefusedStream<v1::VerifiedFlashblock>(status);
  }
  const bool rlp = request->include_rlp();
  Flashblocks& streams = rlp ? rlp_flashblocks_ : flashblocks_;
  auto stream = streams.Open();
  const bool posted = options_.hub->Post([this, stream, rlp, &streams] {
    for (const auto& event : options_.hub->block()) stream->Push(Convert(event, rlp));
    streams.Join(stream);
  });
  if (!posted) stream->End(Stopping());
  return stream.get();
}

Unary* Service::GetPendingBlock(Context* context, const v1::GetPendingBlockRequest*,
                                v1::PendingBlock* response) {
  if (auto status = options_.access->Check(*context); !status.ok()) return Answer(context, status);
  const auto block = options_.hub->block();
  if (block.empty()) {
    return Answer(context, grpc::Status(grpc::StatusCode::NOT_FOUND,
                                        "no flashblock of any block has come yet"));
  }
  wire::BlockReducer reducer;
  for (const auto& delivered : block) {
    if (auto status = reducer.Add(*delivered.flashblock); !status.ok())
      return Answer(context, ToGrpc(status));
  }
  v1::FlashblocksPayloadV1 whole;
  ToProto(reducer.block(), whole);
  ToProto(block.back().authorization, *response->mutable_authorization());
  response->mutable_base()->Swap(whole.mutable_base());
  response->set_flashblocks(reducer.next_index());
  response->mutable_diff()->Swap(whole.mutable_diff());
  response->set_newest_metadata_json(whole.metadata_json());
  return Answer(context, grpc::Status::OK);
}

void Service::OnFlashblock(const core::FlashblockDelivered& event, int64_t) {
  for (const bool rlp : {false, true}) {
    const auto joined = (rlp ? rlp_flashblocks_ : flashblocks_).Joined();
    if (joined.empty()) continue;
    const auto message = Convert(event, rlp);
    for (const auto& stream : joined) stream->Push(message);
  }
}

void Service::OnTransition(const Transition& transition) {
  auto event = std::make_shared<v1::PublishingEvent>();
  ToProto(transition.change, transition.unix_ns, *event);
  for (const auto& delivered : transition.flashblocks)
    ToProto(*delivered.flashblock, *event->add_flashblocks());
  last_transition_ = event;
  for (const auto& stream : watchers_.Joined()) stream->Push(event);
}

void Service::OnLost() {
  const grpc::Status lost(grpc::StatusCode::RESOURCE_EXHAUSTED,
                          "event queue: flashblocks were lost; subscribe again");
  for (Flashblocks* streams : {&flashblocks_, &rlp_flashblocks_}) {
    for (const auto& stream : streams->Joined()) stream->End(lost);
  }
}

}  // namespace

std::unique_ptr<BuilderService> BuilderService::Create(const BuilderServiceOptions& options) {
  return std::make_unique<Service>(options);
}

}  // namespace flblk::plugin
