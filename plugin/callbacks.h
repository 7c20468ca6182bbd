// Carries events to a host's C callbacks, one after the other, on one thread. A slow host delays
// only itself: beyond kMaxFlashblocks waiting ones further flashblocks are counted instead of
// queued.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "plugin/flblk.h"
#include "plugin/host.h"
#include "plugin/hub.h"

namespace flblk::plugin {

class HostCallbacks final : public Sink {
 public:
  static constexpr size_t kMaxFlashblocks = 1024;
  static constexpr size_t kMaxPendingResults = 4096;  // publish_async calls without their callback

  HostCallbacks(const flblk_callbacks& callbacks, void* user)
      : callbacks_(callbacks), user_(user) {}
  ~HostCallbacks() override { Stop(); }

  void Start();
  // Makes the callbacks that are due, those of reserved results included, then joins. Idempotent.
  void Stop();
  bool OnOwnThread() const;

  // RESOURCE_EXHAUSTED at kMaxPendingResults, UNAVAILABLE unless between Start and Stop. Each
  // success is followed by one Result, which is told even where Stop came between.
  absl::Status ReserveResult();
  void Result(uint64_t ticket, const Verdict& verdict);

  uint64_t delivered() const { return delivered_; }
  uint64_t lost() const { return lost_; }

  void OnFlashblock(const core::FlashblockDelivered& event, int64_t unix_ns) override;
  void OnTransition(const Transition& transition) override;
  void OnLost() override { ++lost_since_; }

 private:
  // How long Stop waits for a Result of a call that was under way. The node answers at once then.
  static constexpr std::chrono::milliseconds kResultLimit{500};

  // After Stop only what is `promised` is taken.
  void Post(std::function<void()> fn, bool promised = false);
  void Run();
  void Tell(const core::FlashblockDelivered& event, uint64_t lost) const;
  void Tell(const Transition& transition) const;

  const flblk_callbacks callbacks_;
  void* const user_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool running_ = false;
  size_t pending_results_ = 0;                     // reserved and not told yet
  std::chrono::steady_clock::time_point give_up_;  // after Stop
  std::thread thread_;
  std::atomic<std::thread::id> own_thread_{};
  std::atomic<size_t> waiting_flashblocks_ = 0;
  std::atomic<uint64_t> delivered_ = 0, lost_ = 0;
  uint64_t lost_since_ = 0;  // hub's thread: left out since the last one queued
};

// The structs of the C ABI from the domain's values.
flblk_authorization ToAbi(const Authorization& authorization);
flblk_publish_result ToAbi(const Verdict& verdict);
flblk_bytes ToAbi(ByteView bytes);

}  // namespace flblk::plugin
