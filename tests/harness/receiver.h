// A subscriber of one node: records every verified flashblock, checks its content, and on request
// the pending block.
#pragma once

#include <atomic>
#include <map>
#include <thread>

#include "tests/harness/run_context.h"

namespace flblk::harness {

class Receiver {
 public:
  // `run` outlives the receiver. Subscribes at once, and again whenever the stream breaks.
  Receiver(RunContext& run, size_t node);
  ~Receiver();  // ends the stream and joins

  // Compares GetPendingBlock with the reduction of as many deltas of `block` as it says;
  // `complete`: it must be all of them. Failures and the result go to the log. Blocks for at most a
  // second.
  void CheckPending(uint64_t block, bool complete);

 private:
  using Seen = std::map<std::pair<uint64_t, uint64_t>, int>;  // (block, index) to its publisher

  void Loop();
  void ReadStream(grpc::ClientContext& context);
  void Take(const v1::VerifiedFlashblock& verified, Seen& seen);

  RunContext& run_;
  const size_t node_;
  Seen earlier_;  // by the streams before this one
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  grpc::ClientContext* context_ = nullptr;  // of the open stream
  std::thread thread_;
};

}  // namespace flblk::harness
