#include "tests/harness/live.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace flblk::harness {
namespace {

double Ms(int64_t ns) { return static_cast<double>(ns) / kNsPerMs; }
double Seconds(int64_t ns) { return static_cast<double>(ns) / (1000.0 * kNsPerMs); }

}  // namespace

LiveView::LiveView(const Shape& shape) : shape_(shape), rows_(shape.nodes()) {}

void LiveView::Apply(const Record& record) {
  now_ns_ = record.at_ns;
  std::visit([this](const auto& what) { On(what); }, record.what);
}

void LiveView::On(const BlockStarted& started) {
  FinishBlock();
  started_ = true;
  block_ = started;
  newest_ = {};
  published_.clear();
  block_latency_ = {};
}

void LiveView::FinishBlock() {
  if (!std::exchange(started_, false)) return;
  news_.push_back(absl::StrFormat(
      "%6.1fs  block %d: %s%s, p50 %.2f ms, max %.2f ms", Seconds(now_ns_), block_.number,
      FormatSequence(newest_.publishers()), block_.recorded ? " (recorded)" : "",
      Ms(block_latency_.Percentile(50)), Ms(block_latency_.Max())));
}

void LiveView::On(const StepFired& step) {
  const std::string to =
      step.successor == kNobody
          ? ""
          : absl::StrCat(", ", BuilderName(static_cast<size_t>(step.successor)), " follows");
  news_.push_back(absl::StrFormat("%6.1fs  %s: %s%s", Seconds(now_ns_),
                                  BuilderName(static_cast<size_t>(step.victim)), Name(step.how),
                                  to));
}

void LiveView::On(const Published& published) {
  published_.emplace(std::pair(published.block, published.index), now_ns_);
}

void LiveView::On(const Received& received) {
  Row& row = rows_[static_cast<size_t>(received.node)];
  ++row.received;
  row.block = block_.number;
  row.publisher = BuilderName(static_cast<size_t>(received.publisher));
  if (received.block != block_.block) return;
  row.flashblocks = received.index + 1;
  if (!newest_.Has(received.index)) newest_.Add(received.index, received.publisher);
  const auto published = published_.find({received.block, received.index});
  if (published == published_.end() || received.own) return;
  row.latency.Add(now_ns_ - published->second);
  block_latency_.Add(now_ns_ - published->second);
}

void LiveView::On(const StateChanged& changed) {
  Row& row = rows_[static_cast<size_t>(changed.builder)];
  if (row.state != changed.state) {
    news_.push_back(absl::StrFormat("%6.1fs  %s is %s (%s)", Seconds(now_ns_),
                                    BuilderName(static_cast<size_t>(changed.builder)),
                                    changed.state, changed.cause));
  }
  row.state = changed.state;
}

void LiveView::On(const NodeLife& event) {
  Row& row = rows_[static_cast<size_t>(event.node)];
  row.life = Name(event.life);
  if (event.life == Life::kKilled || event.life == Life::kDied) row.state = "-";
  news_.push_back(absl::StrFormat("%6.1fs  %s is %s", Seconds(now_ns_),
                                  NodeName(shape_, static_cast<size_t>(event.node)),
                                  Name(event.life)));
}

void LiveView::On(const PendingChecked& checked) {
  if (!block_.recorded || checked.block != block_.block) return;
  news_.push_back(absl::StrFormat("%6.1fs  pending block at %s: %s, %d transactions, gas 0x%x",
                                  Seconds(now_ns_),
                                  NodeName(shape_, static_cast<size_t>(checked.node)),
                                  checked.block_hash, checked.transactions, checked.gas_used));
}

void LiveView::On(const CheckFailed& failed) { news_.push_back("FAILED  " + failed.what); }
void LiveView::On(const Replaced&) {}
void LiveView::On(const Foreign& foreign) { news_.push_back("FAILED  foreign: " + foreign.what); }

std::vector<std::string> LiveView::TakeNews() { return std::exchange(news_, {}); }

std::string LiveView::Table(int64_t now_ns) const {
  std::string out = absl::StrFormat("%6.1fs  block %d  %s\n", Seconds(now_ns), block_.number,
                                    FormatSequence(newest_.publishers()));
  absl::StrAppendFormat(&out, "%-5s %-8s %-11s %10s %6s %4s %9s %9s %9s\n", "node", "process",
                        "state", "block", "deltas", "from", "received", "p50 ms", "p99 ms");
  for (size_t node = 0; node < rows_.size(); ++node) {
    const Row& row = rows_[node];
    absl::StrAppendFormat(&out, "%-5s %-8s %-11s %10d %6d %4s %9d %9.2f %9.2f\n",
                          NodeName(shape_, node), row.life, row.state, row.block, row.flashblocks,
                          row.publisher, row.received, Ms(row.latency.Percentile(50)),
                          Ms(row.latency.Percentile(99)));
  }
  return out;
}

}  // namespace flblk::harness
