#include "p2p/core/rivals.h"

#include <algorithm>
#include <tuple>

namespace flblk::core::handoff {

Rival* RivalTable::Find(const PublicKey& key) {
  for (size_t i = 0; i < size_; ++i) {
    if (rivals_[i].key == key) return &rivals_[i];
  }
  return nullptr;
}

void RivalTable::Erase(size_t i) {
  std::move(rivals_.begin() + i + 1, rivals_.begin() + size_, rivals_.begin() + i);
  rivals_[--size_] = Rival{};
}

// Whether there is room for an entry about `slot`, made where necessary; the new size.
size_t RivalTable::MakeRoom(uint64_t slot) {
  if (size_ < kCapacity) return size_;
  const auto rank = [](const Rival& r) { return std::tuple(r.live(), r.slot); };
  const auto begin = rivals_.begin();
  const auto oldest = std::min_element(
      begin, begin + size_, [&](const Rival& a, const Rival& b) { return rank(a) < rank(b); });
  if (oldest->slot <= slot) Erase(oldest - begin);
  return size_;
}

Rival* RivalTable::Enter(const PublicKey& key, uint64_t slot) {
  if (Rival* known = Find(key)) {
    if (slot < known->slot) return nullptr;
    if (slot > known->slot) *known = Rival{.key = key, .slot = slot};
    return known;
  }
  if (MakeRoom(slot) == kCapacity) return nullptr;
  size_t i = size_;
  for (; i > 0 && key < rivals_[i - 1].key; --i) rivals_[i] = rivals_[i - 1];
  rivals_[i] = Rival{.key = key, .slot = slot};
  ++size_;
  return &rivals_[i];
}

void RivalTable::Prune(uint64_t newest, uint64_t block_seconds) {
  for (size_t i = size_; i-- > 0;) {
    if (newest >= rivals_[i].slot && newest - rivals_[i].slot >= 2 * block_seconds) Erase(i);
  }
}

void RivalTable::GiveUpOlderThan(uint64_t slot, MonoTime at) {
  for (size_t i = 0; i < size_; ++i) {
    if (rivals_[i].slot < slot) rivals_[i].GiveUp(at);
  }
}

void RivalTable::GiveUpPublishing(MonoTime at) {
  for (size_t i = 0; i < size_; ++i) {
    if (rivals_[i].kind == RivalKind::kPublishing) rivals_[i].GiveUp(at);
  }
}

void RivalTable::ReviveGivenUp() {
  for (size_t i = 0; i < size_; ++i) {
    Rival& rival = rivals_[i];
    if (rival.live() || rival.stop_seen) continue;
    rival.kind = RivalKind::kAnnounced;
    rival.stopped_at = {};
  }
}

bool RivalTable::AnyLive() const { return AnyLiveSince(0); }

bool RivalTable::AnyLiveSince(uint64_t slot) const {
  return std::ranges::any_of(all(), [&](const Rival& r) { return r.live() && r.slot >= slot; });
}

bool RivalTable::AnyLiveAgainst(uint64_t slot, const PublicKey& key) const {
  return std::ranges::any_of(all(), [&](const Rival& r) {
    return r.kind == RivalKind::kPublishing ||
           (r.kind == RivalKind::kAnnounced && !Outranks(slot, key, r.slot, r.key));
  });
}

size_t RivalTable::CountOutranking(uint64_t slot, const PublicKey& key) const {
  return std::ranges::count_if(all(), [&](const Rival& r) {
    return r.kind == RivalKind::kAnnounced && Outranks(r.slot, r.key, slot, key);
  });
}

std::optional<PublicKey> RivalTable::Top() const {
  const Rival* top = nullptr;
  for (const Rival& r : all()) {
    if (!r.live()) continue;
    if (top == nullptr || std::tuple(r.kind, r.slot) > std::tuple(top->kind, top->slot)) top = &r;
  }
  if (top == nullptr) return std::nullopt;
  return top->key;
}

void RivalTable::Rebase(MonoTime now, Duration floor) {
  for (size_t i = 0; i < size_; ++i) {
    Rival& r = rivals_[i];
    if (!r.live()) r.stopped_at.ns = std::max((r.stopped_at - now).count(), floor.count());
  }
}

}  // namespace flblk::core::handoff
