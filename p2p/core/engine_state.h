// The inside of the engine; included by engine*.cc only.
#pragma once

#include "p2p/core/authorization_cache.h"
#include "p2p/core/engine.h"
#include "p2p/core/frame_memory.h"
#include "p2p/core/freshness.h"
#include "p2p/core/gossip.h"
#include "p2p/core/handoff.h"
#include "p2p/core/inbox.h"
#include "p2p/core/marker_memory.h"
#include "p2p/core/publisher.h"
#include "p2p/core/replication.h"
#include "p2p/core/sign_once_memory.h"
#include "p2p/wire/envelope.h"

namespace flblk::core {

struct Engine::State {
  // A block nobody added to for this many block times is not sent to late joiners: should we be the
  // one that lags, its frames are stale and would cost us reputation.
  static constexpr uint64_t kLiveBlockTimes = 2;
  // A reth peer ends the session where more than 32 MiB wait unread; no late joiner is sent more
  // than this.
  static constexpr size_t kMaxPushBytes = size_t{24} << 20;

  State(const EngineConfig& c, const EnginePorts& p, Now start);

  // ---- events (engine_host.cc)
  absl::Status On(const ForkchoiceUpdated& e);
  absl::Status On(PublishFlashblock& e);
  absl::Status On(const PayloadSealed& e);
  absl::Status On(StopPublishing& e);
  // ---- events (engine.cc)
  absl::Status On(const PeerConnected& e);
  absl::Status On(const PeerDisconnected& e);
  absl::Status On(const TimerFired&);
  absl::Status On(const Thawed&);
  absl::Status On(const SendConfirmed& e);
  // ---- events (engine_network.cc)
  absl::Status On(const PeerMessage& e);

  // ---- network
  void OnAuthorized(Peer& peer, const wire::FramePtr& frame);
  void OnFlashblock(Peer& peer, const wire::FramePtr& frame, const wire::Envelope& envelope,
                    const wire::MessagePeek& peek);
  void OnMarker(Peer& peer, const wire::FramePtr& frame, const wire::Envelope& envelope,
                wire::MessageKind kind);
  bool Fresh(Peer& peer, uint64_t slot, wire::MessageKind kind);
  bool MayRelay(const Peer& peer, const FlashblockDelivered& item) const;
  void NoteLatency(Peer& peer, Duration behind);
  bool KnownCopy(Peer& peer, SeenFrame& seen, const Signature& sig);
  bool Verify(Peer& peer, const wire::Envelope& envelope);
  void Admit(Peer& peer, FlashblockDelivered item, SeenFrame& seen);  // verified
  void Report(const Inbox::Offered& offered, const FlashblockDelivered& second);
  void Unproductive(Peer& peer, const char* what);  // traffic that brings nothing: metered
  void Penalise(Peer& peer, Offence offence, std::string why);

  // ---- output
  void Relay(const FlashblockDelivered& item, PeerSet& have);
  void Deliver(const Inbox::Offered& offered);
  void PushBlock(Peer& peer);  // the current block to a late joiner, in order
  void SendToAll(wire::FramePtr frame, std::optional<SessionId> except);

  // ---- our flashblocks (engine_replication.cc)
  void SendOwn(FlashblockDelivered item, SeenFrame& seen);
  void Release(Replication::Released released);
  void ReleaseDue();
  void ReleaseAll();  // what must not overtake them follows

  // ---- hand-off
  absl::Status Drive(const handoff::Event& event);
  absl::Status Apply(const handoff::Result& result);
  void Emit(const handoff::Changed& change);
  void GreetAsBuilder(const Peer& peer);
  bool IsSelf(const PublicKey& key) const { return config.builder == key; }
  SignOnce& Claims() { return ports.sign_once != nullptr ? *ports.sign_once : claims; }

  void CountMissed();

  EngineConfig config;
  EnginePorts ports;
  Now now;                  // of the step
  std::vector<Action> out;  // of the step

  std::optional<handoff::Machine> machine;  // where we are a builder
  Gossip gossip;
  FrameMemory frames;
  std::optional<uint64_t> block_number;  // of the block we are authorized for, where the host told
  MarkerMemory markers;
  AuthorizationCache authorizations;
  Freshness freshness;
  Inbox inbox;
  MonoTime inbox_grew_at;
  Publisher publisher;
  Replication replication;
  SignOnceMemory claims;
  EngineStats stats;

  struct Reported {
    PublicKey builder;
    uint64_t slot = 0;
    Evidence kind = Evidence::kTwoFlashblocks;
    bool operator==(const Reported&) const = default;
  };
  static constexpr size_t kMaxReported = 64;
  std::deque<Reported> reported;  // evidence already shown; the oldest makes room
};

}  // namespace flblk::core
