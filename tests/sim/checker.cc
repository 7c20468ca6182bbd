#include "tests/sim/checker.h"

#include "absl/strings/str_cat.h"

namespace flblk::sim {

std::string Checker::Delivered(uint32_t node, uint32_t slot,
                               const wire::FlashblocksPayloadV1& flashblock) {
  uint64_t& next = nodes_[node][slot];
  if (flashblock.index != next) {
    return absl::StrCat("node ", node, " was given slot ", slot, " index ", flashblock.index,
                        " where ", next, " comes next");
  }
  ++next;
  const auto [at, fresh] =
      contents_.try_emplace({slot, flashblock.index}, flashblock.diff.transactions);
  if (!fresh && schedule_.graceful() && at->second != flashblock.diff.transactions) {
    return absl::StrCat("node ", node, " was given another slot ", slot, " index ",
                        flashblock.index, " than others, without any fault");
  }
  return "";
}

int Checker::FailoversNear(uint32_t slot) const {
  int n = 0;
  for (const Failover& f : schedule_.failovers) {
    const auto in = static_cast<uint32_t>(f.at / schedule_.block_time);
    n += in == slot || in + 1 == slot;
  }
  return n;
}

std::vector<std::string> Checker::End(uint32_t quiet_slot) {
  std::vector<std::string> out;
  for (uint32_t node = 0; node < nodes_.size(); ++node) {
    for (uint32_t slot = 0; slot <= quiet_slot; ++slot) {
      const auto at = nodes_[node].find(slot);
      const uint64_t got = at == nodes_[node].end() ? 0 : at->second;
      if (got == schedule_.flashblocks) continue;
      ++incomplete_;
      // Behind a fault a hostile feed that is late may stay the only one until the next rotation.
      const bool settled = slot == quiet_slot && schedule_.hostile == 0;
      const bool must = settled || (schedule_.graceful() && FailoversNear(slot) <= 1);
      if (must) {
        out.push_back(absl::StrCat("node ", node, " has ", got, " of ", schedule_.flashblocks,
                                   " flashblocks of slot ", slot));
      }
    }
  }
  return out;
}

}  // namespace flblk::sim
