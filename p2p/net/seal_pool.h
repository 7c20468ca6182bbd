// Threads that seal groups of a fan-out beside the network thread. What one seals is byte for byte
// what the network thread would have sealed in its place.
//
// A group goes out on loan: the pool copies the egress states of its sessions, a worker seals the
// frame with the copies into memory of the pool, and whoever lent it takes states and bytes over
// (rlpx::OutputBuffer::Adopt) or, where the worker is late, seals the group itself and forgets the
// loan. So the sessions are never in the hands of two threads, and no wait has to be longer than
// the lender likes.
//
// Thread: the network thread only, workers aside. Workers allocate nothing and call nothing but
// rlpx::SealMany.
#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "p2p/net/fan_out.h"
#include "p2p/wire/time.h"

namespace flblk::net {

// None below four processors, where network thread and host need what there is; one below eight;
// then two.
size_t DefaultSealThreads();

class SealPool {
 public:
  static constexpr size_t kMaxThreads = 64;

  // The threads begin with the first loan. `before_seal`, for tests, is called by a worker that has
  // begun a group.
  explicit SealPool(size_t threads, std::function<void()> before_seal = nullptr);
  ~SealPool();  // joins
  SealPool(const SealPool&) = delete;
  SealPool& operator=(const SealPool&) = delete;

  size_t threads() const { return threads_; }

  class Loan;
  // Whether workers would run out of work without another loan soon.
  bool wants() const;
  // Lends a group of at most kFanOutGroup, each of which CanSeal(*frame). False: there is no worker
  // (the system gave us no thread). `tag` comes back with the loan.
  bool Lend(const wire::FramePtr& frame, std::span<const rlpx::Session::Egress> group, size_t tag);
  size_t lent() const { return lent_; }  // and not taken yet

  // What has become of loans, each at most once; all end lent().
  //   TakeSealed: one that is sealed, null where none is; to be given to Return after use.
  //   TakeBack:   the tag of one that no worker has begun.
  //   TakeAway:   the tag of any that is still out; a worker at it works for nothing.
  Loan* TakeSealed();
  std::optional<size_t> TakeBack();
  std::optional<size_t> TakeAway();
  void Return(Loan* loan);
  // Waits until TakeSealed would give one or the time has come; false: it has.
  bool WaitUntil(std::chrono::steady_clock::time_point limit);

 private:
  bool Start();
  void Work();
  Loan* Idle();

  size_t threads_;
  const std::function<void()> before_seal_;
  std::vector<std::unique_ptr<Loan>> loans_;  // network thread; every one there is
  size_t lent_ = 0;                           // network thread
  mutable std::mutex mutex_;
  std::condition_variable to_do_, done_;
  std::deque<Loan*> waiting_;  // guarded by mutex_
  std::vector<Loan*> begun_;   // guarded by mutex_; by workers, and not taken away
  std::deque<Loan*> sealed_;   // guarded by mutex_
  std::vector<Loan*> idle_;    // guarded by mutex_
  bool stop_ = false;          // guarded by mutex_
  std::vector<std::thread> workers_;
};

// A sealed group.
class SealPool::Loan {
 public:
  size_t tag() const { return tag_; }
  // Session i takes over state and bytes. Only where it has sealed nothing since.
  void Adopt(size_t i, const rlpx::Session::Egress& session);

 private:
  friend class SealPool;
  struct Lane {
    std::optional<rlpx::FrameSealer> sealer;
    uint8_t id = 0;
    rlpx::OutputBuffer::Block out;
  };
  void Fill(const wire::FramePtr& frame, std::span<const rlpx::Session::Egress> group, size_t tag);
  void Seal();

  size_t tag_ = 0;
  wire::FramePtr frame_;
  size_t count_ = 0;
  std::array<Lane, kFanOutGroup> lanes_;
};

}  // namespace flblk::net
