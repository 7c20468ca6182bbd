// What was received or published lately: the memory behind dropping copies before any signature
// check.
//
// Only verified frames enter, so nobody can make us deaf for a flashblock by sending a forged one
// first. A copy is known by its actor signature: same key, same signature is dropped at the price
// of a header peek (a copy with other bytes under a known signature cannot verify, dropping it
// loses nothing). Same key with another signature is either forged or equivocation: only
// verification can tell, so the caller verifies it, on a budget per peer, and notes it here.
//
// Bounded by time (kRetention after the first copy; by then the slot is stale for longer than the
// grace) and by number (kCapacity, the oldest makes room: a few authorized builders cannot fill it
// within the retention).
#pragma once

#include <deque>
#include <optional>
#include <unordered_map>

#include "p2p/core/peer_set.h"
#include "p2p/wire/time.h"
#include "signer/authorization.h"

namespace flblk::core {

struct FrameKey {
  PublicKey builder;
  uint64_t slot = 0;
  PayloadId payload_id{};
  uint64_t index = 0;
  bool operator==(const FrameKey&) const = default;
};

struct SeenFrame {
  FrameKey key;
  Signature actor_sig;
  std::optional<Signature> other_sig;  // of a second verified content
  MonoTime first_at;
  PeerSet have;           // peers that delivered it or were sent it
  bool accepted = false;  // delivered and relayed: peers that feed us should have had it

  bool HasSignature(const Signature& sig) const { return sig == actor_sig || sig == other_sig; }
};

class FrameMemory {
 public:
  static constexpr Duration kRetention = std::chrono::seconds(30);
  static constexpr size_t kCapacity = 16384;

  // Valid until the next Insert, Expire.
  SeenFrame* Find(const FrameKey& key);
  // A key that is in here already is found as this one from now on.
  SeenFrame& Insert(const FrameKey& key, const Signature& actor_sig, MonoTime now);
  // Not to be found any more: its next copy is looked at as the first.
  void Forget(const FrameKey& key) { numbers_.erase(key); }
  void Expire(MonoTime now);
  void ForgetPeer(size_t number);
  size_t size() const { return frames_.size(); }

  // Frames whose first copy is at least `age` old, each once, oldest first; for counting who missed
  // them.
  template <typename Visit>
  void TakeOlderThan(Duration age, MonoTime now, Visit visit) {
    for (; cursor_ < base_ + frames_.size(); ++cursor_) {
      const SeenFrame& frame = frames_[cursor_ - base_];
      if (now - frame.first_at < age) return;
      visit(frame);
    }
  }
  // The first copy of the next one TakeOlderThan would visit.
  std::optional<MonoTime> NextFirstCopy() const {
    if (cursor_ >= base_ + frames_.size()) return std::nullopt;
    return frames_[cursor_ - base_].first_at;
  }

 private:
  struct Hash {
    size_t operator()(const FrameKey& key) const;
  };
  void PopFront();

  std::deque<SeenFrame> frames_;  // in order of arrival
  std::unordered_map<FrameKey, uint64_t, Hash> numbers_;
  uint64_t base_ = 0;    // number of frames_.front()
  uint64_t cursor_ = 0;  // of TakeOlderThan
};

}  // namespace flblk::core
