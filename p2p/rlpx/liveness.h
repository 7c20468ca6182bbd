// Pings and silence of one connection: when to ping, how many incoming Pings are bearable, when the
// peer is gone.
//
// Our Ping goes out every SessionLimits::ping, but never a second one before the Pong of the first.
// A Pong nobody asked for is ignored (as geth does). Source: devp2p rlpx.md "Ping", "Pong"; interop
// with geth's 30 s read limit and reth's Ping bucket.
#pragma once

#include <algorithm>

#include "p2p/rlpx/limits.h"

namespace flblk::rlpx {

class Liveness {
 public:
  // `start`: both Hellos are done.
  explicit Liveness(MonoTime start)
      : next_ping_(start + kSessionLimits.ping),
        last_heard_(start),
        bucket_time_(start),
        bucket_(kSessionLimits.ping_burst) {}

  void Heard(MonoTime now) { last_heard_ = now; }  // any byte arrived
  void Pong() { outstanding_ = false; }
  // False: more Pings than the bucket allows, a breach.
  bool PingAllowed(MonoTime now);

  bool Idle(MonoTime now) const { return now >= last_heard_ + kSessionLimits.idle; }
  // True: send a Ping now. Sets the next time in any case once that is due.
  bool PingDue(MonoTime now);
  MonoTime NextDeadline() const { return std::min(next_ping_, last_heard_ + kSessionLimits.idle); }

 private:
  MonoTime next_ping_;
  MonoTime last_heard_;
  MonoTime bucket_time_;  // when bucket_ was last filled
  uint32_t bucket_;       // Pings the peer may send right now
  bool outstanding_ = false;
};

}  // namespace flblk::rlpx
