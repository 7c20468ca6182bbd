// A node on a loopback port with an observer that records, and what tests need to make it publish.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "p2p/net/node.h"
#include "signer/signer.h"

namespace flblk::net::testing {

// Longest wait for anything in these tests; reached only where a test fails.
inline constexpr std::chrono::seconds kPatience{20};

// The one network of the tests.
const SecretKey& Authorizer();

// Thread-safe record of what the observer was told.
class Recorder final : public NodeObserver {
 public:
  struct Down {
    PeerInfo peer;
    std::string why;
  };
  void OnFlashblock(const core::FlashblockDelivered& event) override;
  void OnPublishing(const core::PublishingChanged& event, Now now) override;
  void OnEquivocation(const core::EquivocationFound& event) override;
  void OnPeerUp(const PeerInfo& peer) override;
  void OnPeerDown(const PeerInfo& peer, const std::string& why) override;
  void OnPenalty(const PeerInfo& peer, const core::Penalise& event) override;
  void OnNextIndex(uint64_t next_index) override;

  // Each waits until the condition holds, at most kPatience.
  bool WaitForUps(size_t n);
  bool WaitForDowns(size_t n);
  bool WaitForFlashblocks(size_t n);
  bool WaitForState(core::PublishState state);
  bool WaitForNextIndex(uint64_t next_index);

  std::vector<PeerInfo> ups() const;
  std::vector<Down> downs() const;
  std::vector<core::FlashblockDelivered> flashblocks() const;

  // Called first thing in OnPeerUp, on the network thread.
  std::function<void()> on_peer_up;

 private:
  template <typename Condition>
  bool Wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, condition);
  }
  template <typename Change>
  void Note(Change change) {
    std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<PeerInfo> ups_;
  std::vector<Down> downs_;
  std::vector<core::FlashblockDelivered> flashblocks_;
  std::vector<core::PublishingChanged> changes_;
  uint64_t next_index_ = 0;
};

// listen on 127.0.0.1, free port, test network.
NodeConfig LoopbackConfig();

class TestNode {
 public:
  struct Setup {
    NodeConfig config = LoopbackConfig();
    bool builder = false;
    const rlpx::NodeKey* key = nullptr;  // null: a new one
    Signer* signer = nullptr;            // a builder's; null: a new key, where it is a builder
    bool start = true;
  };
  explicit TestNode(Setup setup);
  TestNode() : TestNode(Setup{}) {}
  ~TestNode();

  Node& operator*() { return *node_; }
  Node* operator->() { return node_.get(); }
  Recorder& seen() { return recorder_; }
  const NodeId& id() const { return key_->id(); }
  const rlpx::NodeKey& key() const { return *key_; }
  // With the port really bound.
  Enode enode(const std::string& host = "127.0.0.1");

  // Starts building the block of `slot` (authorized); the verdict.
  absl::Status Authorize(uint64_t slot);
  // Publishes index `index` of that block with transactions of `tx_bytes` incompressible bytes; the
  // verdict.
  absl::Status Publish(uint64_t index, size_t tx_bytes = 100);

 private:
  std::unique_ptr<rlpx::NodeKey> own_key_;
  const rlpx::NodeKey* key_;
  std::unique_ptr<Signer> own_signer_;
  Signer* signer_;
  Recorder recorder_;
  std::unique_ptr<Node> node_;
  uint64_t slot_ = 0;
  PayloadId payload_id_{};
};

// `a` dials `b`; true once both see the session.
bool Connect(TestNode& a, TestNode& b);

// Unix seconds, for slots.
uint64_t UnixNow();

}  // namespace flblk::net::testing
