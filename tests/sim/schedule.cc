#include "tests/sim/schedule.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace flblk::sim {

using std::chrono::milliseconds;

uint64_t Random::Next() {
  uint64_t z = (state_ += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

const char* Name(FaultKind kind) {
  switch (kind) {
    case FaultKind::kCrash:
      return "crash";
    case FaultKind::kPartition:
      return "partition";
    case FaultKind::kCutLink:
      return "cut link";
    case FaultKind::kSlow:
      return "slow";
    case FaultKind::kChurn:
      return "churn";
    case FaultKind::kFreeze:
      return "freeze";
  }
  return "?";
}

namespace {

Fault MakeFault(Random& random, const Schedule& s, Duration end) {
  Fault f;
  const uint64_t dice = random.Below(100);
  f.kind = dice < 30   ? FaultKind::kCrash
           : dice < 45 ? FaultKind::kPartition
           : dice < 70 ? FaultKind::kCutLink
           : dice < 85 ? FaultKind::kChurn
                       : FaultKind::kSlow;
  f.at = Duration(random.Between(0, end.count()));
  f.lasts = milliseconds(random.Between(20, 3000));
  // Builders are where it hurts: half of the faults hit one.
  f.a = static_cast<uint32_t>(random.Chance(50) ? random.Below(s.builders) : random.Below(s.nodes));
  f.b = static_cast<uint32_t>(1 + random.Below(s.nodes - 1));
  return f;
}

// Where builders are joined by relays only, a StopPublish can come by a shorter way than the
// flashblock before it. So that nothing may be lost all the same, each failover comes when the last
// flashblock has arrived everywhere, and ends, round trip through the relays included, before the
// next one is due.
void LeaveTime(Random& random, Schedule& s) {
  s.latency_min = milliseconds(random.Between(1, 2));
  s.latency_max = s.latency_min + milliseconds(random.Between(1, 3));
  for (Failover& f : s.failovers) {
    const int64_t interval = std::max<int64_t>(f.at / kPublishInterval, 2);  // not just started
    f.at = interval * kPublishInterval + milliseconds(random.Between(60, 90));
  }
}

// The first failover comes before its builder can have heard that another one has started.
void CrossStarts(Random& random, Schedule& s) {
  const auto other =
      static_cast<uint32_t>((s.first + random.Between(1, s.builders - 1)) % s.builders);
  s.failovers.push_back(
      {Duration(random.Between(0, s.latency_min.count())), other, random.Chance(50)});
}

// In a fifth of the schedules nothing fails but builders that freeze; in a tenth one does beside
// the other faults. Rolled apart, so that the rest of a seed's schedule is what it was without.
void AddFreezes(uint64_t seed, Duration end, Schedule& s) {
  Random random(seed ^ 0xf4ee2e);
  const uint64_t dice = random.Below(10);
  if (dice > 2) return;
  if (dice < 2) s.faults.clear();
  for (uint64_t n = dice < 2 ? 1 + random.Below(3) : 1; n > 0; --n) {
    Fault f;
    f.kind = FaultKind::kFreeze;
    f.at = Duration(random.Between(0, end.count()));
    f.lasts = milliseconds(random.Between(20, 3000));
    f.a = static_cast<uint32_t>(random.Below(s.builders));
    s.faults.push_back(f);
  }
}

}  // namespace

Schedule MakeSchedule(uint64_t seed, uint32_t nodes) {
  Random random(seed);
  Schedule s;
  s.seed = seed;
  Random size(seed ^ 0x512e);
  s.nodes = nodes > 0         ? nodes
            : size.Chance(40) ? static_cast<uint32_t>(size.Between(50, 80))
                              : static_cast<uint32_t>(size.Between(4, 20));
  if (size.Chance(25)) s.hostile = static_cast<uint32_t>(size.Between(1, 2));
  s.builders = random.Chance(35) ? 3 : 2;
  s.slots = static_cast<uint32_t>(random.Between(2, 4));
  s.flashblocks = static_cast<uint32_t>(random.Between(2, 5));
  s.latency_min = milliseconds(random.Between(1, 20));
  s.latency_max = s.latency_min + milliseconds(random.Between(1, 80));
  s.max_skew = milliseconds(random.Chance(30) ? random.Between(0, 1500) : random.Between(0, 50));
  s.takeover_after = random.Chance(30) ? milliseconds(400) : milliseconds(0);
  s.extra_links = static_cast<uint32_t>(random.Between(1, 3));
  s.builders_meshed = random.Chance(80);
  const Duration end = s.block_time * s.slots;
  for (uint64_t n = random.Below(4); n > 0; --n) {
    s.failovers.push_back({Duration(random.Between(0, end.count())),
                           static_cast<uint32_t>(random.Below(s.builders)), random.Chance(50)});
  }
  if (!random.Chance(35)) {
    for (uint64_t n = 1 + random.Below(6); n > 0; --n)
      s.faults.push_back(MakeFault(random, s, end));
  }
  AddFreezes(seed, end, s);
  s.first = static_cast<uint32_t>(random.Below(s.builders));
  if (!s.builders_meshed && s.graceful()) LeaveTime(random, s);
  if (s.builders_meshed && random.Chance(10)) CrossStarts(random, s);
  std::sort(s.failovers.begin(), s.failovers.end(),
            [](const Failover& x, const Failover& y) { return x.at < y.at; });
  return s;
}

bool Schedule::only_freezes() const {
  return !faults.empty() &&
         std::ranges::all_of(faults, [](const Fault& f) { return f.kind == FaultKind::kFreeze; });
}

std::string Describe(const Schedule& s) {
  auto ms = [](Duration d) {
    return absl::StrCat(std::chrono::duration_cast<milliseconds>(d).count(), " ms");
  };
  std::string out = absl::StrCat(
      "seed ", s.seed, ": ", s.builders, " builders, ", s.nodes, " nodes, ", s.hostile,
      " hostile ones, ", s.slots, " slots of ", s.flashblocks, " flashblocks, latency ",
      ms(s.latency_min), "..", ms(s.latency_max), ", skew up to ", ms(s.max_skew),
      ", takeover_after ", ms(s.takeover_after), ", ", s.extra_links, " extra links",
      s.builders_meshed ? ", builders meshed" : ", builders joined by relays only", ", builder ",
      s.first, " begins\n");
  for (const Failover& f : s.failovers) {
    absl::StrAppend(&out, "  ", ms(f.at), ": builder ", f.builder, " is authorized",
                    f.tell_the_old ? " (the old one is told)" : "", "\n");
  }
  for (const Fault& f : s.faults) {
    absl::StrAppend(&out, "  ", ms(f.at), ": ", Name(f.kind), " a=", f.a, " b=", f.b, " for ",
                    ms(f.lasts), "\n");
  }
  return out;
}

}  // namespace flblk::sim
