// The calls of a host, whether they came over gRPC or through the C ABI: hands them to the node and
// completes the verdict with what the host wants to know next.
#pragma once

#include <atomic>
#include <functional>

#include "plugin/hub.h"

namespace flblk::plugin {

// What became of one delta.
struct Verdict {
  absl::Status status;      // OK: signed and in every peer's queue
  PayloadId payload_id{};   // what went out, or what is authorized; zero: nothing
  uint64_t index = 0;       // of the delta
  uint64_t next_index = 0;  // expected next; 0 where nothing is authorized
};

// Told of every verdict, on the network thread, or on the calling one where the node refuses a call
// at once; must not block.
class PublishObserver {
 public:
  virtual ~PublishObserver() = default;
  virtual void OnForkchoice(const absl::Status& status) = 0;
  virtual void OnVerdict(const Verdict& verdict, Duration took) = 0;
};

class Host {
 public:
  // `node`, `hub` and `observer` (may be null) outlive every call. `world_chain_metadata`: a delta
  // whose metadata is not what a World Chain node writes is refused, for its peers would take it
  // for an offence of ours.
  Host(net::Node* node, const Hub* hub, PublishObserver* observer,
       bool world_chain_metadata = false);

  // Any thread. `done` is called exactly once: on the calling thread where the node refuses the
  // call at once (queue full, stopping), else on the network thread, where it must not block.
  void Publish(wire::FlashblocksPayloadV1 flashblock, std::function<void(const Verdict&)> done);
  using Done = std::function<void(const absl::Status&, const PublishView&)>;
  void ForkchoiceUpdated(core::ForkchoiceUpdated update, Done done);
  void Sealed(const PayloadId& payload_id, Done done);
  void StopPublishing(std::string reason, Done done);

  PublishView view() const { return hub_->view(); }
  net::Node& node() const { return *node_; }
  uint64_t published() const { return published_; }  // accepted deltas since start
  uint64_t refused() const { return refused_; }

 private:
  Verdict Complete(absl::Status status, uint64_t index);
  net::Node::Done Wrap(std::shared_ptr<Done> done) const;

  net::Node* node_;
  const Hub* hub_;
  PublishObserver* observer_;
  const bool world_chain_metadata_;
  std::atomic<uint64_t> published_ = 0, refused_ = 0;
};

}  // namespace flblk::plugin
