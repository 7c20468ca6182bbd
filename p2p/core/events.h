// What goes into the engine and what comes out of it: plain data, no sockets, no clocks.
//
// The engine is a decision machine: step(event, now) -> actions, next_deadline(). Three drivers run
// it: p2p/net (sockets), tests/sim (virtual time), fuzzers. A host call is an event too; its
// verdict is the status of the step, its consequences are actions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "p2p/wire/frame.h"
#include "p2p/wire/time.h"
#include "signer/authorization.h"

namespace flblk::core {

// One live session. Never reused within a process, so a message for a dead session can be told
// apart: state is keyed by session, not by node id (interop 5, row 2).
using SessionId = uint64_t;

// ---- in: network
struct PeerConnected {
  SessionId session = 0;
  NodeId node_id{};
  uint8_t flblk_version = 2;  // 1 or 2, as negotiated
  bool trusted = false;       // configured as trusted or static: always served, never counted
  bool standby = false;       // its confirmations count for replicate_before_publish
};
struct PeerDisconnected {
  SessionId session = 0;
};
struct PeerMessage {
  SessionId session = 0;
  wire::FramePtr frame;
};
// The peer's transport has acknowledged the frame of the Send with that `confirm`, and with it
// everything sent before.
struct SendConfirmed {
  SessionId session = 0;
  uint64_t confirm = 0;
};

// ---- in: host
// engine_forkchoiceUpdated as the host saw it. `attributes` absent: a head update, no
// change. Attributes without authorization: another builder has this block.
struct PayloadAttributes {
  uint64_t timestamp = 0;                // unix seconds
  std::optional<uint64_t> block_number;  // of the block to build, where the host knows it
  std::optional<PayloadId>
      payload_id;  // the host's own; compared with the authorized one from byte 1 on
};
struct ForkchoiceUpdated {
  std::optional<PayloadAttributes> attributes;
  std::optional<Authorization> authorization;
};
// One delta. payload_id may be zero: the authorized one goes out in any case. Metadata empty:
// "fees" zero and the time of now.
struct PublishFlashblock {
  wire::FlashblocksPayloadV1 flashblock;
};
// getPayload seen: nothing further of this payload id may leave (byte 0 ignored).
struct PayloadSealed {
  PayloadId payload_id{};
};
// The host disconnects or the process ends: StopPublish where Publishing or Waiting.
struct StopPublishing {
  std::string reason;
};
struct TimerFired {};
// The process did not run for some flashblock intervals: comes before anything it missed.
struct Thawed {};

using Event =
    std::variant<PeerConnected, PeerDisconnected, PeerMessage, SendConfirmed, ForkchoiceUpdated,
                 PublishFlashblock, PayloadSealed, StopPublishing, TimerFired, Thawed>;

// ---- out
// A frame for one or many sessions, to be enqueued in this order. Fan-out stays one action
// so that the driver can seal for all receivers together.
enum class SendClass : uint8_t {
  kControl,     // Request/Accept/Reject/Cancel, StartPublish, StopPublish: never dropped
  kFlashblock,  // may be dropped for a slow peer, whole stale blocks (older slots) first
};
struct Send {
  wire::FramePtr frame;
  SendClass cls = SendClass::kControl;
  uint64_t slot = 0;  // Authorization timestamp of a flashblock; 0 for control
  std::vector<SessionId> to;
  uint64_t confirm = 0;  // not 0: SendConfirmed is awaited from each; never comes: no harm
};

// Decoded once, shared by whoever keeps it: never null, never changed.
using FlashblockPtr = std::shared_ptr<const wire::FlashblocksPayloadV1>;

// replicate_before_publish: why a flashblock of ours went from the standby builders to everyone.
enum class LetGo : uint8_t {
  kConfirmed,  // as many standbys as were asked for have it
  kFewer,      // all that were fed have it, but those were fewer
  kTimedOut,
  kReleased,  // not waited for any longer: a hand-off, or the host stopped
};
const char* Name(LetGo why);
struct Replicated {
  LetGo why = LetGo::kConfirmed;
  Duration waited{};
};

// A verified flashblock, in index order per block, each (payload id, index) once: from peers or
// from us.
struct FlashblockDelivered {
  Authorization authorization;
  FlashblockPtr flashblock;
  Signature actor_sig;
  bool own = false;
  // Relayed, and sent to late joiners. False: for us only, since others would charge us for it
  // (old, or with metadata that World Chain's nodes cannot read).
  bool relayed = true;
  wire::FramePtr frame;
  std::optional<Replicated> replicated;  // own, where replicate_before_publish is on
};

enum class PublishState : uint8_t { kIdle = 0, kWaiting = 1, kPublishing = 2, kYielded = 3 };
// Why a transition happened; the words operators see in history, metrics and logs.
enum class Cause : uint8_t {
  kStarted,          // authorized, no live rival
  kWaitingForRival,  // authorized, a rival publishes
  kRivalStopped,     // StopPublish of the last live rival
  kRivalSilent,      // a newer slot came and the rival said nothing in it
  kTakeoverTimeout,  // takeover_after passed without a sign of the rival
  kYieldedToRival,   // StartPublish or newer flashblock of a rival
  // Both had started, or the one we yielded to stopped again: the lower key goes on.
  kTieBreak,
  kAuthorizationRenewed,  // newer slot, or new attributes for the same slot
  kNotAuthorized,         // attributes without authorization
  kHostStopped,           // shutdown, or the host went away
};
const char* Name(PublishState state);
const char* Name(Cause cause);

// Every transition, renewals included. With kPublishing: the clearance and its resume point.
struct PublishingChanged {
  PublishState from = PublishState::kIdle;
  PublishState to = PublishState::kIdle;
  Cause cause = Cause::kStarted;
  std::optional<Authorization> authorization;  // ours: kWaiting, kPublishing
  std::optional<PublicKey> rival;
  Duration in_previous_state{};
  // kPublishing only: the next index we may publish; the flashblocks before it are block_so_far(),
  // already delivered.
  uint64_t next_index = 0;
  // kPublishing only: indices below next_index that never reached us. Above 0 block_so_far() ends
  // before the first of them, and the host cannot build on what it has not seen.
  uint64_t missing = 0;
  std::string reason{};  // kHostStopped: the host's words (StopPublishing)
};

// What a peer did wrong. The driver turns scores into disconnects; the engine decides the weight.
enum class Offence : uint8_t {
  kMalformed,     // grammar broken
  kBadSignature,  // authorizer or builder
  kStale,         // older than the grace
  kUnexpected,    // control message out of turn, or flashblocks never asked for, beyond the budget
  kFlood,         // over a named rate
  kEquivocation,  // only the builder's fault: recorded, the relay is not charged
};
const char* Name(Offence offence);
struct Penalise {
  SessionId session = 0;
  Offence offence = Offence::kMalformed;
  std::string why;
};
// Drop the session (the driver writes Disconnect 0x10 first).
struct Drop {
  SessionId session = 0;
  std::string why;
};

// End the session without any charge (Disconnect 0x00) so that a new one takes its place: the peer
// is deaf in this one (see gossip.h). Until PeerDisconnected comes it is a session like any other.
struct Renew {
  SessionId session = 0;
  std::string why;
};

// What two signed frames prove together. The first was delivered and relayed, the second never is.
// Reported once per (builder of the second, slot, kind).
enum class Evidence : uint8_t {
  kTwoFlashblocks,  // equivocation: one builder, one (payload id, index), two contents
  kTwoPayloads,     // equivocation: one builder, one slot, two payload ids
  kTwoBuilders,     // conflict: two builders signed one (payload id, index); the fault of neither
                    // alone
};
const char* Name(Evidence evidence);
struct EquivocationFound {
  Evidence kind = Evidence::kTwoFlashblocks;
  PublicKey builder;  // who signed `second`
  uint64_t slot = 0;
  wire::FramePtr first, second;
};

// A copy of a verified flashblock came from this session, the first one of it. For metrics only.
struct Heard {
  SessionId session = 0;
  Duration behind{};  // the first copy, at most Gossip::kMissedAfter; 0: it was the first
};

using Action = std::variant<Send, FlashblockDelivered, PublishingChanged, Penalise, Drop, Renew,
                            EquivocationFound, Heard>;

struct StepResult {
  absl::Status status;  // verdict on a host event; OK for all others
  std::vector<Action> actions;
};

}  // namespace flblk::core
