// The engine joins hand-off, gossip and inbox into one decision machine: everything a flblk node
// decides. Pure: no I/O, no clock, no logging, no threads. Deterministic given its seed and the
// ports' answers.
#pragma once

#include <memory>
#include <span>

#include "p2p/core/events.h"
#include "p2p/core/ports.h"

namespace flblk::core {

struct EngineConfig {
  std::optional<PublicKey> builder{};  // our key; absent: relay and subscriber only
  // hand-off
  Duration takeover_after{};  // 0: off
  Duration flashblock_interval = std::chrono::milliseconds(200);
  bool stop_on_bare_fcu = false;
  uint64_t block_seconds = 2;  // the network's block time; a rival dies two of these later
  // Ours go to the standby peers first, and to everyone once so many of them confirmed it or the
  // time limit (at most kMaxReplicateTimeout) passed. 0: off.
  uint32_t replicate_before_publish = 0;
  Duration replicate_timeout = std::chrono::milliseconds(50);
  static constexpr Duration kMaxReplicateTimeout = std::chrono::seconds(1);
  // gossip
  uint32_t max_send_peers = 10;    // untrusted peers we feed
  uint32_t max_receive_peers = 3;  // peers that feed us (flblk/2)
  Duration rotation_interval = std::chrono::seconds(30);
  // Peers are World Chain's: flashblocks whose metadata it cannot read (wire/metadata.h) are
  // delivered and not handed on, it would charge us for them.
  bool world_chain_metadata = false;
  uint64_t seed = 0;  // for every random choice
};

struct EnginePorts {  // borrowed; outlive the engine
  Verifier* verifier = nullptr;
  Compressor* compressor = nullptr;
  Signer* signer = nullptr;       // null exactly where config.builder is absent
  SignOnce* sign_once = nullptr;  // null: memory only
};

struct PeerView {  // for the admin service and metrics
  SessionId session = 0;
  bool sending_to = false, receiving_from = false, requested = false;
  uint64_t flashblocks_in = 0, flashblocks_out = 0, duplicates = 0, missed = 0;
  std::optional<Duration> latency;  // moving average behind the first copy
  int32_t penalty = 0;
};

struct HandoffView {
  PublishState state = PublishState::kIdle;
  std::optional<Authorization> authorization;
  std::optional<PublicKey> rival;
  uint64_t next_index = 0;
  uint64_t missing = 0;  // see PublishingChanged
};

struct EngineStats {  // counters since start
  uint64_t flashblocks_new = 0, flashblocks_own = 0, duplicates = 0, own_echoes = 0;
  uint64_t late = 0;  // verified, but of a block that is over
  uint64_t stale = 0, future = 0, bad_signature = 0, malformed = 0, invalid = 0, unsolicited = 0,
           flood = 0;
  uint64_t equivocations = 0, conflicts = 0, markers_relayed = 0;
};

class Engine {
 public:
  Engine(EngineConfig config, EnginePorts ports, Now start);
  ~Engine();
  Engine(const Engine&);  // a regular value: the model checker forks it
  Engine& operator=(const Engine&);

  // Move the event in where it is not needed again: a flashblock then goes through without a copy.
  StepResult Step(Event event, Now now);
  // When TimerFired is due; nullopt: never.
  std::optional<MonoTime> NextDeadline() const;

  HandoffView handoff() const;
  std::vector<PeerView> peers() const;
  const EngineStats& stats() const;
  // Verified flashblocks of the current block in index order, from index 0 without a gap, as far as
  // they were delivered. Valid until the next Step.
  std::span<const FlashblockDelivered> block_so_far() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace flblk::core
