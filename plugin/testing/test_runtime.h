// A runtime on a FakeNode in a directory of its own, for tests.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "plugin/runtime.h"
#include "plugin/testing/fake_node.h"
#include "plugin/testing/temp_dir.h"

namespace flblk::plugin {

class TestRuntime {
 public:
  // `toml`: further settings. The gRPC socket is <dir>/flblk.sock.
  explicit TestRuntime(const std::string& toml = "");

  absl::Status Create();  // into runtime
  absl::Status Start();   // Create, then Runtime::Start

  std::string target() const { return "unix:" + dir.path() + "/flblk.sock"; }
  // Everything told so far has reached the sinks.
  void Settle();
  std::vector<std::string> Lines();  // of the log so far

  TempDir dir;
  Config config;
  FakeNode* node = nullptr;                          // after Create; owned by the runtime
  absl::Status node_start_status, node_info_status;  // before Create

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;

 public:
  std::unique_ptr<Runtime> runtime;  // logs until it is gone
};

}  // namespace flblk::plugin
