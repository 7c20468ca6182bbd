// flblkctl: what its parts share. Internal to the program.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace flblk::plugin {

// A command's words and flags: flblkctl [flags] command [words and flags].
struct CtlArgs {
  std::string command;
  std::vector<std::string> words;
  std::map<std::string, std::string> flags;  // without dashes; "true" for switches

  bool Has(const std::string& flag) const { return flags.count(flag) != 0; }
  std::string Get(const std::string& flag, std::string fallback = "") const;
};

// INVALID_ARGUMENT: an unknown flag (with the nearest known one), or a missing value.
absl::StatusOr<CtlArgs> ParseCtlArgs(const std::vector<std::string>& args);

// Key files and Authorizations; no node is asked. nullopt: not one of these commands.
std::optional<absl::Status> RunOffline(const CtlArgs& args);
// Commands that ask a node over gRPC. nullopt: not one of these commands.
std::optional<absl::Status> RunOnline(const CtlArgs& args);

}  // namespace flblk::plugin
