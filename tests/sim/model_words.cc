// The model in words, for charts.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/sim/message.h"

namespace flblk::sim {
namespace {

std::string Name(uint8_t party) { return std::string(1, NameOf(party)); }

}  // namespace

std::string Model::SlotName(Slot slot) const { return absl::StrCat(names_[slot]); }

std::string Model::Words(uint8_t from, Message m) const {
  static constexpr const char* kNames[] = {"Start", "Stop", "flashblock"};
  std::string out = absl::StrCat(kNames[std::min(CodeOf(m), kFlashblockCode)], "(", Name(from),
                                 ", slot ", SlotName(SlotOfMessage(m)));
  if (CodeOf(m) >= kFlashblockCode && config_.checks_i4())
    absl::StrAppend(&out, ", index ", CodeOf(m) - kFlashblockCode);
  return out + ")";
}

std::string Model::Words(const Choice& c) const {
  const std::string a = Name(c.a), b = Name(c.b);
  switch (c.kind) {
    case ActionKind::kAuthorize:
      return absl::StrCat("sequencer: authorizes ", a);
    case ActionKind::kRevoke:
      return absl::StrCat("sequencer: attributes without Authorization to ", a);
    case ActionKind::kDeliver:
      return absl::StrCat(a, " -> ", b);
    case ActionKind::kPublish:
      return absl::StrCat(a, ": publishes");
    case ActionKind::kTick:
      return "time: one flashblock interval passes";
    case ActionKind::kNextSlot:
      return "time: next slot";
    case ActionKind::kCrash:
      return absl::StrCat(a, ": crashes");
    case ActionKind::kRestart:
      return absl::StrCat(a, ": restarts");
    case ActionKind::kStop:
      return absl::StrCat(a, ": its host stops it");
    case ActionKind::kCut:
      return absl::StrCat("link ", a, "-", b, " is cut");
    case ActionKind::kMend:
      return absl::StrCat("link ", a, "-", b, " is back");
    case ActionKind::kLate:
      return absl::StrCat(a, " -> ", b, " falls behind");
    case ActionKind::kReplay:
      return absl::StrCat("adversary: replays to ", a);
  }
  return "?";
}

}  // namespace flblk::sim
