// How many strangers may be in their handshake at once, in all and per address, and how fast they
// may come (address_rate.h). Pure.
//
// Whoever connects holds one place until its handshake has ended. When all places are taken, the
// oldest handshake gives way once it has had kFairShare: a real one takes some round trips, an
// attacker's idle one never ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "p2p/net/address_places.h"
#include "p2p/net/address_rate.h"
#include "p2p/wire/time.h"

namespace flblk::net {

class InboundGate {
 public:
  static constexpr size_t kMaxPerAddress = 4;
  static constexpr Duration kFairShare = std::chrono::seconds(3);

  explicit InboundGate(size_t max_pending) : max_pending_(max_pending) {}

  struct Verdict {
    bool admit = false;
    std::optional<uint64_t> evict;  // the connection that gives way
    const char* why = "";           // where not admitted
  };
  // `address`: AddressKey, or empty where addresses say nothing (loopback, private) or belong to a
  // peer the operator named: these are limited in all only, and not in their rate. An admitted
  // connection is counted from now on.
  Verdict Admit(uint64_t connection, const std::string& address, MonoTime now);
  // Its handshake has ended, either way. Unknown connections are ignored.
  void Release(uint64_t connection);
  size_t pending() const { return since_.size(); }

 private:
  // Of a connection that has its place.
  Verdict Judge(const std::string& address, MonoTime now);

  size_t max_pending_;
  std::map<uint64_t, MonoTime> since_;  // ids grow, so the first one is the oldest
  AddressPlaces places_{kMaxPerAddress};
  AddressRate rate_;
};

}  // namespace flblk::net
