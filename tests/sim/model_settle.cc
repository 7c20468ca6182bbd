// Where a run ends once nothing new goes wrong: I3 and I5.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/sim/model.h"

namespace flblk::sim {
namespace {

constexpr int kSettleRounds = 6;

std::string Name(uint8_t party) { return std::string(1, NameOf(party)); }

}  // namespace

bool Model::Quiet(const State& s) const { return !AnythingUnderway(s) && !TimerPending(s); }

std::string Model::OneGoesOn(const State& s) const {
  if (s.latest == 0 || !config_.prompt() || config_.lossy()) return "";
  std::string who;
  uint8_t set = 0;
  for (uint8_t i = 0; i < n(); ++i) {
    if (!table_.publishing(s.machine[i])) continue;
    who += NameOf(i);
    if (table_.slot(s.machine[i]) == kCurrent) set |= static_cast<uint8_t>(1u << i);
  }
  if (set == 0) return "I4: everything was delivered and nobody publishes in the slot";
  if (!config_.calm || (set == s.latest && who.size() == 1)) return "";
  return absl::StrCat("I4: ", who, " publish after the hand-off is over");
}

State Model::Settling(State s) {
  State out;
  out.machine = s.machine;
  out.announced = s.announced;
  out.up = 0xff;
  return out;
}

void Model::DeliverAll(State& s, std::string* says) {
  for (bool any = true; any;) {
    any = false;
    for (uint8_t i = 0; i < n(); ++i) {
      for (uint8_t j = 0; j < n(); ++j) {
        if (s.links[i][j].size == 0) continue;
        any = true;
        std::string line = absl::StrCat(Name(i), " -> ", Name(j));
        Deliver(s, i, j, says != nullptr ? &line : nullptr);
        if (says != nullptr) absl::StrAppend(says, "\n    ", line);
      }
    }
  }
}

// An interval passes, everything is delivered, every publisher publishes, everything is delivered.
std::string Model::Round(State& s, std::vector<std::string>* says) {
  std::string words = "settling: an interval passes, publishers publish, everything is delivered";
  std::string* w = says != nullptr ? &words : nullptr;
  for (uint8_t i = 0; i < n(); ++i) Step(s, i, {Input::kInterval}, w);
  DeliverAll(s, w);
  std::string broken;
  for (uint8_t i = 0; i < n() && broken.empty(); ++i) {
    if (table_.publishing(s.machine[i])) broken = Publish(s, i, w);
  }
  DeliverAll(s, w);
  if (says != nullptr) says->push_back(words);
  return broken;
}

// Of the reference's kind one may be left behind in an older slot: it never yields to a newer
// slot's flashblocks.
std::string Model::OnePublisherAtMost(const State& s) const {
  std::string who;
  Slot newest = 0;
  for (uint8_t i = 0; i < n(); ++i) {
    if (table_.publishing(s.machine[i])) newest = std::max(newest, table_.slot(s.machine[i]));
  }
  for (uint8_t i = 0; i < n(); ++i) {
    const bool behind = !table_.ours(s.machine[i]) && table_.slot(s.machine[i]) < newest;
    if (table_.publishing(s.machine[i]) && !behind) who += NameOf(i);
  }
  return who.size() <= 1
             ? ""
             : absl::StrCat("I3: ", who, " publish at once after everything was delivered");
}

std::string Model::Settle(State s, std::optional<uint8_t> only, std::vector<std::string>* says) {
  settling_ = true;
  s = Settling(s);
  std::string broken;
  for (int r = 0; r < kSettleRounds && broken.empty(); ++r) broken = Round(s, says);
  for (int slot = 0; only && slot < 2 && broken.empty(); ++slot) {
    NextSlot(s);
    std::string words =
        absl::StrCat("settling: only ", Name(*only), " is authorized in slot ", SlotName(kCurrent));
    Step(s, *only, {Input::kAuthorized}, says != nullptr ? &words : nullptr);
    if (says != nullptr) says->push_back(words);
    for (int r = 0; r < kSettleRounds && broken.empty(); ++r) broken = Round(s, says);
    const bool must = slot > 0 || !config_.lossy();  // else the first one ends the waiting
    if (must && broken.empty() && !table_.publishing(s.machine[*only])) {
      broken = absl::StrCat("I5: ", Name(*only),
                            " alone is authorized in a new slot and does not publish");
    }
  }
  settling_ = false;
  if (!broken.empty()) return broken;
  return OnePublisherAtMost(s);
}

}  // namespace flblk::sim
