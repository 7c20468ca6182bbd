#include "p2p/net/ban_list.h"

#include <algorithm>

namespace flblk::net {

Duration BanList::Ban(const std::string& key, Duration base, bool trusted, MonoTime now) {
  auto it = entries_.find(key);
  Duration length = base;
  if (it == entries_.end()) {
    MakeRoom(now);
  } else if (now < it->second.until + kForget) {
    length = std::max(base, it->second.length * 2);
  }
  length = std::min(length, trusted ? kLongestTrusted : kLongest);
  entries_[key] = {.until = now + length, .length = length};
  return length;
}

void BanList::Hold(const std::string& key, Duration length, MonoTime now) {
  if (!entries_.contains(key)) MakeRoom(now);
  Entry& entry = entries_[key];
  entry.until = std::max(entry.until, now + length);
}

bool BanList::Banned(const std::string& key, MonoTime now) const {
  const auto it = entries_.find(key);
  return it != entries_.end() && now < it->second.until;
}

void BanList::MakeRoom(MonoTime now) {
  if (entries_.size() < kMaxEntries) return;
  std::erase_if(entries_, [&](const auto& e) { return e.second.until + kForget <= now; });
  if (entries_.size() < kMaxEntries) return;
  entries_.erase(std::min_element(
      entries_.begin(), entries_.end(),
      [](const auto& a, const auto& b) { return a.second.until < b.second.until; }));
}

}  // namespace flblk::net
