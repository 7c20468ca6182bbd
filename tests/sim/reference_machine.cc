#include "tests/sim/reference_machine.h"

#include <algorithm>

#include "tests/sim/machine_table.h"

namespace flblk::sim {

std::vector<ReferenceOutput> ReferenceMachine::Step(const Input& input) {
  switch (input.kind) {
    case Input::kAuthorized:
      return OnAuthorized(kCurrent);
    case Input::kStart:
      return OnStart(input.from, input.slot);
    case Input::kStop:
      return OnStop(input.from, input.slot);
    case Input::kFlashblock:
      OnFlashblock(input.from, input.slot);
      return {};
    case Input::kPublished:
      OnPublished(authorized_);
      return {};
    case Input::kRevoked:  // it has no clock, and never stops of itself
    case Input::kHostStopped:
    case Input::kInterval:
      return {};
  }
  return {};
}

std::vector<ReferenceOutput> ReferenceMachine::OnAuthorized(Slot slot) {
  switch (state_) {
    case State::kNotPublishing:
      authorized_ = slot;
      state_ = active_.empty() ? State::kPublishing : State::kWaiting;
      if (state_ == State::kPublishing) active_.clear();
      return {{ReferenceOutput::kSendStart, slot}};
    case State::kWaiting: {
      Slot newest = 0;
      for (const Active& a : active_) newest = std::max(newest, a.slot);
      authorized_ = slot;
      if (slot > newest) {  // one block time after the newest publisher's slot
        state_ = State::kPublishing;
        active_.clear();
      }
      return {};
    }
    case State::kPublishing:
      authorized_ = std::max(authorized_, slot);
      return {};
  }
  return {};
}

std::vector<ReferenceOutput> ReferenceMachine::OnStart(Key rival, Slot slot) {
  if (rival == own_ || slot < newest_) return {};
  if (state_ != State::kPublishing) {
    Upsert(rival, slot);
    return {};
  }
  const Slot mine = authorized_;
  state_ = State::kNotPublishing;
  authorized_ = 0;
  active_ = {{rival, slot}};
  return {{ReferenceOutput::kSendStop, mine}};
}

std::vector<ReferenceOutput> ReferenceMachine::OnStop(Key rival, Slot slot) {
  if (rival == own_ || slot < newest_ || state_ == State::kPublishing) return {};
  Remove(rival);
  if (state_ == State::kWaiting && active_.empty()) state_ = State::kPublishing;
  return {};
}

void ReferenceMachine::OnFlashblock(Key rival, Slot slot) {
  if (rival == own_) return;
  if (state_ != State::kPublishing) Upsert(rival, slot);
  newest_ = std::max(newest_, slot);
}

void ReferenceMachine::OnPublished(Slot slot) { newest_ = std::max(newest_, slot); }

uint64_t ReferenceMachine::Fingerprint() const {
  uint64_t out = static_cast<uint64_t>(state_) | static_cast<uint64_t>(authorized_) << 8 |
                 static_cast<uint64_t>(newest_) << 16;
  int shift = 24;
  for (const Active& a : active_) {  // at most two others, 16 bits each
    out |= static_cast<uint64_t>(a.key + 1) << shift | static_cast<uint64_t>(a.slot) << (shift + 8);
    shift += 16;
  }
  return out;
}

uint32_t ReferenceMachine::UsedSlots() const {
  uint32_t used = 1u << authorized_ | 1u << newest_;
  for (const Active& a : active_) used |= 1u << a.slot;
  return used & ~1u;
}

void ReferenceMachine::Renumber(const SlotMap& map) {
  authorized_ = map[authorized_];
  newest_ = map[newest_];
  for (Active& a : active_) a.slot = map[a.slot];
}

void ReferenceMachine::Upsert(Key key, Slot slot) {
  auto at = std::lower_bound(active_.begin(), active_.end(), key,
                             [](const Active& a, Key k) { return a.key < k; });
  if (at != active_.end() && at->key == key) {
    at->slot = slot;  // the reference overwrites, even with an older one
  } else {
    active_.insert(at, {key, slot});
  }
}

void ReferenceMachine::Remove(Key key) {
  std::erase_if(active_, [key](const Active& a) { return a.key == key; });
}

}  // namespace flblk::sim
