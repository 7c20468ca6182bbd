// Pings and silence of one connection: when to ping, how many incoming Pings are bearable, when the
// peer is gone or dribbles.
//
// Our Ping goes out every SessionLimits::ping, but never a second one before the Pong of the first.
// A Pong nobody asked for is ignored (as geth does). Source: devp2p rlpx.md "Ping", "Pong"; interop
// with geth's 30 s read limit and reth's Ping bucket.
#pragma once

#include <algorithm>
#include <optional>

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
  // A frame has begun or goes on, and has ended.
  void FramePart(MonoTime now) {
    if (!frame_since_) frame_since_ = now;
  }
  void FrameDone() { frame_since_.reset(); }
  void Pong() { outstanding_ = false; }
  // False: more Pings than the bucket allows, a breach.
  bool PingAllowed(MonoTime now);

  bool Idle(MonoTime now) const { return now >= last_heard_ + kSessionLimits.idle; }
  // True: send a Ping now. Sets the next time in any case once that is due.
  bool PingDue(MonoTime now);
  bool FrameLate(MonoTime now) const {
    return frame_since_ && now >= *frame_since_ + kSessionLimits.frame;
  }
  MonoTime NextDeadline() const {
    const MonoTime next = std::min(next_ping_, last_heard_ + kSessionLimits.idle);
    return frame_since_ ? std::min(next, *frame_since_ + kSessionLimits.frame) : next;
  }

 private:
  MonoTime next_ping_;
  MonoTime last_heard_;
  std::optional<MonoTime> frame_since_;  // when the first byte of the frame under way arrived
  MonoTime bucket_time_;                 // when bucket_ was last filled
  uint32_t bucket_;                      // Pings the peer may send right now
  bool outstanding_ = false;
};

}  // namespace flblk::rlpx
