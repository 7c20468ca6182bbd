// One run: the sidecars, their builder hosts and subscribers, the sequencer's timeline and the
// failover script.
#pragma once

#include <functional>

#include "tests/harness/builder_host.h"
#include "tests/harness/options.h"
#include "tests/harness/receiver.h"
#include "tests/harness/run_view.h"

namespace flblk::harness {

// Called on the run's thread, about twenty times a second.
using Observe = std::function<void(const RunContext&)>;

// Plays it all on the calling thread, which must live until then. Returns the records for MakeView.
// Errors are about the set-up (a node does not start); what goes wrong afterwards is in the
// records. `stop` is looked at all the time: true ends the run early with CANCELLED. All processes
// are gone on return.
absl::StatusOr<std::vector<Record>> PlayRun(const Options& options, const Observe& observe,
                                            const std::function<bool()>& stop);

}  // namespace flblk::harness
