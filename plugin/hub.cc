#include "plugin/hub.h"

#include <chrono>

namespace flblk::plugin {

int64_t UnixNow() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

Hub::Hub() = default;
Hub::~Hub() { Stop(); }

void Hub::AddSink(Sink* sink) { sinks_.push_back(sink); }

void Hub::Start() {
  const std::lock_guard lock(mutex_);
  running_ = true;
  thread_ = std::thread([this] { Run(); });
}

void Hub::Stop() {
  {
    const std::lock_guard lock(mutex_);
    if (!running_) return;
    running_ = false;
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

PublishView Hub::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

std::vector<core::FlashblockDelivered> Hub::block() const {
  const std::lock_guard lock(mutex_);
  return block_;
}

bool Hub::Post(std::function<void()> fn) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    queue_.push_back(std::move(fn));
  }
  wake_.notify_one();
  return true;
}

void Hub::PostOrLose(std::function<void()> fn) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    if (queue_.size() >= kMaxQueued) {
      if (lost_) return;
      lost_ = true;
      fn = [this] {
        {
          const std::lock_guard inner(mutex_);
          lost_ = false;
          block_.clear();
        }
        Tell([](Sink& sink) { sink.OnLost(); });
      };
    }
    queue_.push_back(std::move(fn));
  }
  wake_.notify_one();
}

void Hub::Tell(const std::function<void(Sink&)>& what) {
  for (Sink* sink : sinks_) what(*sink);
}

void Hub::Run() {
  constexpr auto kTick = std::chrono::seconds(1);
  auto next_tick = std::chrono::steady_clock::now() + kTick;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait_until(lock, next_tick, [&] { return stopping_ || !queue_.empty(); });
    if (!queue_.empty()) {
      const auto fn = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      fn();
      lock.lock();
    } else if (stopping_) {
      return;
    }
    if (std::chrono::steady_clock::now() >= next_tick) {
      next_tick = std::chrono::steady_clock::now() + kTick;
      lock.unlock();
      Tell([](Sink& sink) { sink.OnTick(); });
      lock.lock();
    }
  }
}

void Hub::ExtendBlock(const core::FlashblockDelivered& event) {
  const std::lock_guard lock(mutex_);
  const bool next = !block_.empty() && event.flashblock->index == block_.size() &&
                    event.flashblock->payload_id == block_.front().flashblock->payload_id;
  if (!next) block_.clear();
  if (next || event.flashblock->index == 0) block_.push_back(event);
}

std::vector<core::FlashblockDelivered> Hub::ResumePoint(
    const core::PublishingChanged& change) const {
  std::vector<core::FlashblockDelivered> out;
  if (change.to != core::PublishState::kPublishing || !change.authorization || block_.empty())
    return out;
  if (block_.front().flashblock->payload_id != change.authorization->payload_id) return out;
  for (const auto& event : block_) {
    if (event.flashblock->index < change.next_index) out.push_back(event);
  }
  return out;
}

void Hub::OnFlashblock(const core::FlashblockDelivered& event) {
  const int64_t now = UnixNow();
  {
    const std::lock_guard lock(mutex_);
    view_.last_flashblock_unix_ns = now;
  }
  PostOrLose([this, event, now] {
    ExtendBlock(event);
    Tell([&](Sink& sink) { sink.OnFlashblock(event, now); });
  });
}

void Hub::OnPublishing(const core::PublishingChanged& event, Now now) {
  {
    const std::lock_guard lock(mutex_);
    view_.state = event.to;
    view_.authorization = event.authorization;
    view_.rival = event.rival;
    view_.next_index = event.next_index;
    view_.missing = event.missing;
    view_.since_unix_ns = now.unix_ns;
  }
  Post([this, event, unix_ns = now.unix_ns] {
    const Transition transition{event, unix_ns, ResumePoint(event)};
    Tell([&](Sink& sink) { sink.OnTransition(transition); });
  });
}

void Hub::OnNextIndex(uint64_t next_index) {
  const std::lock_guard lock(mutex_);
  view_.next_index = next_index;
}

void Hub::OnEquivocation(const core::EquivocationFound& event) {
  PostOrLose([this, event, now = UnixNow()] {
    Tell([&](Sink& sink) { sink.OnEquivocation(event, now); });
  });
}

void Hub::OnPeerUp(const net::PeerInfo& peer) {
  Post([this, peer] { Tell([&](Sink& sink) { sink.OnPeerUp(peer); }); });
}

void Hub::OnPeerDown(const net::PeerInfo& peer, const std::string& why) {
  Post([this, peer, why] { Tell([&](Sink& sink) { sink.OnPeerDown(peer, why); }); });
}

void Hub::OnPenalty(const net::PeerInfo& peer, const core::Penalise& event) {
  PostOrLose([this, peer, event] { Tell([&](Sink& sink) { sink.OnPenalty(peer, event); }); });
}

void Hub::OnHeard(const net::PeerInfo& peer, Duration behind) {
  PostOrLose([this, peer, behind] { Tell([&](Sink& sink) { sink.OnHeard(peer, behind); }); });
}

}  // namespace flblk::plugin
