// How long to wait before the next dial of one peer. Pure: clock and randomness are parameters.
//
//   wait(n) = min(cap, initial * 2^n), of which a random half is taken away ("equal jitter")
//
// The series starts anew once a session has been up for `stable_after`. It never ends: peers an
// operator names are dialled for ever.
#pragma once

#include <cstdint>

#include "p2p/wire/time.h"

namespace flblk::net {

struct BackoffConfig {
  Duration initial = std::chrono::milliseconds(500);
  Duration cap = std::chrono::seconds(30);
  Duration stable_after = std::chrono::seconds(30);
};

class Backoff {
 public:
  explicit Backoff(BackoffConfig config = {}) : config_(config) {}

  // A session came up, or ended (or the dial failed: then without an Up before it).
  void Up(MonoTime now) { up_since_ = now.ns; }
  void Down(MonoTime now);
  // The peer said that trying again soon is useless (wrong network, too many peers): the next wait
  // is the cap's.
  void Discourage() { failures_ = kCapped; }

  // The wait before the next dial, from initial/2 to cap; `random` is uniform over all 64-bit
  // values.
  Duration Next(uint64_t random);

 private:
  static constexpr uint32_t kCapped = 62;  // 2^62 ns is above any cap
  BackoffConfig config_;
  uint32_t failures_ = 0;
  int64_t up_since_ = kDown;
  static constexpr int64_t kDown = INT64_MIN;
};

}  // namespace flblk::net
