// What a person sees while a run goes on: a table redrawn in place on a terminal, one line per
// block elsewhere. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/harness/latency.h"
#include "tests/harness/run_view.h"

namespace flblk::harness {

class LiveView {
 public:
  explicit LiveView(const Shape& shape);

  void Apply(const Record& record);
  // After the last record.
  void Finish() { FinishBlock(); }

  // Lines that are news since the last call: finished blocks, script steps, failures.
  std::vector<std::string> TakeNews();
  // One line per node and a headline; every line ends with a newline.
  std::string Table(int64_t now_ns) const;

 private:
  struct Row {
    std::string life = "up", state = "-";
    uint64_t block = 0, flashblocks = 0, received = 0;
    std::string publisher = "-";
    Latencies latency;
  };
  void On(const BlockStarted& started);
  void On(const StepFired& step);
  void On(const Published& published);
  void On(const Received& received);
  void On(const Replaced& replaced);
  void On(const StateChanged& changed);
  void On(const NodeLife& event);
  void On(const PendingChecked& checked);
  void On(const CheckFailed& failed);
  void On(const Foreign& foreign);
  void On(const BuilderAuthorized&) {}
  void On(const Answered&) {}
  void FinishBlock();

  const Shape shape_;
  int64_t now_ns_ = 0;
  bool started_ = false;
  BlockStarted block_;
  std::vector<Row> rows_;
  SequenceChecker newest_;  // of the current block, at whoever has it first
  std::map<std::pair<uint64_t, uint64_t>, int64_t>
      published_;  // (block, index) of the current block
  Latencies block_latency_;
  std::vector<std::string> news_;
};

}  // namespace flblk::harness
