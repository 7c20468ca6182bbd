#include "plugin/host.h"

#include <chrono>
#include <memory>

#include "p2p/wire/metadata.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

Duration Since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begin);
}

}  // namespace

Host::Host(net::Node* node, const Hub* hub, PublishObserver* observer, bool world_chain_metadata)
    : node_(node), hub_(hub), observer_(observer), world_chain_metadata_(world_chain_metadata) {}

Verdict Host::Complete(absl::Status status, uint64_t index) {
  const PublishView view = hub_->view();
  (status.ok() ? published_ : refused_)++;
  return Verdict{.status = std::move(status),
                 .payload_id = view.authorization ? view.authorization->payload_id : PayloadId{},
                 .index = index,
                 .next_index = view.next_index};
}

void Host::Publish(wire::FlashblocksPayloadV1 flashblock,
                   std::function<void(const Verdict&)> done) {
  struct Call {
    std::function<void(const Verdict&)> done;
    std::chrono::steady_clock::time_point begin;
    uint64_t index;
  };
  auto call = std::make_shared<Call>(
      Call{std::move(done), std::chrono::steady_clock::now(), flashblock.index});
  const auto finish = [this, call](absl::Status status) {
    const Verdict verdict = Complete(std::move(status), call->index);
    if (observer_ != nullptr) observer_->OnVerdict(verdict, Since(call->begin));
    call->done(verdict);
  };
  const std::string& metadata = flashblock.metadata;  // empty: the engine writes it
  if (world_chain_metadata_ && !metadata.empty() && !wire::IsCanonicalMetadata(metadata)) {
    return finish(Invalid(
        "metadata: not in World Chain's form, {\"fees\":\"0x..\",\"flashblock_timestamp\":ns}"));
  }
  if (auto status = node_->Publish(std::move(flashblock), finish); !status.ok())
    finish(std::move(status));
}

net::Node::Done Host::Wrap(std::shared_ptr<Done> done) const {
  return [this, done](absl::Status status) { (*done)(status, hub_->view()); };
}

void Host::ForkchoiceUpdated(core::ForkchoiceUpdated update, Done done) {
  const auto shared = std::make_shared<Done>(
      [this, done = std::move(done)](const absl::Status& verdict, const PublishView& view) {
        if (observer_ != nullptr) observer_->OnForkchoice(verdict);
        done(verdict, view);
      });
  const auto status = node_->ForkchoiceUpdated(std::move(update), Wrap(shared));
  if (!status.ok()) (*shared)(status, hub_->view());
}

void Host::Sealed(const PayloadId& payload_id, Done done) {
  const auto shared = std::make_shared<Done>(std::move(done));
  if (const auto status = node_->Sealed(payload_id, Wrap(shared)); !status.ok())
    (*shared)(status, hub_->view());
}

void Host::StopPublishing(std::string reason, Done done) {
  const auto shared = std::make_shared<Done>(std::move(done));
  const auto status = node_->StopPublishing(std::move(reason), Wrap(shared));
  if (!status.ok()) (*shared)(status, hub_->view());
}

}  // namespace flblk::plugin
