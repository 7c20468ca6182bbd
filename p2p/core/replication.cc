#include "p2p/core/replication.h"

#include <algorithm>
#include <utility>

namespace flblk::core {

void Replication::Hold(FlashblockDelivered item, bool deliver, std::vector<SessionId> standbys,
                       size_t needed, MonoTime now, Duration limit) {
  Held& held = held_.emplace_back();
  held.number = ++last_number_;
  held.item = std::move(item);
  held.deliver = deliver;
  held.waiting_for = std::move(standbys);
  held.needed = needed;
  held.since = now;
  held.until = now + limit;
}

void Replication::Confirm(SessionId session, uint64_t number) {
  for (Held& held : held_) {
    if (held.number > number) return;
    held.confirmed += std::erase(held.waiting_for, session);
  }
}

void Replication::Lose(SessionId session) {
  for (Held& held : held_) std::erase(held.waiting_for, session);
}

std::optional<Replication::Released> Replication::Take(MonoTime now) {
  if (held_.empty()) return std::nullopt;
  const Held& next = held_.front();
  if (next.confirmed >= next.needed) return PopFront(LetGo::kConfirmed, now);
  if (next.waiting_for.empty()) return PopFront(LetGo::kFewer, now);
  if (now >= next.until) return PopFront(LetGo::kTimedOut, now);
  return std::nullopt;
}

std::optional<Replication::Released> Replication::TakeAny(MonoTime now) {
  if (std::optional<Released> due = Take(now)) return due;
  if (held_.empty()) return std::nullopt;
  return PopFront(LetGo::kReleased, now);
}

Replication::Released Replication::PopFront(LetGo outcome, MonoTime now) {
  Held& front = held_.front();
  Released released{std::move(front.item), front.deliver};
  released.item.replicated = Replicated{outcome, now - front.since};
  held_.pop_front();
  return released;
}

bool Replication::Holds(uint64_t slot, uint64_t index) const {
  return std::ranges::any_of(held_, [&](const Held& held) {
    return held.item.flashblock->index == index && held.item.authorization.timestamp == slot;
  });
}

size_t Replication::HiddenOf(uint64_t slot) const {
  return std::ranges::count_if(held_, [slot](const Held& held) {
    return held.deliver && held.item.authorization.timestamp == slot;
  });
}

std::optional<MonoTime> Replication::NextDeadline() const {
  if (held_.empty()) return std::nullopt;
  return held_.front().until;
}

}  // namespace flblk::core
