// The failover script: which builder fails when, and how. Pure.
//
//   script = step *( ( ";" | newline ) step )      "#" begins a comment; empty steps are skipped
//   step   = when who how
//   when   = block [ "." index ] [ "+" ms "ms" ]   before that index is due; without index: at the
//   boundary,
//                                                  before the block is authorized
//          | ms "ms"                               after the run began
//   who    = "active" | builder                    the builder that is authorized then, or A, B,
//   ... how    = "graceful" [ builder ]                the sequencer moves to another builder;
//   nobody crashes
//          | "term"                                SIGTERM: the sidecar leaves by itself
//          | [ "held" | "waiter" ] fault
//   fault  = "kill"                                SIGKILL
//          | "stop" ms "ms"                        SIGSTOP, and SIGCONT after that time
//          | "cut" ms "ms"                         cut off from every peer for that time
//          | "restart" [ ms "ms" ]                 SIGKILL, and the same node again after that time
//          (1000 ms)
//          | "respawn"                             SIGKILL, and the same node again at once; the
//          sequencer stays with it
//
// "held": the builder is frozen first and another one authorized, which has to wait; the fault
// comes kHoldNs later. "waiter": the fault then hits the one that waits, and the frozen one thaws
// and is authorized again.
//
// Blocks count from 0 (the run's own counting), flashblock indices from 0.
// Example: "3.4 active graceful; 7.5+20ms active kill; 9 A restart 500ms"
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/harness/timing.h"

namespace flblk::harness {

enum class How : uint8_t { kGraceful, kKill, kTerm, kStop, kRestart, kCut, kRespawn };
const char* Name(How how);

struct Step {
  std::optional<uint64_t> block;  // absent: `offset_ns` counts from the run's beginning
  std::optional<uint64_t> index;  // absent: the block's boundary
  int64_t offset_ns = 0;
  std::optional<size_t> builder;  // absent: the active one
  How how = How::kGraceful;
  int64_t duration_ns = 0;  // kStop, kRestart, kCut
  bool held = false;
  bool waiter = false;
  std::optional<size_t> successor;  // kGraceful; absent: the next builder alive
  std::string text;                 // as written
  std::string label{};              // the case of a campaign that it belongs to
  bool operator==(const Step&) const = default;
};

inline constexpr int64_t kHoldNs = 100 * kNsPerMs;
inline constexpr size_t kMaxScriptSteps = 10'000;

// INVALID_ARGUMENT names the step and the word that is wrong. A builder beyond `builders` (A is 0)
// is wrong.
absl::StatusOr<std::vector<Step>> ParseScript(absl::string_view text, size_t builders);

// When the step is due: a step at index i fires half an interval before i is due.
int64_t FireTime(const Step& step, const Timing& timing);

// "A" .. "Z", then "B26", "B27", ...
std::string BuilderName(size_t builder);

}  // namespace flblk::harness
