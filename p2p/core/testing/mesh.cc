#include "p2p/core/testing/mesh.h"

#include <algorithm>

#include "p2p/wire/envelope.h"

namespace flblk::core::testing {

SecretKey TestKey(uint8_t seed) {
  FixedBytes<32> bytes;
  bytes.fill(seed);
  return *SecretKey::FromSeed(bytes);
}

wire::FlashblocksPayloadV1 TestFlashblock(uint64_t slot, uint64_t index, uint8_t tag,
                                          size_t bytes) {
  wire::FlashblocksPayloadV1 f;
  f.index = index;
  f.diff.gas_used = 21000 * (index + 1);
  Bytes transaction(bytes, tag);
  transaction[0] = 2;
  f.diff.transactions.push_back(std::move(transaction));
  if (index == 0) {
    f.base.emplace();
    f.base->timestamp = Mesh::Time(slot);
    f.base->block_number = slot;
  }
  return f;
}

wire::FramePtr TestFrame(const SecretKey& key, const Authorization& authorization,
                         const wire::FlashblocksPayloadV1& flashblock) {
  const Bytes message = wire::EncodeFlashblockMessage(flashblock);
  const Bytes item = wire::EncodeAuthorization(authorization);
  auto frame = std::make_shared<wire::Frame>();
  frame->body = wire::EncodeAuthorized(message, item, key.Sign(wire::ActorDigest(message, item)));
  frame->snappy = frame->body;
  return frame;
}

wire::FramePtr TestMarker(const SecretKey& key, const Authorization& authorization,
                          wire::MessageKind kind) {
  const Bytes message = wire::EncodeMarkerMessage(kind);
  const Bytes item = wire::EncodeAuthorization(authorization);
  auto frame = std::make_shared<wire::Frame>();
  frame->body = wire::EncodeAuthorized(message, item, key.Sign(wire::ActorDigest(message, item)));
  frame->snappy = frame->body;
  return frame;
}

wire::FramePtr ControlFrame(wire::MessageId id) {
  return std::make_shared<const wire::Frame>(wire::Frame{id, {}, {0}});
}

Node::Node(uint8_t builder_seed, EngineConfig c, const PublicKey& authorizer, Now start)
    : verifier(authorizer), config(c) {
  if (builder_seed != 0) {
    signer = std::make_unique<SwitchSigner>(TestKey(builder_seed));
    config.builder = signer->public_key();
  }
  engine = std::make_unique<Engine>(
      config, EnginePorts{&verifier, &compressor, signer.get(), &journal}, start);
}

std::string Node::Sequence(uint64_t slot) const {
  std::string text;
  for (const FlashblockDelivered& item : delivered) {
    if (item.authorization.timestamp != Mesh::Time(slot)) continue;
    text += (text.empty() ? "" : " ") + std::to_string(item.flashblock->index);
  }
  return text;
}

Mesh::Mesh() : authorizer_(TestKey(200)) {}

Now Mesh::now() const {
  return {MonoTime{1'000'000'000'000 + time_ns_},
          static_cast<int64_t>(kSlot0) * 1'000'000'000 + time_ns_};
}

int Mesh::Add(uint8_t builder_seed, EngineConfig config) {
  config.seed = nodes_.size() + 1;
  nodes_.push_back(std::make_unique<Node>(builder_seed, config, authorizer_.public_key(), now()));
  return static_cast<int>(nodes_.size()) - 1;
}

SessionId Mesh::Connect(int a, int b, bool trusted, uint8_t version, Duration latency) {
  const SessionId at_a = next_session_++, at_b = next_session_++;
  links_[at_a] = {a, at_b, latency};
  links_[at_b] = {b, at_a, latency};
  nodes_[a]->sessions.push_back(at_a);
  nodes_[b]->sessions.push_back(at_b);
  Do(a, PeerConnected{at_a, {}, version, trusted, trusted}).IgnoreError();
  Do(b, PeerConnected{at_b, {}, version, trusted, trusted}).IgnoreError();
  return at_a;
}

SessionId Mesh::ConnectProbe(int node, uint8_t version, bool trusted) {
  const SessionId session = next_session_++;
  links_[session] = {node, 0, {}};
  nodes_[node]->sessions.push_back(session);
  Do(node, PeerConnected{session, {}, version, trusted, trusted}).IgnoreError();
  return session;
}

void Mesh::ProbeSend(SessionId probe, wire::FramePtr frame) {
  if (!links_.contains(probe)) return;
  Do(links_[probe].node, PeerMessage{probe, std::move(frame)}).IgnoreError();
}

void Mesh::Disconnect(SessionId session) {
  const auto it = links_.find(session);
  if (it == links_.end()) return;
  const SessionId other = it->second.other;
  for (const SessionId s : {session, other}) {
    const auto end = links_.find(s);
    if (end == links_.end()) continue;
    const int node = end->second.node;
    links_.erase(end);
    std::erase(nodes_[node]->sessions, s);
    Do(node, PeerDisconnected{s}).IgnoreError();
  }
}

void Mesh::Crash(int node) {
  nodes_[node]->engine.reset();
  for (const SessionId s : std::vector(nodes_[node]->sessions)) Disconnect(s);
}

void Mesh::Restart(int node) {
  Node& n = *nodes_[node];
  n.started = false;
  n.next_index = n.block_slot = 0;
  n.engine = std::make_unique<Engine>(
      n.config, EnginePorts{&n.verifier, &n.compressor, n.signer.get(), &n.journal}, now());
}

absl::Status Mesh::Do(int node, Event event) {
  if (!nodes_[node]->engine) return absl::UnavailableError("crashed");
  const bool publish = std::holds_alternative<PublishFlashblock>(event);
  const bool announced = nodes_[node]->started || nodes_[node]->sessions.empty();
  const bool cleared = state(node) == PublishState::kPublishing && announced;
  StepResult result = nodes_[node]->engine->Step(std::move(event), now());
  absl::Status status = result.status;
  if (publish && status.ok() && !cleared) {
    violations_.push_back("I1: published without clearance, node " + std::to_string(node));
  }
  Take(node, std::move(result));
  for (const SessionId s : std::exchange(to_drop_, {})) Disconnect(s);
  return status;
}

void Mesh::Take(int node, StepResult result) {
  Node& n = *nodes_[node];
  for (Action& action : result.actions) {
    if (auto* send = std::get_if<Send>(&action)) {
      CheckSent(node, *send);
      for (const SessionId to : send->to) {
        ++(send->cls == SendClass::kControl ? n.sent_control : n.sent_flashblocks);
        const auto it = links_.find(to);
        if (it == links_.end()) continue;
        const End& end = it->second;
        if (end.other == 0) {
          probe_inbox_[to].push_back(send->frame);
          continue;
        }
        mail_.emplace(time_ns_ + end.latency.count(),
                      Mail{links_[end.other].node, end.other, send->frame});
        if (send->confirm == 0) continue;
        mail_.emplace(time_ns_ + 2 * end.latency.count(), Mail{node, to, nullptr, send->confirm});
      }
    } else if (auto* item = std::get_if<FlashblockDelivered>(&action)) {
      CheckDelivered(node, *item);
      n.delivered.push_back(std::move(*item));
    } else if (auto* change = std::get_if<PublishingChanged>(&action)) {
      n.changes.push_back(std::move(*change));
    } else if (auto* penalty = std::get_if<Penalise>(&action)) {
      n.penalties.push_back(std::move(*penalty));
    } else if (auto* drop = std::get_if<Drop>(&action)) {
      to_drop_.push_back(drop->session);
      n.drops.push_back(std::move(*drop));
    } else if (auto* found = std::get_if<EquivocationFound>(&action)) {
      n.evidence.push_back(std::move(*found));
    }
  }
}

void Mesh::CheckSent(int node, const Send& send) {
  if (send.frame->id != wire::MessageId::kAuthorized) return;
  const wire::Envelope envelope = *wire::SplitAuthorized(send.frame->body);
  const wire::MessagePeek peek = *wire::PeekMessage(envelope.message);
  Node& n = *nodes_[node];
  if (envelope.authorization.builder_vk != n.config.builder) return;
  if (peek.kind != wire::MessageKind::kFlashblock) {
    n.started = peek.kind == wire::MessageKind::kStartPublish;
    return;
  }
  const Bytes content(envelope.message.begin(), envelope.message.end());
  auto& by_key = signed_[{peek.payload_id, peek.index}];
  const auto [it, is_new] = by_key.emplace(*n.config.builder, content);
  const std::string what = " node " + std::to_string(node) + " index " + std::to_string(peek.index);
  if (!is_new && it->second != content) violations_.push_back("I2: two contents," + what);
}

void Mesh::CheckDelivered(int node, const FlashblockDelivered& item) {
  Node& n = *nodes_[node];
  if (item.authorization.timestamp > n.block_slot) {
    n.block_slot = item.authorization.timestamp;
    n.next_index = 0;
  }
  if (item.authorization.timestamp != n.block_slot || item.flashblock->index != n.next_index++) {
    violations_.push_back("order: node " + std::to_string(node) + " index " +
                          std::to_string(item.flashblock->index));
  }
}

void Mesh::Run(Duration d) {
  const int64_t end = time_ns_ + d.count();
  const int64_t epoch = now().mono.ns - time_ns_;
  for (;;) {
    int64_t next = mail_.empty() ? INT64_MAX : mail_.begin()->first;
    int timer = -1;
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (!nodes_[i]->engine) continue;
      const auto deadline = nodes_[i]->engine->NextDeadline();
      if (deadline && deadline->ns - epoch < next) {
        next = deadline->ns - epoch;
        timer = static_cast<int>(i);
      }
    }
    if (next > end) break;
    time_ns_ = std::max(time_ns_, next);
    if (timer >= 0) {
      Do(timer, TimerFired{}).IgnoreError();
      continue;
    }
    const Mail mail = mail_.begin()->second;
    mail_.erase(mail_.begin());
    if (!links_.contains(mail.session)) continue;
    if (mail.frame == nullptr) {
      Do(mail.node, SendConfirmed{mail.session, mail.confirm}).IgnoreError();
    } else {
      Do(mail.node, PeerMessage{mail.session, mail.frame}).IgnoreError();
    }
  }
  time_ns_ = end;
}

Authorization Mesh::Authorize(int node, uint64_t slot, uint8_t variant) {
  return MakeAuthorization(authorizer_, TestPayload(slot, variant), Time(slot),
                           *nodes_[node]->config.builder);
}

absl::Status Mesh::Fcu(int node, uint64_t slot, uint8_t variant) {
  ForkchoiceUpdated update;
  update.attributes.emplace();
  update.attributes->timestamp = Time(slot);
  update.attributes->payload_id = TestPayload(slot, variant);
  update.authorization = Authorize(node, slot, variant);
  return Do(node, std::move(update));
}

absl::Status Mesh::NoAuth(int node, uint64_t slot) {
  ForkchoiceUpdated update;
  update.attributes.emplace();
  update.attributes->timestamp = Time(slot);
  return Do(node, std::move(update));
}

absl::Status Mesh::Publish(int node, uint64_t slot, uint64_t index, size_t bytes) {
  return Do(node,
            PublishFlashblock{TestFlashblock(slot, index, static_cast<uint8_t>(node + 1), bytes)});
}

absl::Status Mesh::PublishNext(int node, uint64_t slot) {
  return Publish(node, slot, nodes_[node]->engine->handoff().next_index);
}

}  // namespace flblk::core::testing
