// The engine joins hand-off, gossip and inbox into one decision machine: everything a flblk node decides.
// Pure: no I/O, no clock, no logging, no threads. Deterministic given its seed and the ports' answers.
#pragma once

#include <memory>

#include "p2p/core/events.h"
#include "p2p/core/ports.h"

namespace flblk::core {

struct EngineConfig {
  std::optional<PublicKey> builder;      // our key; absent: relay and subscriber only
  // hand-off
  Duration takeover_after{};             // 0: off
  Duration flashblock_interval = std::chrono::milliseconds(200);
  bool stop_on_bare_fcu = false;
  // gossip
  uint32_t max_send_peers = 10;          // untrusted peers we feed (flblk/2)
  uint32_t max_receive_peers = 3;        // peers that feed us (flblk/2)
  Duration rotation_interval = std::chrono::seconds(30);
  uint64_t seed = 0;                     // for every random choice
};

struct EnginePorts {                     // borrowed; outlive the engine
  Verifier* verifier = nullptr;
  Compressor* compressor = nullptr;
  Signer* signer = nullptr;              // null exactly where config.builder is absent
  SignOnce* sign_once = nullptr;         // null: memory only
};

struct PeerView {                        // for the admin service and metrics
  SessionId session = 0;
  bool sending_to = false, receiving_from = false, requested = false;
  uint64_t flashblocks_in = 0, flashblocks_out = 0, duplicates = 0, missed = 0;
  std::optional<Duration> latency;       // moving average behind the first copy
  int32_t penalty = 0;
};

struct HandoffView {
  PublishState state = PublishState::kIdle;
  std::optional<Authorization> authorization;
  std::optional<PublicKey> rival;
  uint64_t next_index = 0;
};

class Engine {
 public:
  Engine(EngineConfig config, EnginePorts ports, Now start);
  ~Engine();
  Engine(const Engine&);                 // a regular value: the model checker forks it
  Engine& operator=(const Engine&);

  StepResult Step(const Event& event, Now now);
  // When TimerFired is due; nullopt: never.
  std::optional<MonoTime> NextDeadline() const;

  HandoffView handoff() const;
  std::vector<PeerView> peers() const;
  // Verified flashblocks of the current block in index order, from index 0 without a gap.
  const std::vector<FlashblockDelivered>& block_so_far() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace flblk::core
