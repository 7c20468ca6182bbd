// Losses and completeness, block by block.
#include "absl/strings/str_cat.h"
#include "tests/harness/report.h"

namespace flblk::harness {
namespace {

class BlockJudge {
 public:
  BlockJudge(const RunView& view, const BlockView& block, Report& report)
      : view_(view), block_(block), report_(report) {
    out_.block = block.started.block;
    out_.number = block.started.number;
    out_.slot = block.started.slot;
    out_.planned = block.started.planned;
    out_.recorded = block.started.recorded;
    out_.disturbed = block.disturbed;
  }

  BlockReport Run() {
    Union();
    for (const auto& [key, delta] : block_.deltas) JudgeDelta(key, delta);
    JudgeReceivers();
    if (!block_.disturbed && Present() < out_.planned) {
      Violation(
          absl::StrCat("incomplete: ", FormatSequence(out_.publishers), " of ", out_.planned));
    }
    report_.lost += out_.lost;
    report_.excused += out_.excused;
    return std::move(out_);
  }

 private:
  void Violation(const std::string& words) {
    report_.violations.push_back(absl::StrCat("block ", out_.block, ": ", words));
  }

  bool Answerable(size_t node) const { return view_.Answerable(static_cast<int>(node), block_); }
  std::string NodeOf(size_t node) const { return NodeName(view_.setup.shape, node); }

  // What the receivers that were there all the time have; of the others only where there is no such
  // receiver.
  void Union() {
    for (bool answerable : {true, false}) {
      for (size_t node = 0; node < block_.at.size(); ++node) {
        if (Answerable(node) == answerable) Merge(block_.at[node].publishers());
      }
      if (!out_.publishers.empty()) return;
    }
  }
  void Merge(const std::vector<int>& publishers) {
    if (out_.publishers.size() < publishers.size()) {
      out_.publishers.resize(publishers.size(), kNobody);
    }
    for (size_t i = 0; i < publishers.size(); ++i) {
      if (out_.publishers[i] == kNobody) out_.publishers[i] = publishers[i];
    }
  }

  uint64_t Present() const {
    uint64_t present = 0;
    for (int publisher : out_.publishers) present += publisher != kNobody;
    return present;
  }

  // Did the builder crash or freeze within the block, after that time, or was it cut off then? That
  // lasts until it hears the others again: TCP takes its time after a cut.
  bool FellAfter(int builder, int64_t time_ns) const {
    for (const Absence& absence : view_.absences[static_cast<size_t>(builder)]) {
      if (absence.kind == Life::kCutOff && absence.from_ns <= time_ns &&
          time_ns < absence.returned_ns.value_or(view_.end_ns)) {
        return true;
      }
      if (absence.from_ns >= time_ns &&
          absence.from_ns < block_.end_ns + view_.setup.timing.slot_ns) {
        return true;
      }
    }
    return false;
  }

  bool ReachedAnother(uint64_t index, int builder) const {
    for (size_t node = 0; node < block_.at.size(); ++node) {
      if (static_cast<int>(node) != builder && block_.at[node].Has(index) &&
          block_.at[node].publishers()[index] == builder) {
        return true;
      }
    }
    return false;
  }

  void JudgeDelta(const DeltaKey& key, const Delta& delta) {
    const auto& [index, builder] = key;
    const bool fell = FellAfter(builder, delta.published_ns);
    if (!delta.answered_ns) {
      if (!fell && !view_.Away(builder, delta.published_ns, view_.end_ns)) {
        Violation(absl::StrCat("publish of index ", index, " by ",
                               NodeOf(static_cast<size_t>(builder)), " was never answered"));
      }
      return;
    }
    if (delta.code != 0) return;
    if (fell && !ReachedAnother(index, builder)) {
      ++out_.excused;
      return;
    }
    for (size_t node = 0; node < block_.at.size(); ++node) {
      if (!Answerable(node) || block_.at[node].Has(index)) continue;
      ++out_.lost;
      Violation(absl::StrCat("index ", index, " of ", NodeOf(static_cast<size_t>(builder)),
                             " lost at ", NodeOf(node)));
    }
  }

  void JudgeReceivers() {
    for (size_t node = 0; node < block_.at.size(); ++node) {
      const std::vector<int>& publishers = block_.at[node].publishers();
      if (publishers == out_.publishers) continue;
      out_.differing.push_back(absl::StrCat(NodeOf(node), " ", FormatSequence(publishers)));
      if (Answerable(node)) {
        Violation(absl::StrCat("receivers disagree: ", FormatSequence(out_.publishers), "; ",
                               out_.differing.back()));
      }
    }
  }

  const RunView& view_;
  const BlockView& block_;
  Report& report_;
  BlockReport out_;
};

}  // namespace

void JudgeBlocks(const RunView& view, Report& report) {
  for (const BlockView& block : view.blocks) {
    report.blocks.push_back(BlockJudge(view, block, report).Run());
  }
}

}  // namespace flblk::harness
