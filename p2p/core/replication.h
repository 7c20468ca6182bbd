// replicate_before_publish: own flashblocks that are with the standby builders, and with nobody
// else until enough of these have them. Should we be gone before that, the successor goes on behind
// what users were promised.
//
// A first-in first-out queue: a flashblock is let go once `needed` standbys confirmed it, or its
// time limit passed, or no confirmation can come any more, and all before it were let go. What
// "confirmed" means is the driver's business (SendConfirmed in events.h); a confirmation counts for
// everything that was sent to that session before, because links are ordered.
//
// Bounded by whoever holds: at most one time limit's worth of own flashblocks.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "p2p/core/events.h"

namespace flblk::core {

class Replication {
 public:
  struct Released {
    FlashblockDelivered item;  // `replicated` is set
    bool deliver = false;      // the host has not seen it yet
  };

  // The number of the next one held, for Send::confirm. Never 0.
  uint64_t next_number() const { return last_number_ + 1; }
  // `standbys` were sent `item`; `needed` of them are to confirm it.
  void Hold(FlashblockDelivered item, bool deliver, std::vector<SessionId> standbys, size_t needed,
            MonoTime now, Duration limit);
  void Confirm(SessionId session, uint64_t number);
  void Lose(SessionId session);  // it ended: it will confirm nothing

  // The next to let go; nullopt: none now.
  std::optional<Released> Take(MonoTime now);
  // The next of all, whatever it waits for.
  std::optional<Released> TakeAny(MonoTime now);

  bool Holds(uint64_t slot, uint64_t index) const;
  // Flashblocks of that slot that are held back from the host.
  size_t HiddenOf(uint64_t slot) const;
  std::optional<MonoTime> NextDeadline() const;

 private:
  struct Held {
    uint64_t number = 0;
    FlashblockDelivered item;
    bool deliver = false;
    std::vector<SessionId> waiting_for;
    size_t needed = 0, confirmed = 0;
    MonoTime since, until;
  };
  Released PopFront(LetGo outcome, MonoTime now);

  std::deque<Held> held_;
  uint64_t last_number_ = 0;
};

}  // namespace flblk::core
