// A small but faithful block builder beside one sidecar: it hands forkchoice events on, waits for
// its clearance, continues from the resume point, publishes each delta when it is due, one at a
// time, and stops when the clearance is revoked or the block is sealed.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <thread>

#include "signer/authorization.h"
#include "tests/harness/run_context.h"

namespace flblk::harness {

class BuilderHost {
 public:
  // `run` outlives the host. Streams are opened at once, and again whenever they break.
  BuilderHost(RunContext& run, int builder);
  ~BuilderHost();  // ends the streams and joins

  // What the engine does, carried out in order on the host's own thread; each returns at once.
  // A new job: forkchoice with attributes and Authorization. The last block's payload is sealed
  // first.
  void Begin(const BlockPlan& plan, const Authorization& authorization);
  // Another sequencer leads: a bare head update, as the builder of a follower gets it.
  void HeadUpdate();
  // getPayload was answered.
  void Seal();

 private:
  struct Job {
    BlockPlan plan;
    bool sealed = false;
  };
  struct Clearance {
    uint64_t number = 0;  // counts clearances, so that a late answer does not touch a newer one
    std::string payload_id;
    uint64_t next_index = 0;
  };
  struct Work {
    uint64_t clearance = 0, block = 0, index = 0;
  };
  using PublishStream = grpc::ClientReaderWriter<v1::PublishRequest, v1::PublishResponse>;

  void EngineLoop();
  void WatchLoop();
  bool Watching() const { return watch_ % 2 == 1; }
  void PublishLoop();
  void Post(std::function<void()> call);
  void Forkchoice(const v1::ForkchoiceUpdatedRequest& request, const uint64_t* block);
  void SealNow();
  void OnPublishing(const v1::PublishingEvent& event);
  void CheckResumePoint(uint64_t block, const v1::PublishingEvent& event);
  // The next delta of a cleared job, waited for until it is due; nullopt: nothing within a short
  // time.
  std::optional<Work> WaitForWork();
  bool PublishOne(PublishStream& stream, const Work& work);
  void OnAnswer(const Work& work, const v1::PublishResponse& answer);
  v1::Builder::Stub& stub() { return run_.nodes[static_cast<size_t>(builder_)]->builder(); }
  // Runs `body` with a context that the destructor can cancel.
  void WithContext(grpc::ClientContext*& slot,
                   const std::function<void(grpc::ClientContext&)>& body);

  RunContext& run_;
  const int builder_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> stop_ = false;
  std::atomic<uint64_t> watch_ = 0;  // odd while the node answers WatchPublishing
  std::deque<std::function<void()>> calls_;
  std::optional<Job> job_;
  std::optional<Clearance> clearance_;
  uint64_t clearances_ = 0, sequence_ = 0;
  grpc::ClientContext *watch_context_ = nullptr, *publish_context_ = nullptr,
                      *engine_context_ = nullptr;
  std::thread engine_thread_, watch_thread_, publish_thread_;
};

}  // namespace flblk::harness
