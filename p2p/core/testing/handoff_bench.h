// A hand-off machine with a clock, for tests: short words for events, and what came out as text.
#pragma once

#include <string>

#include "p2p/core/handoff.h"

namespace flblk::core::handoff::testing {

inline PublicKey Key(uint8_t n) {
  PublicKey key;
  key.bytes.fill(n);
  return key;
}

inline Authorization Auth(uint64_t slot, uint8_t payload = 1, uint8_t builder = 5) {
  Authorization a;
  a.timestamp = slot;
  a.payload_id = {3, 0, 0, 0, 0, 0, static_cast<uint8_t>(slot), payload};
  a.builder_vk = Key(builder);
  return a;
}

inline constexpr Duration kInterval = std::chrono::milliseconds(200);

// "start(10) idle->publishing:started"; a rival is its first byte: "publishing->yielded:yielded to
// rival[7]".
inline std::string Text(const Result& result) {
  std::string text;
  const auto add = [&](const std::string& word) { text += (text.empty() ? "" : " ") + word; };
  if (!result.status.ok()) add("error");
  for (const Action& action : result.actions) {
    if (const auto* s = std::get_if<SendStart>(&action)) {
      add("start(" + std::to_string(s->authorization.timestamp) + ")");
    } else if (const auto* p = std::get_if<SendStop>(&action)) {
      add("stop(" + std::to_string(p->authorization.timestamp) + ")");
    } else {
      const auto& c = std::get<Changed>(action);
      add(std::string(Name(c.from)) + "->" + Name(c.to) + ":" + Name(c.cause) +
          (c.rival ? "[" + std::to_string(c.rival->bytes[0]) + "]" : ""));
    }
  }
  return text;
}

// Ours is key 5; rivals 1..4 are lower, 6..9 higher. One slot is two seconds: 10, 12, 14.
class Bench {
 public:
  explicit Bench(Config config = {}, uint8_t self = 5)
      : machine_(WithSelf(config, self), MonoTime{}) {}

  std::string Fcu(uint64_t slot, uint8_t payload = 1) {
    return Do(Authorized{Auth(slot, payload)});
  }
  std::string NoAuth() { return Do(NotAuthorized{}); }
  std::string Bare() { return Do(BareForkchoice{}); }
  std::string HostStop() { return Do(HostStopped{}); }
  std::string Start(uint8_t rival, uint64_t slot) { return Do(RivalStart{Key(rival), slot}); }
  std::string Stop(uint8_t rival, uint64_t slot) { return Do(RivalStop{Key(rival), slot}); }
  std::string Flashblock(uint8_t rival, uint64_t slot) {
    return Do(RivalFlashblock{Key(rival), slot});
  }
  std::string Thaw() { return Do(Thawed{}); }
  // Lets time pass, ringing the timer when it is due.
  std::string Wait(Duration d) {
    const MonoTime end = now_ + d;
    std::string text;
    while (machine_.NextDeadline() && *machine_.NextDeadline() <= end) {
      now_ = std::max(now_, *machine_.NextDeadline());
      const std::string more = Do(Tick{});
      text += (text.empty() || more.empty() ? "" : " ") + more;
    }
    now_ = end;
    return text;
  }
  std::string Do(const Event& event) {
    last_ = machine_.Step(event, now_);
    return Text(last_);
  }

  Machine& machine() { return machine_; }
  PublishState state() const { return machine_.state(); }
  const Result& last() const { return last_; }
  MonoTime now() const { return now_; }

 private:
  static Config WithSelf(Config config, uint8_t self) {
    config.self = Key(self);
    return config;
  }

  Machine machine_;
  Result last_;
  MonoTime now_{1'000'000'000};
};

// A bench already in a state.
inline Bench Publishing(uint64_t slot, Config config = {}) {
  Bench b(config);
  b.Fcu(slot);
  b.Wait(2 * kInterval);  // past everything in flight
  return b;
}
inline Bench Waiting(uint64_t slot, uint8_t rival, Config config = {}) {
  Bench b(config);
  b.Flashblock(rival, slot);
  b.Fcu(slot);
  return b;
}
inline Bench Yielded(uint64_t slot, uint8_t rival, Config config = {}) {
  Bench b = Publishing(slot, config);
  b.Start(rival, slot);
  return b;
}

}  // namespace flblk::core::handoff::testing
