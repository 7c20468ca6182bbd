// Who may not connect for a while: node ids and IP addresses, bounded, with expiry. Pure.
//
// It outlives the session, so that a peer cannot clear its record by reconnecting. Each repeated
// ban of one key within kForget of the last one's end lasts twice as long, up to kLongest.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "p2p/wire/time.h"

namespace flblk::net {

class BanList {
 public:
  static constexpr size_t kMaxEntries = 4096;  // the one that ends first makes room
  static constexpr Duration kLongest = std::chrono::hours(12);
  static constexpr Duration kForget = std::chrono::hours(1);
  // Peers the operator names come back soon whatever they did.
  static constexpr Duration kLongestTrusted = std::chrono::seconds(15);

  // `key`: a node id or an address as text. Returns how long the ban lasts.
  Duration Ban(const std::string& key, Duration base, bool trusted, MonoTime now);
  // Keeps the key out for `length`, without counting as a ban.
  void Hold(const std::string& key, Duration length, MonoTime now);
  bool Banned(const std::string& key, MonoTime now) const;
  void Lift(const std::string& key) { entries_.erase(key); }
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    MonoTime until;
    Duration length{};
  };
  void MakeRoom(MonoTime now);

  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace flblk::net
