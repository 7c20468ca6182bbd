#include "p2p/net/seal_pool.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <system_error>

#include "glog/logging.h"

namespace flblk::net {

using rlpx::FrameSealer;

namespace {

// Beyond the one each worker is at, so that it finds the next one at once.
constexpr size_t kWaitingPerWorker = 1;

}  // namespace

size_t DefaultSealThreads() {
  const unsigned processors = std::thread::hardware_concurrency();
  return processors < 4 ? 0 : processors < 8 ? 1 : 2;
}

// ---- a loan

void SealPool::Loan::Fill(const wire::FramePtr& frame, std::span<const rlpx::Session::Egress> group,
                          size_t tag) {
  const size_t size = FrameSealer::SealedSize(frame->snappy.size());
  tag_ = tag;
  frame_ = frame;
  count_ = group.size();
  for (size_t i = 0; i < count_; ++i) {
    Lane& lane = lanes_[i];
    if (!lane.sealer) lane.sealer.emplace(rlpx::Secrets{});
    lane.sealer->CopyFrom(*group[i].sealer);
    lane.id = WireId(*frame, group[i]);
    if (lane.out.capacity >= size) continue;
    lane.out = {std::make_unique_for_overwrite<uint8_t[]>(size), size};
  }
}

void SealPool::Loan::Seal() {
  std::array<rlpx::SealJob, kFanOutGroup> jobs;
  for (size_t i = 0; i < count_; ++i) {
    jobs[i] = {.sealer = &*lanes_[i].sealer, .id = lanes_[i].id, .out = lanes_[i].out.data.get()};
  }
  rlpx::SealMany(frame_->snappy, std::span(jobs).first(count_));
}

void SealPool::Loan::Adopt(size_t i, const rlpx::Session::Egress& session) {
  std::swap(*session.sealer, *lanes_[i].sealer);
  session.output->Adopt(lanes_[i].out, FrameSealer::SealedSize(frame_->snappy.size()));
}

// ---- the pool

SealPool::SealPool(size_t threads, std::function<void()> before_seal)
    : threads_(std::min(threads, kMaxThreads)), before_seal_(std::move(before_seal)) {}

// Signals are the host's business: they must not be delivered to these threads.
bool SealPool::Start() {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    while (workers_.size() < threads_) {
      workers_.emplace_back([this] {
        pthread_setname_np(pthread_self(), "flblk-seal");
        Work();
      });
    }
  } catch (const std::system_error& error) {
    LOG(WARNING) << "event=no_seal_thread error=\"" << error.what() << '"';
    threads_ = workers_.size();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return threads_ > 0;
}

SealPool::~SealPool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  to_do_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void SealPool::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    to_do_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
    if (stop_) return;
    Loan* const loan = waiting_.front();
    waiting_.pop_front();
    begun_.push_back(loan);
    lock.unlock();
    if (before_seal_) before_seal_();
    loan->Seal();
    lock.lock();
    const auto at = std::find(begun_.begin(), begun_.end(), loan);
    if (at == begun_.end()) {  // taken away
      idle_.push_back(loan);
      continue;
    }
    begun_.erase(at);
    sealed_.push_back(loan);
    done_.notify_one();
  }
}

SealPool::Loan* SealPool::Idle() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      Loan* const loan = idle_.back();
      idle_.pop_back();
      return loan;
    }
  }
  return loans_.emplace_back(std::make_unique<Loan>()).get();
}

bool SealPool::wants() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size() + begun_.size() < (1 + kWaitingPerWorker) * threads_;
}

bool SealPool::Lend(const wire::FramePtr& frame, std::span<const rlpx::Session::Egress> group,
                    size_t tag) {
  if (workers_.empty() && !Start()) return false;
  Loan* const loan = Idle();
  loan->Fill(frame, group, tag);
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(loan);
  }
  to_do_.notify_one();
  ++lent_;
  return true;
}

SealPool::Loan* SealPool::TakeSealed() {
  const std::lock_guard lock(mutex_);
  if (sealed_.empty()) return nullptr;
  Loan* const loan = sealed_.front();
  sealed_.pop_front();
  --lent_;
  return loan;
}

std::optional<size_t> SealPool::TakeBack() {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) return std::nullopt;
  Loan* const loan = waiting_.back();
  waiting_.pop_back();
  loan->frame_ = nullptr;
  idle_.push_back(loan);
  --lent_;
  return loan->tag();
}

std::optional<size_t> SealPool::TakeAway() {
  if (std::optional<size_t> tag = TakeBack()) return tag;
  const std::lock_guard lock(mutex_);
  if (begun_.empty()) return std::nullopt;
  Loan* const loan = begun_.back();
  begun_.pop_back();
  --lent_;
  return loan->tag();
}

void SealPool::Return(Loan* loan) {
  loan->frame_ = nullptr;
  const std::lock_guard lock(mutex_);
  idle_.push_back(loan);
}

bool SealPool::WaitUntil(std::chrono::steady_clock::time_point limit) {
  std::unique_lock lock(mutex_);
  return done_.wait_until(lock, limit, [this] { return !sealed_.empty(); });
}

}  // namespace flblk::net
