#include "tests/harness/run_view.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace flblk::harness {
namespace {

// One pass over the records in time order; each record kind has its rule.
class Indexer {
 public:
  explicit Indexer(RunView& view) : view_(view) {
    view_.absences.resize(view_.setup.shape.nodes());
  }

  void Run() {
    for (const Record& record : view_.records) {
      now_ = record.at_ns;
      std::visit([this](const auto& what) { Add(what); }, record.what);
    }
    if (!view_.blocks.empty()) view_.blocks.back().end_ns = view_.end_ns;
    for (auto& absences : view_.absences) {
      for (Absence& absence : absences) absence.until_ns = EndOfAbsence(absence);
    }
    for (BlockView& block : view_.blocks) {
      const uint64_t number = block.started.block;
      block.disturbed = disturbed_.count(number) > 0 || authorized_.count(number) == 0;
      CountGaps(block);
    }
    MeasureLatency();
  }

 private:
  BlockView* Find(uint64_t block) {
    return block < view_.blocks.size() ? &view_.blocks[block] : nullptr;
  }

  void Add(const BlockStarted& started) {
    if (!view_.blocks.empty()) view_.blocks.back().end_ns = now_;
    BlockView& block = view_.blocks.emplace_back();
    block.started = started;
    block.start_ns = now_;
    block.at.resize(view_.setup.shape.nodes());
  }
  // A delta that was acknowledged stays so, whatever a second try of it gives.
  void Add(const Published& published) {
    BlockView* block = Find(published.block);
    if (block == nullptr) return;
    Delta& delta = block->deltas[{published.index, published.builder}];
    if (!delta.answered_ns || delta.code != 0) delta = Delta{now_, {}, 0};
  }
  void Add(const Answered& answer) {
    if (answer.code != 0) ++view_.refused[answer.code];
    BlockView* block = Find(answer.block);
    if (block == nullptr) return;
    auto delta = block->deltas.find({answer.index, answer.builder});
    if (delta == block->deltas.end()) return;
    if (delta->second.answered_ns) return;
    delta->second.answered_ns = now_;
    delta->second.code = answer.code;
    const bool out_of_range = answer.code == static_cast<uint32_t>(absl::StatusCode::kOutOfRange);
    if (out_of_range && TakenByAnother(*block, delta->first)) ++view_.taken;
  }
  static bool TakenByAnother(const BlockView& block, const DeltaKey& key) {
    return std::any_of(block.deltas.begin(), block.deltas.end(), [&](const auto& other) {
      return other.first.first == key.first && other.first.second != key.second;
    });
  }
  void Add(const Received& received) {
    BlockView* block = Find(received.block);
    if (block == nullptr) return;
    if (!received.same_content) ++view_.different_content;
    Return(received);
    switch (block->at[static_cast<size_t>(received.node)].Add(received.index, received.publisher)) {
      case Arrival::kNext:
        break;
      case Arrival::kDuplicate:
        ++view_.duplicates;
        ++block->duplicates;
        return;
      case Arrival::kGap:
        break;  // counted at the end: what stays a hole
      case Arrival::kOutOfOrder:
        ++view_.out_of_order;
        ++block->out_of_order;
        break;
    }
  }
  // Only a builder that lost its memory with flashblocks nobody else had may learn another history.
  void Add(const Replaced& replaced) {
    for (const Absence& absence : view_.absences[static_cast<size_t>(replaced.node)]) {
      if (!absence.returned_ns || *absence.returned_ns + view_.setup.timing.slot_ns > now_) return;
    }
    ++view_.replaced;
  }
  void Add(const Foreign& foreign) {
    view_.foreign.push_back(absl::StrCat(
        NodeName(view_.setup.shape, static_cast<size_t>(foreign.node)), ": ", foreign.what));
  }
  void Add(const NodeLife& event) {
    auto& absences = view_.absences[static_cast<size_t>(event.node)];
    const bool away = !absences.empty() && !absences.back().up_ns;
    switch (event.life) {
      case Life::kUp:
      case Life::kThawed:
      case Life::kJoined:
        if (away) absences.back().up_ns = now_;
        break;
      case Life::kKilled:
      case Life::kLeaving:
      case Life::kFrozen:
      case Life::kCutOff:
      case Life::kDied:
        if (!away) absences.push_back({now_, event.life, {}, {}});
        absences.back().kind = event.life;
        break;
    }
  }
  void Add(const CheckFailed& failed) { view_.failed_checks.push_back(failed.what); }
  void Add(const PendingChecked& checked) { view_.pending.push_back(checked); }
  void Add(const BuilderAuthorized& given) {
    if (given.error.empty()) authorized_.insert(given.block);
  }
  void Add(const StepFired& step) {
    if (step.how != How::kGraceful && step.victim_was_active) disturbed_.insert(step.block);
  }
  void Add(const StateChanged&) {}

  void CountGaps(const BlockView& block) {
    for (size_t node = 0; node < block.at.size(); ++node) {
      if (view_.Answerable(static_cast<int>(node), block)) view_.gaps += block.at[node].holes();
    }
  }

  // Of every delivery at another node that was there all the time.
  void MeasureLatency() {
    for (const Record& record : view_.records) {
      const auto* received = std::get_if<Received>(&record.what);
      if (received == nullptr || received->own || received->block >= view_.blocks.size()) continue;
      const BlockView& block = view_.blocks[received->block];
      const auto delta = block.deltas.find({received->index, received->publisher});
      if (delta == block.deltas.end() || !view_.Answerable(received->node, block)) continue;
      view_.latency.Add(record.at_ns - delta->second.published_ns);
    }
  }

  int64_t EndOfAbsence(const Absence& absence) const {
    if (!absence.returned_ns) return view_.end_ns;
    for (const BlockView& block : view_.blocks) {
      if (*absence.returned_ns < block.end_ns) return block.end_ns;
    }
    return view_.end_ns;
  }

  // What a builder that was cut off gives itself says nothing.
  void Return(const Received& received) {
    auto& absences = view_.absences[static_cast<size_t>(received.node)];
    if (absences.empty() || !absences.back().up_ns || absences.back().returned_ns) return;
    if (received.own && absences.back().kind == Life::kCutOff) return;
    absences.back().returned_ns = now_;
  }

  RunView& view_;
  int64_t now_ = 0;
  std::set<uint64_t> authorized_, disturbed_;  // blocks
};

}  // namespace

bool RunView::Away(int node, int64_t from_ns, int64_t to_ns) const {
  for (const Absence& absence : absences[static_cast<size_t>(node)]) {
    if (absence.from_ns < to_ns && from_ns < absence.until_ns) return true;
  }
  return false;
}

RunView MakeView(const RunSetup& setup, std::vector<Record> records) {
  RunView view;
  view.setup = setup;
  std::stable_sort(records.begin(), records.end(),
                   [](const Record& a, const Record& b) { return a.at_ns < b.at_ns; });
  view.records = std::move(records);
  view.end_ns = view.records.empty() ? 0 : view.records.back().at_ns + 1;
  Indexer(view).Run();
  return view;
}

}  // namespace flblk::harness
