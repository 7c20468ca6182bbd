// Whole engines in virtual time, for tests: nodes, FIFO links with latency, timers, one host per
// builder. Cryptography is the real one; snappy is replaced by a copy.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "p2p/core/engine.h"
#include "p2p/core/sign_once_memory.h"

namespace flblk::core::testing {

class CountingVerifier final : public Verifier {
 public:
  explicit CountingVerifier(const PublicKey& authorizer) : authorizer_(authorizer) {}
  bool AuthorizationValid(const Authorization& a) override {
    ++authorizations;
    return VerifyAuthorization(a, authorizer_).ok();
  }
  bool ActorValid(const PublicKey& builder, const Hash32& digest, const Signature& sig) override {
    ++actors;
    return Verify(builder, digest, sig);
  }
  int authorizations = 0, actors = 0;

 private:
  PublicKey authorizer_;
};

class CopyCompressor final : public Compressor {
 public:
  Bytes Compress(ByteView body) override { return {body.begin(), body.end()}; }
};

// A signer that can be cut off.
class SwitchSigner final : public Signer {
 public:
  explicit SwitchSigner(SecretKey key) : key_(std::move(key)) {}
  const PublicKey& public_key() const override { return key_.public_key(); }
  absl::StatusOr<Signature> Sign(const Hash32& digest) override {
    if (!reachable) return absl::UnavailableError("key not reachable");
    return key_.Sign(digest);
  }
  bool reachable = true;

 private:
  SecretKey key_;
};

SecretKey TestKey(uint8_t seed);
inline PayloadId TestPayload(uint64_t slot, uint8_t variant = 0) {
  return {3, variant, 0, 0, 0, 0, static_cast<uint8_t>(slot >> 8), static_cast<uint8_t>(slot)};
}
// One transaction that names publisher and index, so that contents differ.
wire::FlashblocksPayloadV1 TestFlashblock(uint64_t slot, uint64_t index, uint8_t tag,
                                          size_t bytes = 100);
wire::FramePtr TestFrame(const SecretKey& key, const Authorization& authorization,
                         const wire::FlashblocksPayloadV1& flashblock);
wire::FramePtr TestMarker(const SecretKey& key, const Authorization& authorization,
                          wire::MessageKind kind);
wire::FramePtr ControlFrame(wire::MessageId id);

struct Node {
  Node(uint8_t builder_seed, EngineConfig config, const PublicKey& authorizer, Now start);
  std::string Sequence(uint64_t slot) const;  // delivered of `slot`: "0 1 2"

  CountingVerifier verifier;
  CopyCompressor compressor;
  SignOnceMemory journal;                // survives Restart, as a journal on disk would
  std::unique_ptr<SwitchSigner> signer;  // builders only
  EngineConfig config;
  std::unique_ptr<Engine> engine;  // null: crashed
  std::vector<SessionId> sessions;

  bool started = false;                     // StartPublish is out, StopPublish not yet
  uint64_t next_index = 0, block_slot = 0;  // of the block being delivered
  std::vector<FlashblockDelivered> delivered;
  std::vector<PublishingChanged> changes;
  std::vector<Penalise> penalties;
  std::vector<Drop> drops;
  std::vector<EquivocationFound> evidence;
  uint64_t sent_flashblocks = 0, sent_control = 0;
};

class Mesh {
 public:
  static constexpr uint64_t kSlot0 = 1'800'000'000;  // wall clock at the start
  static constexpr Duration kLatency = std::chrono::milliseconds(5);

  Mesh();
  // seed 0: no builder key.
  int Add(uint8_t builder_seed = 0, EngineConfig config = {});
  // Both ends get PeerConnected at once; the session id at `a` is returned, that at `b` is one
  // more.
  SessionId Connect(int a, int b, bool trusted = false, uint8_t version = 2,
                    Duration latency = kLatency);
  void Disconnect(SessionId at_a);
  // A session whose other end is the test: what is sent to it is kept in `inbox_of`.
  SessionId ConnectProbe(int node, uint8_t version = 2, bool trusted = false);
  std::vector<wire::FramePtr>& inbox_of(SessionId probe) { return probe_inbox_[probe]; }
  void ProbeSend(SessionId probe, wire::FramePtr frame);  // delivered at once
  bool IsUp(SessionId session) const { return links_.contains(session); }
  void Crash(int node);
  void Restart(int node);

  absl::Status Do(int node, Event event);
  // Host calls of a builder. Slots are numbers 0, 1, 2 ... of two seconds.
  Authorization Authorize(int node, uint64_t slot, uint8_t variant = 0);
  absl::Status Fcu(int node, uint64_t slot, uint8_t variant = 0);
  absl::Status NoAuth(int node, uint64_t slot);
  absl::Status Publish(int node, uint64_t slot, uint64_t index, size_t bytes = 100);
  // Publishes at the next index the engine names.
  absl::Status PublishNext(int node, uint64_t slot);

  void Run(Duration d);  // messages and timers
  Node& operator[](int i) { return *nodes_[i]; }
  PublishState state(int i) { return nodes_[i]->engine->handoff().state; }
  Now now() const;
  // Broken invariants, checked at every step: I1 (clearance and StartPublish before the first
  // flashblock), I2 (one content per payload id and index and key, over restarts too), and the
  // order of delivery.
  const std::vector<std::string>& violations() const { return violations_; }
  static uint64_t Time(uint64_t slot) { return kSlot0 + 2 * slot; }
  const SecretKey& authorizer() const { return authorizer_; }

 private:
  struct End {
    int node = 0;
    SessionId other = 0;  // 0: a probe
    Duration latency{};
  };
  struct Mail {
    int node;
    SessionId session;
    wire::FramePtr frame;  // null: a confirmation
    uint64_t confirm = 0;
  };
  void Take(int node, StepResult result);
  void CheckDelivered(int node, const FlashblockDelivered& item);
  void CheckSent(int node, const Send& send);

  SecretKey authorizer_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::map<SessionId, End> links_;  // by the session id at the end's node
  std::map<SessionId, std::vector<wire::FramePtr>> probe_inbox_;
  std::multimap<int64_t, Mail> mail_;  // by arrival; equal times keep their order
  std::vector<SessionId> to_drop_;
  std::vector<std::string> violations_;
  std::map<std::pair<PayloadId, uint64_t>, std::map<PublicKey, Bytes>> signed_;
  SessionId next_session_ = 1;
  int64_t time_ns_ = 0;
};

}  // namespace flblk::core::testing
