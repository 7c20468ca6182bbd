// From a schedule that fails to a smaller one that fails too.
#include "tests/sim/world.h"

namespace flblk::sim {
namespace {

bool Fails(const Schedule& s) { return !Run(s).violations.empty(); }

template <typename T>
bool DropOne(Schedule& s, std::vector<T> Schedule::*list) {
  for (size_t i = 0; i < (s.*list).size(); ++i) {
    Schedule smaller = s;
    (smaller.*list).erase((smaller.*list).begin() + static_cast<std::ptrdiff_t>(i));
    if (Fails(smaller)) {
      s = smaller;
      return true;
    }
  }
  return false;
}

bool FewerNodes(Schedule& s) {
  for (uint32_t nodes : {s.builders, s.builders + 1, s.nodes / 2, s.nodes - 1}) {
    const uint32_t relays = s.builders_meshed ? 0 : 1;
    if (nodes < s.builders + relays || nodes < 2 || nodes >= s.nodes) continue;
    Schedule smaller = s;
    smaller.nodes = nodes;
    for (Fault& f : smaller.faults) {
      f.a %= nodes;
      f.b = 1 + f.b % (nodes - 1);
    }
    if (Fails(smaller)) {
      s = smaller;
      return true;
    }
  }
  return false;
}

bool FewerHostile(Schedule& s) {
  if (s.hostile == 0) return false;
  Schedule smaller = s;
  --smaller.hostile;
  if (!Fails(smaller)) return false;
  s = smaller;
  return true;
}

}  // namespace

Schedule Shrink(Schedule schedule) {
  while (DropOne(schedule, &Schedule::faults) || DropOne(schedule, &Schedule::failovers) ||
         FewerHostile(schedule) || FewerNodes(schedule)) {
  }
  return schedule;
}

}  // namespace flblk::sim
