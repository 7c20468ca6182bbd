#include "p2p/net/host_queue.h"

#include "absl/strings/str_cat.h"

namespace flblk::net {

absl::Status HostQueue::Post(Task task) {
  bool was_empty = false;
  {
    std::lock_guard lock(mutex_);
    if (!open_) return absl::UnavailableError("the node is not running");
    if (waiting_.size() >= capacity_) {
      return absl::ResourceExhaustedError(
          absl::StrCat("max_host_queue: ", capacity_, " calls wait for the network thread"));
    }
    was_empty = waiting_.empty();
    waiting_.push_back(std::move(task));
  }
  if (was_empty) wake_();
  return absl::OkStatus();
}

void HostQueue::RunAll() {
  {
    std::lock_guard lock(mutex_);
    running_.swap(waiting_);
  }
  for (Task& task : running_) task();
  running_.clear();
}

void HostQueue::Open() {
  std::lock_guard lock(mutex_);
  open_ = true;
}

void HostQueue::Close() {
  std::lock_guard lock(mutex_);
  open_ = false;
}

}  // namespace flblk::net
