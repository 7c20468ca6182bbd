// A failover script with every way to fail, each at every moment, many times. Pure.
//
//   how      graceful | kill | freeze | cut | restart | respawn   (see script.h)
//   moment   mid      anywhere in the first half of a block
//            boundary when the next block is about to be authorized
//            waiting  while the other builder, authorized already, waits for this one
//            waiter   the other builder, while it waits for this one, which was frozen and thaws
//
// One step every kCampaignSpacing blocks, the cases in a seeded random order, so that each finds
// the others' traces. Steps carry "how moment" as their label.
#pragma once

#include "tests/harness/run_view.h"

namespace flblk::harness {

inline constexpr uint64_t kCampaignSpacing = 3;

struct CampaignConfig {
  uint64_t repeats = 10;  // of each case
  uint64_t seed = 1;
  bool partitions = true;  // with the cases that cut
  std::string only{};      // of the labels those that contain this
};

struct Campaign {
  std::vector<Step> script;
  uint64_t blocks = 0;
};

// INVALID_ARGUMENT: no case is left, or it needs more than kMaxScriptSteps steps.
absl::StatusOr<Campaign> MakeCampaign(const CampaignConfig& config, const RunSetup& setup);

}  // namespace flblk::harness
