// Calls from any thread into the network thread: bounded, many producers, one consumer.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <vector>

#include "absl/status/status.h"

namespace flblk::net {

class HostQueue {
 public:
  using Task = std::function<void()>;

  // `wake` is called by a producer, outside the lock, whenever the queue ceases to be empty; it
  // must make the consumer call RunAll soon, and be callable from any thread.
  HostQueue(size_t capacity, std::function<void()> wake)
      : capacity_(capacity), wake_(std::move(wake)) {}

  // Any thread. RESOURCE_EXHAUSTED at `capacity` waiting tasks, UNAVAILABLE while closed; the task
  // was not taken.
  absl::Status Post(Task task);

  // Consumer thread. Runs what waited when it was called, in order; a task may post again.
  void RunAll();

  // Any thread. The queue begins closed: posts are refused. What waits when it closes still runs.
  void Open();
  void Close();

 private:
  const size_t capacity_;
  const std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<Task> waiting_;  // guarded by mutex_
  bool open_ = false;          // guarded by mutex_
  std::vector<Task> running_;  // consumer only; keeps its memory
};

}  // namespace flblk::net
