#include "plugin/testing/fake_node.h"

#include <future>

#include "p2p/wire/envelope.h"
#include "plugin/hub.h"
#include "plugin/text.h"

namespace flblk::plugin {

absl::Status FakeNode::Start() {
  if (!start_status.ok()) return start_status;
  running_ = true;
  thread_ = std::thread([this] {
    std::unique_lock lock(mutex_);
    while (running_ || !queue_.empty()) {
      wake_.wait(lock, [&] { return !running_ || !queue_.empty(); });
      if (queue_.empty()) continue;
      const auto fn = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      fn();
      lock.lock();
    }
  });
  return absl::OkStatus();
}

void FakeNode::Stop(Duration) {
  if (!thread_.joinable()) return;
  Run([this] {
    if (view_.state != core::PublishState::kIdle)
      Change(core::PublishState::kIdle, core::Cause::kHostStopped, {});
  });
  {
    const std::lock_guard lock(mutex_);
    running_ = false;
  }
  wake_.notify_one();
  thread_.join();
}

absl::Status FakeNode::Post(std::function<void()> fn) {
  {
    const std::lock_guard lock(mutex_);
    if (!running_) return absl::UnavailableError("the node is stopping");
    queue_.push_back(std::move(fn));
  }
  wake_.notify_one();
  return absl::OkStatus();
}

void FakeNode::Run(std::function<void()> fn) {
  std::promise<void> ran;
  if (Post([&] {
        fn();
        ran.set_value();
      }).ok()) {
    ran.get_future().wait();
  }
}

std::function<void()> FakeNode::Hold() {
  std::promise<void> held;
  const auto go = std::make_shared<std::promise<void>>();
  const auto status = Post([&held, go] {
    held.set_value();
    go->get_future().wait();
  });
  if (!status.ok()) return [] {};
  held.get_future().wait();
  return [go] { go->set_value(); };
}

size_t FakeNode::waiting() {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void FakeNode::Change(core::PublishState to, core::Cause cause,
                      std::optional<Authorization> authorization, uint64_t next_index) {
  core::PublishingChanged change;
  change.from = view_.state;
  change.to = to;
  change.cause = cause;
  change.authorization = std::move(authorization);
  change.next_index = next_index;
  view_.state = to;
  view_.authorization = change.authorization;
  view_.next_index = next_index;
  const Now now{.mono = {}, .unix_ns = UnixNow()};
  history_.push_back({now.unix_ns, change});
  observer_->OnPublishing(change, now);
}

void FakeNode::Deliver(const Authorization& authorization, wire::FlashblocksPayloadV1 flashblock,
                       bool own) {
  core::FlashblockDelivered event;
  event.authorization = authorization;
  auto frame = std::make_shared<wire::Frame>();
  frame->body = wire::EncodeAuthorized(wire::EncodeFlashblockMessage(flashblock),
                                       wire::EncodeAuthorization(authorization), event.actor_sig);
  event.frame = frame;
  event.own = own;
  event.flashblock = std::make_shared<const wire::FlashblocksPayloadV1>(std::move(flashblock));
  observer_->OnFlashblock(event);
  if (own) observer_->OnNextIndex(event.flashblock->index + 1);
}

absl::Status FakeNode::ForkchoiceUpdated(core::ForkchoiceUpdated update, Done done) {
  return Post([this, update, done] {
    if (update.authorization && update.authorization->builder_vk != builder.value_or(PublicKey{})) {
      return done(absl::PermissionDeniedError("authorization.builder_vk: another builder's"));
    }
    if (update.authorization) {
      Change(core::PublishState::kPublishing, core::Cause::kStarted, update.authorization, 0);
    } else if (update.attributes && view_.state != core::PublishState::kIdle) {
      Change(core::PublishState::kIdle, core::Cause::kNotAuthorized, {});
    }
    done(absl::OkStatus());
  });
}

absl::Status FakeNode::TryPublish(wire::FlashblocksPayloadV1& flashblock) {
  if (view_.state != core::PublishState::kPublishing) {
    return absl::FailedPreconditionError(Cat("not cleared to publish: ", Name(view_.state)));
  }
  if (flashblock.index != view_.next_index) {
    return absl::OutOfRangeError(Cat("index: ", flashblock.index, ", expected ", view_.next_index));
  }
  flashblock.payload_id = view_.authorization->payload_id;
  ++view_.next_index;
  Deliver(*view_.authorization, std::move(flashblock), true);
  return absl::OkStatus();
}

absl::Status FakeNode::Publish(wire::FlashblocksPayloadV1 flashblock, Done done) {
  auto shared = std::make_shared<wire::FlashblocksPayloadV1>(std::move(flashblock));
  return Post([this, shared, done] { done(TryPublish(*shared)); });
}

absl::Status FakeNode::Sealed(const PayloadId&, Done done) {
  return Post([done] { done(absl::OkStatus()); });
}

absl::Status FakeNode::StopPublishing(std::string reason, Done done) {
  return Post([this, reason, done] {
    stop_reasons.push_back(reason);
    if (view_.state != core::PublishState::kIdle)
      Change(core::PublishState::kIdle, core::Cause::kHostStopped, {});
    done(absl::OkStatus());
  });
}

absl::Status FakeNode::AddPeer(const net::Enode& enode, bool) {
  added.push_back(enode);
  return peer_status;
}

absl::Status FakeNode::RemovePeer(const NodeId& node_id) {
  if (node_id == NodeId{}) return absl::NotFoundError("node_id: unknown");
  removed.push_back(node_id);
  return peer_status;
}

absl::StatusOr<net::NodeInfo> FakeNode::Info() {
  const std::lock_guard lock(mutex_);
  if (!info_status_.ok()) return info_status_;
  net::NodeInfo info;
  info.enode = "enode://fake@127.0.0.1:30303";
  info.listen_port = 30303;
  info.builder = builder;
  return info;
}

absl::StatusOr<std::vector<net::PeerInfo>> FakeNode::Peers() {
  std::vector<net::PeerInfo> out;
  Run([&] { out = peers_; });
  return out;
}

absl::StatusOr<core::HandoffView> FakeNode::Handoff() {
  core::HandoffView out;
  Run([&] { out = view_; });
  return out;
}

absl::StatusOr<std::vector<net::HistoryEntry>> FakeNode::History() {
  std::vector<net::HistoryEntry> out;
  Run([&] { out = history_; });
  return out;
}

absl::Status FakeNode::WithBlock(
    std::function<void(const core::HandoffView&, const std::vector<core::FlashblockDelivered>&)>
        fn) {
  return Post([this, fn] { fn(view_, {}); });
}

void FakeNode::AnswerInfo(absl::Status status) {
  const std::lock_guard lock(mutex_);
  info_status_ = std::move(status);
}

void FakeNode::PeerUp(const net::PeerInfo& peer) {
  Run([&] {
    peers_.push_back(peer);
    observer_->OnPeerUp(peer);
  });
}

void FakeNode::PeerDown(const net::PeerInfo& peer) {
  Run([&] {
    std::erase_if(peers_, [&](const net::PeerInfo& p) { return p.node_id == peer.node_id; });
    observer_->OnPeerDown(peer, "test");
  });
}

}  // namespace flblk::plugin
