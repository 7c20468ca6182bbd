// A child process that never outlives us: ended by its pid on destruction, and by the kernel where
// we are killed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace flblk::harness {

class Child {
 public:
  // argv[0] is the program's path. Output goes to `log_path` (appended). Must be called on a thread
  // that lives as long as the child is wanted: the kernel ends the child with that thread.
  // `network_fd`: the network namespace it runs in; -1: ours.
  static absl::StatusOr<Child> Spawn(const std::vector<std::string>& argv,
                                     const std::string& log_path, int network_fd = -1);

  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();  // SIGKILL where it still runs

  pid_t pid() const { return pid_; }
  bool running();
  void Signal(int signal);
  // SIGSTOP; returns when every thread stands still, or after a second.
  void Freeze();
  // True where it ended in time.
  bool WaitFor(std::chrono::milliseconds limit);
  // How it ended: "exit code 3", "signal 9"; "running" before that.
  std::string Ending() const;
  bool EndedCleanly() const;  // exit code 0

 private:
  explicit Child(pid_t pid) : pid_(pid) {}
  void End();

  pid_t pid_ = -1;
  std::optional<int> status_;  // of waitpid
};

// A TCP port of 127.0.0.1 that is free now, below the range the system takes for outgoing
// connections.
absl::StatusOr<uint16_t> FreePort();

// The last `lines` lines of a text file; empty where it cannot be read.
std::string Tail(const std::string& path, size_t lines);

}  // namespace flblk::harness
