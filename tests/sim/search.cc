#include "tests/sim/search.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"

namespace flblk::sim {
namespace {

struct Step {
  uint32_t parent;
  Choice choice;
};

class Searcher {
 public:
  Searcher(const ModelConfig& config, const SearchLimits& limits)
      : config_(config), limits_(limits) {}

  SearchResult Run() {
    const auto begin = std::chrono::steady_clock::now();
    deadline_ = begin + limits_.time;
    Model root(config_);
    seen_.insert(root.Fingerprint());
    steps_.push_back({0, {}});
    std::vector<std::pair<uint32_t, Model>> level{{0, root}};
    out_.exhausted = true;
    while (!level.empty() && Expand(level)) ++out_.depth;
    out_.exhausted = level.empty() && out_.violation.empty();
    out_.states = seen_.size();
    out_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return std::move(out_);
  }

 private:
  // Replaces `level` by its successors. False: a violation or a limit, and the level is not whole.
  bool Expand(std::vector<std::pair<uint32_t, Model>>& level) {
    std::vector<std::pair<uint32_t, Model>> next;
    for (auto& [id, model] : level) {
      if (Limit(next.size())) return false;
      for (const Choice& choice : model.Choices()) {
        ++out_.transitions;
        Model after = model;
        if (std::string broken = after.Apply(choice); !broken.empty())
          return Report(id, choice, broken, nullptr, {});
        if (!seen_.insert(after.Fingerprint()).second) continue;
        if (after.Quiet() && !Settles(after, id, choice)) return false;
        steps_.push_back({id, choice});
        next.emplace_back(static_cast<uint32_t>(steps_.size() - 1), std::move(after));
      }
    }
    level = std::move(next);
    return true;
  }

  bool Limit(size_t next) const {
    return seen_.size() >= limits_.states || next >= limits_.frontier ||
           (seen_.size() % 64 == 0 && std::chrono::steady_clock::now() >= deadline_);
  }

  bool Settles(const Model& model, uint32_t parent, const Choice& choice) {
    ++out_.settled;
    std::vector<std::optional<uint8_t>> onlys{std::nullopt};
    for (uint8_t i = 0; i < config_.parties.size(); ++i) onlys.push_back(i);
    for (const auto only : onlys) {
      Model end = model;
      if (std::string broken = end.Settle(only); !broken.empty())
        return Report(parent, choice, broken, &model, only);
    }
    return true;
  }

  bool Report(uint32_t parent, const Choice& last, const std::string& what, const Model* settle,
              std::optional<uint8_t> only) {
    out_.violation = what;
    std::vector<Choice> path{last};
    for (uint32_t id = parent; id != 0; id = steps_[id].parent) path.push_back(steps_[id].choice);
    std::reverse(path.begin(), path.end());
    Model model(config_);
    for (const Choice& choice : path) {
      std::string says;
      model.Apply(choice, &says);
      out_.chart.push_back(says);
    }
    if (settle != nullptr) model.Settle(only, &out_.chart);
    return false;
  }

  const ModelConfig config_;
  const SearchLimits limits_;
  std::chrono::steady_clock::time_point deadline_;
  absl::flat_hash_set<std::array<uint64_t, 2>> seen_;
  std::vector<Step> steps_;
  SearchResult out_;
};

}  // namespace

SearchResult Search(const ModelConfig& config, const SearchLimits& limits) {
  return Searcher(config, limits).Run();
}

}  // namespace flblk::sim
