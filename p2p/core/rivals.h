// The rival table of the hand-off: per foreign builder key the newest slot heard of it, and what
// was heard. A flat value without pointers, canonical (sorted by key, unused places zero), so that
// equal tables compare and hash equal.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "p2p/wire/time.h"
#include "signer/ed25519.h"

namespace flblk::core::handoff {

enum class RivalKind : uint8_t {
  kAnnounced,   // StartPublish heard: it publishes or waits
  kPublishing,  // a flashblock heard
  kStopped,     // StopPublish heard, or given up: kept only so that a replay is known for one
};

struct Rival {
  PublicKey key;
  uint64_t slot = 0;  // newest heard; the marks below are about this slot
  RivalKind kind = RivalKind::kAnnounced;
  bool start_seen = false;
  bool stop_seen = false;
  MonoTime stopped_at{};  // kStopped only

  bool live() const { return kind != RivalKind::kStopped; }
  void GiveUp(MonoTime at_time) {
    if (!live()) return;
    kind = RivalKind::kStopped;
    stopped_at = at_time;
  }
  auto operator<=>(const Rival&) const = default;
};

class RivalTable {
 public:
  // Keys the authorizer signs for in two slots. Beyond it the entry with the oldest slot (stopped
  // ones first) makes room.
  static constexpr size_t kCapacity = 8;

  std::span<const Rival> all() const { return {rivals_.data(), size_}; }
  Rival* Find(const PublicKey& key);
  // The entry of `key`, made where there is none, moved to `slot` with its marks cleared where
  // `slot` is newer than the entry's. nullptr: the entry is about a newer slot (it never moves
  // backwards).
  Rival* Enter(const PublicKey& key, uint64_t slot);
  // Removes entries that are dead: two block times older than `newest`.
  void Prune(uint64_t newest, uint64_t block_seconds);

  // Presumed incapacitated from `at` on: whoever said nothing since `slot` began; whoever
  // publishes.
  void GiveUpOlderThan(uint64_t slot, MonoTime at);
  void GiveUpPublishing(MonoTime at);
  // Whoever was given up, not stopped, may live after all.
  void ReviveGivenUp();

  bool AnyLive() const;
  bool AnyLiveSince(uint64_t slot) const;  // heard in `slot` or later
  // Live ones, without those merely announced that (slot, key) outranks.
  bool AnyLiveAgainst(uint64_t slot, const PublicKey& key) const;
  // Live, merely announced, and outranking (slot, key).
  size_t CountOutranking(uint64_t slot, const PublicKey& key) const;
  // The live one an operator wants to hear about: publishing before announced, newest slot, lowest
  // key.
  std::optional<PublicKey> Top() const;

  // Times become relative to `now`, none below `floor` (negative).
  void Rebase(MonoTime now, Duration floor);
  auto operator<=>(const RivalTable&) const = default;

  template <typename H>
  friend H AbslHashValue(H h, const RivalTable& t) {
    for (const Rival& r : t.all()) {
      h = H::combine(std::move(h), r.key.bytes, r.slot, static_cast<int>(r.kind), r.start_seen,
                     r.stop_seen, r.stopped_at.ns);
    }
    return H::combine(std::move(h), t.size_);
  }

 private:
  friend struct SearchAccess;
  size_t MakeRoom(uint64_t slot);
  void Erase(size_t i);

  std::array<Rival, kCapacity> rivals_{};
  uint8_t size_ = 0;
};

// Of two builders that both announced: the newer Authorization goes first, then the lower key.
inline bool Outranks(uint64_t slot_a, const PublicKey& key_a, uint64_t slot_b,
                     const PublicKey& key_b) {
  return slot_a != slot_b ? slot_a > slot_b : key_a < key_b;
}

}  // namespace flblk::core::handoff
