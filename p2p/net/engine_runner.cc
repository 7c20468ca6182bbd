#include "p2p/net/engine_runner.h"

#include "glog/logging.h"
#include "p2p/net/clock.h"
#include "p2p/net/lines.h"

namespace flblk::net {

namespace {

const std::function<void(const absl::Status&)> kNobody;

}  // namespace

EngineRunner::EngineRunner(boost::asio::io_context& io, const core::EngineConfig& config,
                           const core::EnginePorts& ports, NodeObserver* observer, Sink* sink,
                           LogFn log)
    : engine_(config, ports, RealNow()),
      observer_(observer),
      sink_(sink),
      log_(std::move(log)),
      interval_(config.builder ? config.flashblock_interval : Duration::zero()),
      timer_(io),
      beat_(io) {}

void EngineRunner::Start() {
  if (interval_ == Duration::zero()) return;
  beat_at_ = RealNow().mono;
  Beat();
}

void EngineRunner::Beat() {
  if (WasFrozen(RealNow())) {
    Post(core::Thawed{});
    Pump();
  }
  beat_.expires_after(interval_);
  beat_.async_wait([this](boost::system::error_code error) {
    if (!error) Beat();
  });
}

// Once for each time. Asked before anything is worked off that came meanwhile.
bool EngineRunner::WasFrozen(Now now) {
  if (interval_ == Duration::zero()) return false;
  const Duration since = now.mono - std::exchange(beat_at_, now.mono);
  if (since <= kFrozenIntervals * interval_) return false;
  log_(LogLevel::kWarn, FrozenLine(since));
  return true;
}

void EngineRunner::Pump() {
  if (pumping_) return;
  pumping_ = true;
  while (!events_.empty()) {
    core::Event event = std::move(events_.front());
    events_.pop_front();
    // What a peer said before it left counts: its last message may be a StopPublish. What a peer
    // said before we dropped it does not.
    const auto* message = std::get_if<core::PeerMessage>(&event);
    if (message != nullptr && dropped_.contains(message->session)) continue;
    if (const auto* gone = std::get_if<core::PeerDisconnected>(&event))
      dropped_.erase(gone->session);
    Step(std::move(event), kNobody);
  }
  pumping_ = false;
  ArmTimer();
}

void EngineRunner::Call(core::Event event, const std::function<void(const absl::Status&)>& done) {
  DCHECK(!pumping_);
  pumping_ = true;
  const auto* forkchoice = std::get_if<core::ForkchoiceUpdated>(&event);
  if (forkchoice != nullptr && forkchoice->authorization) {
    Step(std::move(event), [&, slot = forkchoice->authorization->timestamp](const auto& status) {
      if (!status.ok()) LogRefusal(status, slot);
      if (done) done(status);
    });
  } else {
    Step(std::move(event), done);
  }
  pumping_ = false;
  Pump();
}

void EngineRunner::Step(core::Event event, const std::function<void(const absl::Status&)>& done) {
  const Now now = RealNow();
  if (WasFrozen(now)) Step(core::Thawed{}, kNobody);
  core::StepResult result = engine_.Step(std::move(event), now);
  for (const core::Action& action : result.actions) {
    if (const auto* send = std::get_if<core::Send>(&action)) sink_->Send(*send);
  }
  sink_->FlushSends();
  for (const core::Action& action : result.actions) Remember(action);
  for (core::Action& action : result.actions) Tell(action, now);
  TellNextIndex();
  if (done) done(result.status);
}

// The host hears it, too, but who reads a sidecar's log may be someone else.
void EngineRunner::LogRefusal(const absl::Status& status, uint64_t slot) {
  if (refusals_.Take(RealNow().mono)) {
    log_(LogLevel::kWarn, ForkchoiceRefusedLine(status, slot));
  }
}

// Both: what is relayed may wait for a gap to be delivered, what is delivered may have no receiver.
void EngineRunner::Remember(const core::Action& action) {
  if (const auto* send = std::get_if<core::Send>(&action)) {
    if (send->cls == core::SendClass::kFlashblock) known_frames_.Add(send->frame);
  } else if (const auto* flashblock = std::get_if<core::FlashblockDelivered>(&action)) {
    known_frames_.Add(flashblock->frame);
  }
}

void EngineRunner::Tell(core::Action& action, Now now) {
  if (const auto* flashblock = std::get_if<core::FlashblockDelivered>(&action)) {
    observer_->OnFlashblock(*flashblock);
  } else if (const auto* change = std::get_if<core::PublishingChanged>(&action)) {
    const bool renewal = change->from == change->to;
    log_(renewal ? LogLevel::kDebug : LogLevel::kInfo, PublishingLine(*change));
    history_.push_back({now.unix_ns, *change});
    if (history_.size() > kMaxHistory) history_.pop_front();
    next_index_ = change->next_index;
    observer_->OnPublishing(*change, now);
  } else if (const auto* penalty = std::get_if<core::Penalise>(&action)) {
    sink_->Penalise(*penalty);
  } else if (const auto* drop = std::get_if<core::Drop>(&action)) {
    dropped_.insert(drop->session);
    sink_->Drop(*drop);
  } else if (const auto* renew = std::get_if<core::Renew>(&action)) {
    sink_->Renew(*renew);
  } else if (const auto* evidence = std::get_if<core::EquivocationFound>(&action)) {
    log_(LogLevel::kWarn, EvidenceLine(*evidence));
    observer_->OnEquivocation(*evidence);
  } else if (const auto* heard = std::get_if<core::Heard>(&action)) {
    sink_->Heard(*heard);
  }
}

void EngineRunner::TellNextIndex() {
  if (interval_ == Duration::zero()) return;
  const core::HandoffView view = engine_.handoff();
  if (view.state != core::PublishState::kPublishing || view.next_index == next_index_) return;
  next_index_ = view.next_index;
  observer_->OnNextIndex(next_index_);
}

void EngineRunner::ArmTimer() {
  const std::optional<MonoTime> next = engine_.NextDeadline();
  if (!next || (armed_for_ && *armed_for_ <= *next)) return;
  armed_for_ = next;
  timer_.expires_at(ToSteady(*next));
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) sink_->AfterPeers([this] { OnTimer(); });
  });
}

// Behind what peers have said: whoever was frozen has not waited for a silent rival.
void EngineRunner::OnTimer() {
  armed_for_.reset();
  const std::optional<MonoTime> due = engine_.NextDeadline();
  if (due && *due <= RealNow().mono) Post(core::TimerFired{});
  Pump();
}

}  // namespace flblk::net
