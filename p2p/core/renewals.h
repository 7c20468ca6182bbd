// Which nodes were given a new session lately: none gets one more often than each kInterval.
// Bounded: where kCapacity were, the next has to wait until the oldest is forgotten.
#pragma once

#include <algorithm>
#include <deque>

#include "p2p/wire/time.h"
#include "signer/bytes.h"

namespace flblk::core {

class Renewals {
 public:
  static constexpr Duration kInterval = std::chrono::minutes(5);
  static constexpr size_t kCapacity = 256;

  // When this node may get a new session; not after `now`: at once.
  MonoTime Next(const NodeId& id, MonoTime now) {
    while (!entries_.empty() && now - entries_.front().at >= kInterval) entries_.pop_front();
    const auto it = std::ranges::find(entries_, id, &Entry::id);
    if (it != entries_.end()) return it->at + kInterval;
    return entries_.size() < kCapacity ? now : entries_.front().at + kInterval;
  }
  void Note(const NodeId& id, MonoTime now) { entries_.push_back({id, now}); }

 private:
  struct Entry {
    NodeId id{};
    MonoTime at;
  };
  std::deque<Entry> entries_;  // the oldest first
};

}  // namespace flblk::core
