// What happens in one simulated run: a pure function of the seed, printable, and small enough to
// shrink.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "p2p/wire/time.h"

namespace flblk::sim {

// splitmix64: the same numbers on every platform.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next();
  uint64_t Below(uint64_t n) { return n == 0 ? 0 : Next() % n; }
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(Below(high - low + 1));
  }
  bool Chance(unsigned percent) { return Below(100) < percent; }

 private:
  uint64_t state_;
};

// A freeze longer than this is noticed by the node itself, as in p2p/net.
inline constexpr int kNoticedIntervals = 3;
// Flashblock i of a slot is due (i + 1) of these after its begin.
inline constexpr Duration kPublishInterval = std::chrono::milliseconds(200);

enum class FaultKind : uint8_t {
  kCrash,      // node `a` is gone; comes back after `lasts` (never where 0) with an empty memory
  kPartition,  // every link between the nodes below and from `b` upwards (in a random order) is cut
               // for `lasts`
  kCutLink,    // one link of node `a` is cut for `lasts`; what is in flight on it is lost
  kSlow,       // everything to and from `a` takes `lasts` / 4 longer, for `lasts`
  kChurn,      // every link of node `a` is cut for `lasts`: its peers leave
  kFreeze,     // node `a` does not run for `lasts`: what was sent to it, or was due, comes then
};
const char* Name(FaultKind kind);

struct Fault {
  FaultKind kind = FaultKind::kCrash;
  Duration at{}, lasts{};
  uint32_t a = 0, b = 0;
};

// A failover: from `at` on, `builder` is the authorized one.
struct Failover {
  Duration at{};
  uint32_t builder = 0;
  bool tell_the_old =
      false;  // the old one gets attributes without an Authorization at the next slot
};

struct Schedule {
  uint64_t seed = 0;
  uint32_t builders = 2, nodes = 50;  // nodes include the builders, which come first
  uint32_t hostile = 0;               // nodes besides these that do as they like (hostile.h)
  uint32_t slots = 3, flashblocks = 4;
  Duration block_time = std::chrono::seconds(2);
  Duration latency_min{}, latency_max{};
  Duration max_skew{};
  Duration takeover_after{};
  // For tests of this simulator: every so many messages one vanishes, as on no link that works.
  uint32_t vanish = 0;
  uint32_t extra_links = 2;  // per node, besides the ring
  // Otherwise no builder is another's neighbour: they hear each other through relays only.
  bool builders_meshed = true;
  uint32_t first = 0;  // the builder that is authorized at the beginning
  std::vector<Failover> failovers;
  std::vector<Fault> faults;

  // Nothing but failovers.
  bool graceful() const { return faults.empty(); }
  bool only_freezes() const;  // at least one, and no other fault
};

// `nodes` 0: of every five schedules two have 50 to 80 nodes, the others 4 to 20.
Schedule MakeSchedule(uint64_t seed, uint32_t nodes);
std::string Describe(const Schedule& schedule);

}  // namespace flblk::sim
