// Drives the engine: events in, actions out, its timer, the history of hand-offs.
//
// One event is worked off completely, its frames written to the sockets included, before observers
// hear of it: relay first, then deliver. What happens meanwhile (a socket that fails) becomes a
// further event.
//
// Thread: the network thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <set>
#include <vector>

#include "p2p/net/node.h"

namespace flblk::net {

class EngineRunner {
 public:
  static constexpr size_t kMaxHistory = 1024;
  // A network thread that did not run for so many flashblock intervals was frozen.
  static constexpr int kFrozenIntervals = 3;

  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void Send(const core::Send& action) = 0;  // into the queues
    virtual void FlushSends() = 0;                    // to the sockets
    virtual void Penalise(const core::Penalise& action) = 0;
    virtual void Drop(const core::Drop& action) = 0;
    virtual void Renew(const core::Renew& action) = 0;
    virtual void Heard(const core::Heard& action) = 0;
    // `task` behind what peers have said by now.
    virtual void AfterPeers(std::function<void()> task) = 0;
  };

  // All borrowed things outlive the runner.
  EngineRunner(boost::asio::io_context& io, const core::EngineConfig& config,
               const core::EnginePorts& ports, NodeObserver* observer, Sink* sink, LogFn log);

  // From now on a freeze of the process is noticed. Only a builder cares.
  void Start();
  // Network events: queued until Pump.
  void Post(core::Event event) { events_.push_back(std::move(event)); }
  void Pump();
  // A host event: worked off at once. `done` hears the verdict after the frames are written and the
  // observers were told, so that whoever asks an observer finds the state the call led to.
  void Call(core::Event event, const std::function<void(const absl::Status&)>& done);

  core::HandoffView handoff() const { return engine_.handoff(); }
  std::vector<core::PeerView> peers() const { return engine_.peers(); }
  const core::EngineStats& stats() const { return engine_.stats(); }
  std::span<const core::FlashblockDelivered> block() const { return engine_.block_so_far(); }
  // The flashblocks accepted lately, for sessions to recognise copies.
  const wire::KnownFrames& known_frames() const { return known_frames_; }
  std::vector<HistoryEntry> history() const { return {history_.begin(), history_.end()}; }

 private:
  void Step(core::Event event, const std::function<void(const absl::Status&)>& done);
  void LogRefusal(const absl::Status& status, uint64_t slot);
  void Remember(const core::Action& action);
  void Tell(core::Action& action, Now now);
  void TellNextIndex();
  void ArmTimer();
  void OnTimer();
  void Beat();
  bool WasFrozen(Now now);

  core::Engine engine_;
  wire::KnownFrames known_frames_;
  NodeObserver* const observer_;
  Sink* const sink_;
  const LogFn log_;
  const Duration interval_;  // zero: no builder
  boost::asio::steady_timer timer_, beat_;
  MonoTime beat_at_;  // once in an interval while the process runs
  std::optional<MonoTime> armed_for_;
  std::deque<core::Event> events_;
  std::set<core::SessionId> dropped_;  // by the engine, until their PeerDisconnected
  std::deque<HistoryEntry> history_;
  uint64_t next_index_ = 0;  // as the observer knows it
  LineRation refusals_;
  bool pumping_ = false;
};

}  // namespace flblk::net
