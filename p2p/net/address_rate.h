// How fast strangers may begin handshakes, each address and all together. Pure.
//
// A handshake costs about seven secp256k1 operations (half a millisecond) on the network thread,
// and a recorded auth packet serves for ever, so the number of simultaneous ones is not enough of a
// limit. reth and geth take one connection in 30 s from an address; we are milder, because several
// honest nodes may share one (NAT).
#pragma once

#include <map>
#include <string>

#include "p2p/core/token_bucket.h"

namespace flblk::net {

class AddressRate {
 public:
  static constexpr uint32_t kBurst = 8;  // one address
  static constexpr Duration kRefill = std::chrono::seconds(2);
  static constexpr uint32_t kBurstOfAll = 100;
  static constexpr Duration kRefillOfAll = std::chrono::milliseconds(20);

  // False: too fast, and nothing is taken. `address` is not empty.
  bool Take(const std::string& address, MonoTime now);
  // Those whose bucket may not be full; kBurstOfAll and what comes in 32 s at most.
  size_t size() const { return of_address_.size(); }

 private:
  static constexpr Duration kFullAfter = kBurst * kRefill;  // then a bucket need not be remembered
  struct Entry {
    core::TokenBucket bucket{kBurst, kRefill};
    MonoTime last;
  };
  void Forget(MonoTime now);

  std::map<std::string, Entry> of_address_;
  core::TokenBucket of_all_{kBurstOfAll, kRefillOfAll};
  MonoTime forget_at_;
};

}  // namespace flblk::net
