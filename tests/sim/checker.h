// What must hold at the receivers, checked while a simulation runs: per node and block the indices
// come 0, 1, 2 ... once each; without faults every node gets the whole block, and everywhere the
// same contents.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "p2p/wire/messages.h"
#include "tests/sim/schedule.h"

namespace flblk::sim {

class Checker {
 public:
  explicit Checker(const Schedule& schedule) : schedule_(schedule), nodes_(schedule.nodes) {}

  void Restarted(uint32_t node) { nodes_[node].clear(); }
  // Empty, or what is wrong.
  std::string Delivered(uint32_t node, uint32_t slot, const wire::FlashblocksPayloadV1& flashblock);
  // After the last slot. `quiet_slot`: a slot after all faults, which everybody must have whole.
  std::vector<std::string> End(uint32_t quiet_slot);
  uint64_t incomplete() const { return incomplete_; }

 private:
  // Failovers in this slot or the one before: with one, the block is still finished.
  int FailoversNear(uint32_t slot) const;

  const Schedule& schedule_;
  std::vector<std::map<uint32_t, uint64_t>> nodes_;  // node -> slot -> next index
  std::map<std::pair<uint32_t, uint64_t>, std::vector<Bytes>> contents_;  // first seen anywhere
  uint64_t incomplete_ = 0;
};

}  // namespace flblk::sim
