// Takes what the node tells (on the network thread), and tells it to the sinks on one thread of its
// own, in order. The network thread only copies a few hundred bytes and never waits.
//
// Bound: beyond kMaxQueued waiting events flashblocks and what peers did are dropped and OnLost
// says so. Transitions never are, nor that a peer came or went: sinks count peers by that, and the
// rate of handshakes bounds it.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "p2p/net/node.h"

namespace flblk::plugin {

// A transition as hosts see it: with the flashblocks of the resume point (kPublishing only).
struct Transition {
  core::PublishingChanged change;
  int64_t unix_ns = 0;
  std::vector<core::FlashblockDelivered> flashblocks;
};

// Called on the hub's thread, one after the other; must not wait for the hub or the node.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void OnFlashblock(const core::FlashblockDelivered&, int64_t /*unix_ns*/) {}
  virtual void OnTransition(const Transition&) {}
  virtual void OnEquivocation(const core::EquivocationFound&, int64_t /*unix_ns*/) {}
  virtual void OnPeerUp(const net::PeerInfo&) {}
  virtual void OnPeerDown(const net::PeerInfo&, const std::string& /*why*/) {}
  virtual void OnPenalty(const net::PeerInfo&, const core::Penalise&) {}
  virtual void OnHeard(const net::PeerInfo&, Duration /*behind*/) {}
  virtual void OnLost() {}  // flashblocks are missing in what was told
  virtual void OnTick() {}  // about once a second
};

// Where publishing stands, as of the last event of the node.
struct PublishView {
  core::PublishState state = core::PublishState::kIdle;
  std::optional<Authorization> authorization;  // ours
  std::optional<PublicKey> rival;
  uint64_t next_index = 0;  // kPublishing only
  uint64_t missing = 0;
  int64_t since_unix_ns = 0;
  int64_t last_flashblock_unix_ns = 0;  // 0: none yet
};

class Hub final : public net::NodeObserver {
 public:
  static constexpr size_t kMaxQueued = 16384;

  Hub();
  ~Hub() override;

  void AddSink(Sink* sink);  // before Start; outlives Stop
  void Start();
  // Tells what is queued, then joins. Later events are dropped. Idempotent.
  void Stop();

  // Any thread.
  PublishView view() const;
  std::vector<core::FlashblockDelivered> block()
      const;  // the current block so far, index order, from 0
  // Runs `fn` on the hub's thread, in order with the events; false (and never runs) after Stop.
  bool Post(std::function<void()> fn);

  // net::NodeObserver, on the network thread.
  void OnFlashblock(const core::FlashblockDelivered& event) override;
  void OnPublishing(const core::PublishingChanged& event, Now now) override;
  void OnNextIndex(uint64_t next_index) override;
  void OnEquivocation(const core::EquivocationFound& event) override;
  void OnPeerUp(const net::PeerInfo& peer) override;
  void OnPeerDown(const net::PeerInfo& peer, const std::string& why) override;
  void OnPenalty(const net::PeerInfo& peer, const core::Penalise& event) override;
  void OnHeard(const net::PeerInfo& peer, Duration behind) override;

 private:
  void PostOrLose(std::function<void()> fn);
  void Run();
  void Tell(const std::function<void(Sink&)>& what);
  void ExtendBlock(const core::FlashblockDelivered& event);
  std::vector<core::FlashblockDelivered> ResumePoint(const core::PublishingChanged& change) const;

  std::vector<Sink*> sinks_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool running_ = false, stopping_ = false, lost_ = false;
  PublishView view_;
  std::vector<core::FlashblockDelivered> block_;  // written on the hub's thread, under the lock
  std::thread thread_;
};

int64_t UnixNow();  // nanoseconds

}  // namespace flblk::plugin
