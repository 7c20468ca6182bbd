#include "tests/sim/search.h"

#include <algorithm>
#include <ctime>
#include <deque>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"

namespace flblk::sim {
namespace {

struct Step {
  uint32_t parent;
  Choice choice;
};

double CpuSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

class Searcher {
 public:
  Searcher(const ModelConfig& config, const SearchLimits& limits)
      : config_(config), limits_(limits), model_(config) {}

  SearchResult Run() {
    const double begin = CpuSeconds();
    deadline_ = begin + static_cast<double>(limits_.time.count());
    const State root = model_.Initial();
    seen_.insert(FingerprintOf(root));
    steps_.push_back({0, {}});
    open_.push_back({0, root});
    while (!open_.empty() && Level()) ++out_.depth;
    out_.exhausted = open_.empty() && out_.violation.empty();
    out_.states = seen_.size();
    out_.machines = model_.table().size();
    out_.seconds = CpuSeconds() - begin;
    return std::move(out_);
  }

 private:
  struct Open {
    uint32_t id;
    State state;
  };

  // Expands one level. False: a violation or a limit, and the level is not whole.
  bool Level() {
    for (size_t left = open_.size(); left > 0; --left) {
      if (Limit()) return false;
      const Open from = open_.front();
      open_.pop_front();
      model_.Choices(from.state, choices_);
      for (const Choice& choice : choices_) {
        ++out_.transitions;
        State after = from.state;
        if (std::string broken = model_.Apply(after, choice); !broken.empty())
          return Report(from.id, choice, broken, nullptr, {});
        if (!seen_.insert(FingerprintOf(after)).second) continue;
        if (model_.Quiet(after)) {
          if (std::string broken = model_.OneGoesOn(after); !broken.empty())
            return Report(from.id, choice, broken, nullptr, {});
          if (!Settles(after, from.id, choice)) return false;
        }
        steps_.push_back({from.id, choice});
        open_.push_back({static_cast<uint32_t>(steps_.size() - 1), after});
      }
    }
    return true;
  }

  bool Limit() {
    if (seen_.size() >= limits_.states || open_.size() >= limits_.open) return true;
    return (++expanded_ & 1023) == 0 && CpuSeconds() >= deadline_;
  }

  bool Settles(const State& state, uint32_t parent, const Choice& choice) {
    if (!settled_.insert(FingerprintOf(Model::Settling(state))).second) return true;
    ++out_.settled;
    std::vector<std::optional<uint8_t>> onlys{std::nullopt};
    for (uint8_t i = 0; i < model_.n(); ++i) onlys.push_back(i);
    for (const auto only : onlys) {
      if (std::string broken = model_.Settle(state, only); !broken.empty())
        return Report(parent, choice, broken, &state, only);
    }
    return true;
  }

  bool Report(uint32_t parent, const Choice& last, const std::string& what, const State* settle,
              std::optional<uint8_t> only) {
    out_.violation = what;
    std::vector<Choice> path{last};
    for (uint32_t id = parent; id != 0; id = steps_[id].parent) path.push_back(steps_[id].choice);
    std::reverse(path.begin(), path.end());
    model_.NameSlots();
    State state = model_.Initial();
    for (const Choice& choice : path) {
      std::string says = model_.Words(choice);
      model_.Apply(state, choice, &says);
      out_.chart.push_back(says);
    }
    if (settle != nullptr) model_.Settle(state, only, &out_.chart);
    return false;
  }

  const ModelConfig config_;
  const SearchLimits limits_;
  Model model_;
  double deadline_ = 0;
  absl::flat_hash_set<Fingerprint> seen_, settled_;
  std::deque<Open> open_;
  std::vector<Step> steps_;
  std::vector<Choice> choices_;
  uint64_t expanded_ = 0;
  SearchResult out_;
};

}  // namespace

SearchResult Search(const ModelConfig& config, const SearchLimits& limits) {
  return Searcher(config, limits).Run();
}

}  // namespace flblk::sim
