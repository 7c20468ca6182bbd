// A net::Node without a network: a thread, the simplest hand-off (an Authorization is a clearance),
// and doors through which a test lets events in.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "p2p/net/node.h"

namespace flblk::plugin {

class FakeNode final : public net::Node {
 public:
  explicit FakeNode(net::NodeObserver* observer) : observer_(observer) {}
  ~FakeNode() override { Stop({}); }

  // ---- net::Node
  absl::Status Start() override;
  void Stop(Duration limit) override;
  absl::Status ForkchoiceUpdated(core::ForkchoiceUpdated update, Done done) override;
  absl::Status Publish(wire::FlashblocksPayloadV1 flashblock, Done done) override;
  absl::Status Sealed(const PayloadId& payload_id, Done done) override;
  absl::Status StopPublishing(std::string reason, Done done) override;
  absl::Status AddPeer(const net::Enode& enode, bool trusted) override;
  absl::Status RemovePeer(const NodeId& node_id) override;
  absl::StatusOr<net::NodeInfo> Info() override;
  absl::StatusOr<std::vector<net::PeerInfo>> Peers() override;
  absl::StatusOr<core::HandoffView> Handoff() override;
  absl::StatusOr<std::vector<net::HistoryEntry>> History() override;
  absl::Status WithBlock(
      std::function<void(const core::HandoffView&, const std::vector<core::FlashblockDelivered>&)>
          fn) override;

  // ---- doors
  // Runs on the network thread and returns when it has run.
  void Run(std::function<void()> fn);
  // Stops the network thread until what it returns is called. Calls of the host wait meanwhile.
  std::function<void()> Hold();
  size_t waiting();  // calls that wait
  // As if a rival's flashblock had been verified.
  void Deliver(const Authorization& authorization, wire::FlashblocksPayloadV1 flashblock,
               bool own = false);
  void Change(core::PublishState to, core::Cause cause, std::optional<Authorization> authorization,
              uint64_t next_index = 0);
  net::NodeObserver& observer() { return *observer_; }
  void PeerUp(const net::PeerInfo& peer);
  void PeerDown(const net::PeerInfo& peer);
  void AnswerInfo(absl::Status status);  // what Info answers from now on

  absl::Status start_status;  // what Start answers
  absl::Status peer_status;   // what AddPeer and RemovePeer answer
  std::vector<net::Enode> added;
  std::vector<NodeId> removed;
  std::vector<std::string> stop_reasons;
  std::optional<PublicKey> builder;

 private:
  absl::Status Post(std::function<void()> fn);
  absl::Status TryPublish(wire::FlashblocksPayloadV1& flashblock);

  net::NodeObserver* observer_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool running_ = false;
  absl::Status info_status_;
  std::thread thread_;
  // network thread
  core::HandoffView view_;
  std::vector<net::HistoryEntry> history_;
  std::vector<net::PeerInfo> peers_;
};

}  // namespace flblk::plugin
