#include "p2p/core/engine.h"

#include <algorithm>
#include <utility>

#include "p2p/core/engine_state.h"

namespace flblk::core {

Engine::Engine(EngineConfig config, EnginePorts ports, Now start)
    : state_(std::make_unique<State>(config, ports, start)) {}
Engine::~Engine() = default;
Engine::Engine(const Engine& other) : state_(std::make_unique<State>(*other.state_)) {}
Engine& Engine::operator=(const Engine& other) {
  if (this != &other) state_ = std::make_unique<State>(*other.state_);
  return *this;
}

StepResult Engine::Step(Event event, Now now) {
  State& s = *state_;
  s.now = now;
  s.out.clear();
  absl::Status status = std::visit([&](auto& e) { return s.On(e); }, event);
  s.ReleaseDue();
  s.CountMissed();
  return {std::move(status), std::exchange(s.out, {})};
}

std::optional<MonoTime> Engine::NextDeadline() const {
  const State& s = *state_;
  std::optional<MonoTime> next = s.gossip.NextDeadline();
  const auto consider = [&](std::optional<MonoTime> t) {
    if (t && (!next || *t < *next)) next = t;
  };
  if (s.machine) consider(s.machine->NextDeadline());
  consider(s.replication.NextDeadline());
  if (const auto first = s.frames.NextFirstCopy()) consider(*first + Gossip::kMissedAfter);
  return next;
}

HandoffView Engine::handoff() const {
  HandoffView view;
  if (!state_->machine) return view;
  const handoff::Machine& machine = *state_->machine;
  view.state = machine.state();
  if (view.state == PublishState::kIdle) return view;
  view.authorization = machine.authorization();
  view.rival = machine.rival();
  const Inbox::Resume resume = state_->inbox.ResumePoint(machine.authorization());
  view.next_index = resume.next_index;
  view.missing = resume.missing;
  return view;
}

std::vector<PeerView> Engine::peers() const {
  std::vector<PeerView> views;
  for (const auto& [session, peer] : state_->gossip.peers()) {
    PeerView& view = views.emplace_back();
    view.session = session;
    view.sending_to = peer.feeding;
    view.receiving_from = peer.feed == Feed::kReceiving;
    view.requested = peer.feed == Feed::kRequested;
    view.flashblocks_in = peer.flashblocks_in;
    view.flashblocks_out = peer.flashblocks_out;
    view.duplicates = peer.duplicates;
    view.missed = peer.missed;
    view.latency = peer.latency;
    view.penalty = peer.penalty.Now(state_->now.mono);
  }
  return views;
}

const EngineStats& Engine::stats() const { return state_->stats; }

std::span<const FlashblockDelivered> Engine::block_so_far() const {
  const Inbox& inbox = state_->inbox;
  const size_t hidden = state_->replication.HiddenOf(inbox.slot());
  return std::span(inbox.block()).first(inbox.block().size() - hidden);
}

// ---- inside

namespace {

handoff::Config HandoffConfig(const EngineConfig& c) {
  return {.self = *c.builder,
          .takeover_after = c.takeover_after,
          .flashblock_interval = c.flashblock_interval,
          .stop_on_bare_fcu = c.stop_on_bare_fcu,
          .block_seconds = c.block_seconds};
}

GossipConfig MakeGossipConfig(const EngineConfig& c) {
  return {.max_send_peers = c.max_send_peers,
          .max_receive_peers = c.max_receive_peers,
          .rotation_interval = c.rotation_interval,
          .seed = c.seed,
          .builder = c.builder.has_value()};
}

}  // namespace

Engine::State::State(const EngineConfig& c, const EnginePorts& p, Now start)
    : config(c),
      ports(p),
      now(start),
      gossip(MakeGossipConfig(c), start.mono),
      inbox_grew_at(start.mono) {
  if (c.builder) machine.emplace(HandoffConfig(c), start.mono);
}

absl::Status Engine::State::On(const PeerConnected& e) {
  Peer& peer = gossip.Connect(e, now.mono, out);
  GreetAsBuilder(peer);
  if (peer.feeding) PushBlock(peer);
  return absl::OkStatus();
}

absl::Status Engine::State::On(const PeerDisconnected& e) {
  const auto it = gossip.peers().find(e.session);
  if (it == gossip.peers().end()) return absl::OkStatus();
  frames.ForgetPeer(it->second.number);
  replication.Lose(e.session);
  gossip.Disconnect(e.session, now.mono, out);
  return absl::OkStatus();
}

absl::Status Engine::State::On(const TimerFired&) {
  if (machine) Drive(handoff::Tick{}).IgnoreError();
  gossip.OnTimer(now.mono, out);
  return absl::OkStatus();
}

absl::Status Engine::State::On(const Thawed&) {
  if (machine) Drive(handoff::Thawed{}).IgnoreError();
  return absl::OkStatus();
}

void Engine::State::CountMissed() {
  frames.TakeOlderThan(Gossip::kMissedAfter, now.mono, [&](const SeenFrame& frame) {
    if (frame.accepted) gossip.CountMissed(frame.have, frame.first_at);
  });
}

void Engine::State::Relay(const FlashblockDelivered& item, PeerSet& have) {
  std::vector<SessionId> to = gossip.FlashblockTargets(have);
  if (to.empty()) return;
  out.push_back(
      Send{item.frame, SendClass::kFlashblock, item.authorization.timestamp, std::move(to)});
}

void Engine::State::Deliver(const Inbox::Offered& offered) {
  inbox_grew_at = now.mono;
  for (const FlashblockDelivered& item : offered.delivered) out.push_back(item);
}

void Engine::State::PushBlock(Peer& peer) {
  const Duration live = std::chrono::seconds(kLiveBlockTimes * config.block_seconds);
  if (inbox.empty() || now.mono - inbox_grew_at > live) return;
  std::vector<const FlashblockDelivered*> items;
  size_t bytes = 0;
  const auto add = [&](const FlashblockDelivered& item) {
    items.push_back(&item);
    bytes += item.frame->body.size();
  };
  for (const FlashblockDelivered& item : inbox.block()) add(item);
  for (const auto& [index, item] : inbox.ahead()) add(item);
  if (bytes > kMaxPushBytes) return;
  for (const FlashblockDelivered* item : items) {
    const Authorization& a = item->authorization;
    if (!item->relayed) continue;
    if (!peer.standby && replication.Holds(a.timestamp, item->flashblock->index)) continue;
    SeenFrame* seen = frames.Find(
        {a.builder_vk, a.timestamp, item->flashblock->payload_id, item->flashblock->index});
    if (seen != nullptr && seen->have.Has(peer.number)) continue;
    if (seen != nullptr) seen->have.Add(peer.number);
    ++peer.flashblocks_out;
    out.push_back(Send{item->frame, SendClass::kFlashblock, a.timestamp, {peer.session}});
  }
}

void Engine::State::SendToAll(wire::FramePtr frame, std::optional<SessionId> except) {
  std::vector<SessionId> to = gossip.Everyone(except);
  if (!to.empty()) out.push_back(Send{std::move(frame), SendClass::kControl, 0, std::move(to)});
}

void Engine::State::Penalise(Peer& peer, Offence offence, std::string why) {
  gossip.Penalise(peer, offence, std::move(why), now.mono, out);
}

}  // namespace flblk::core
