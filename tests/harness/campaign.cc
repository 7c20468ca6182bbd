#include "tests/harness/campaign.h"

#include <algorithm>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace flblk::harness {
namespace {

enum class Moment : uint8_t { kMid, kBoundary, kWaiting };
enum class Time : uint8_t {
  kNone,
  kSlot,   // the process is back after one slot
  kLong,   // 0.4 to 1.4 slots: beyond a takeover, into the next block or not
  kBrief,  // back before the one who waits may take over
};

struct Case {
  const char* label;
  const char* how;  // in the words of the script
  Moment moment;
  Time time;
};

constexpr Case kCases[] = {
    {"graceful mid", "graceful", Moment::kMid, Time::kNone},
    {"graceful boundary", "graceful", Moment::kBoundary, Time::kNone},
    {"kill mid", "restart", Moment::kMid, Time::kSlot},
    {"kill boundary", "restart", Moment::kBoundary, Time::kSlot},
    {"kill waiting", "held restart", Moment::kWaiting, Time::kSlot},
    {"freeze mid", "stop", Moment::kMid, Time::kLong},
    {"freeze boundary", "stop", Moment::kBoundary, Time::kLong},
    {"freeze waiting", "stop", Moment::kWaiting, Time::kBrief},
    {"cut mid", "cut", Moment::kMid, Time::kLong},
    {"cut boundary", "cut", Moment::kBoundary, Time::kLong},
    {"cut waiting", "held cut", Moment::kWaiting, Time::kLong},
    {"kill waiter", "waiter restart", Moment::kWaiting, Time::kSlot},
    {"freeze waiter", "waiter stop", Moment::kWaiting, Time::kLong},
    {"cut waiter", "waiter cut", Moment::kWaiting, Time::kLong},
    {"restart mid", "restart 0ms", Moment::kMid, Time::kNone},
    {"restart boundary", "restart 0ms", Moment::kBoundary, Time::kNone},
    {"restart waiting", "held restart 0ms", Moment::kWaiting, Time::kNone},
    {"respawn mid", "respawn", Moment::kMid, Time::kNone},
    {"respawn boundary", "respawn", Moment::kBoundary, Time::kNone},
};

class Maker {
 public:
  Maker(const CampaignConfig& config, const RunSetup& setup)
      : setup_(setup), random_(config.seed) {}

  std::string Text(const Case& one, uint64_t block) {
    const uint64_t interval_ms = Ms(setup_.timing.interval_ns);
    std::string when = absl::StrCat(block);
    if (one.moment != Moment::kBoundary) {
      const uint64_t half = std::max<uint64_t>(2, setup_.timing.flashblocks / 2);
      absl::StrAppend(&when, ".", Pick(1, half - 1), "+", Pick(0, interval_ms - 1), "ms");
    }
    return absl::StrCat(when, " active ", one.how, Duration(one.time));
  }

  std::mt19937_64& random() { return random_; }

 private:
  static uint64_t Ms(int64_t ns) { return static_cast<uint64_t>(ns / kNsPerMs); }
  uint64_t Pick(uint64_t min, uint64_t max) {
    return min + random_() % (std::max(min, max) - min + 1);
  }

  std::string Duration(Time time) {
    const uint64_t slot = Ms(setup_.timing.slot_ns), detect = Ms(setup_.detect_ns);
    const uint64_t takeover = setup_.takeover_ns > 0 ? Ms(setup_.takeover_ns) : slot / 4;
    switch (time) {
      case Time::kNone:
        return "";
      case Time::kSlot:
        return absl::StrCat(" ", slot, "ms");
      case Time::kLong:
        return absl::StrCat(" ", Pick(slot * 2 / 5, slot * 7 / 5), "ms");
      case Time::kBrief:
        return absl::StrCat(" ", Pick(detect + 20, detect + takeover - 50), "ms");
    }
    return "";
  }

  const RunSetup& setup_;
  std::mt19937_64 random_;
};

}  // namespace

absl::StatusOr<Campaign> MakeCampaign(const CampaignConfig& config, const RunSetup& setup) {
  std::vector<const Case*> order;
  for (const Case& one : kCases) {
    if (!absl::StrContains(one.label, config.only)) continue;
    if (!config.partitions && absl::StartsWith(one.label, "cut")) continue;
    order.insert(order.end(), config.repeats, &one);
  }
  if (order.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no case of the campaign is called \"", config.only, "\""));
  }
  Maker maker(config, setup);
  std::shuffle(order.begin(), order.end(), maker.random());
  Campaign campaign;
  std::string text;
  for (size_t i = 0; i < order.size(); ++i) {
    absl::StrAppend(&text, maker.Text(*order[i], 2 + i * kCampaignSpacing), "\n");
  }
  auto script = ParseScript(text, setup.shape.builders);
  if (!script.ok()) return script.status();
  campaign.script = *std::move(script);
  for (size_t i = 0; i < order.size(); ++i) campaign.script[i].label = order[i]->label;
  campaign.blocks = 2 + order.size() * kCampaignSpacing;
  return campaign;
}

}  // namespace flblk::harness
