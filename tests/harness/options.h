// The command line of flblk-harness.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/harness/blocks.h"
#include "tests/harness/campaign.h"
#include "tests/harness/run_view.h"

namespace flblk::harness {

struct Options {
  std::string flblkd;  // path of the sidecar
  RunSetup setup;
  Topology topology = Topology::kHa;
  uint64_t blocks = 15;
  GeneratorConfig generator;              // first_slot and slot_seconds come from the clock
  std::optional<RecordedBlock> recorded;  // --recorded FILE
  std::vector<Step> script;
  bool netns = false;  // every node in a network namespace of its own
  // Instead of script and blocks: those of a campaign, with cuts where netns is set.
  std::optional<CampaignConfig> campaign;
  bool netns_if_possible = false;
  std::vector<std::string> node_flags;  // handed to every flblkd
  std::string report_file;              // JSON goes there too; empty: nowhere
  bool json = false, quiet = false, keep = false, help = false;
};

// INVALID_ARGUMENT names the option and what is wrong with it; reads the files named. `args`
// without the program's name.
absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& args);

std::string HelpText();

}  // namespace flblk::harness
