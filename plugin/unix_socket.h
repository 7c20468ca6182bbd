// A Unix socket file that appears complete: with its mode, and only once somebody listens behind
// it.
//
// The server binds a name inside a private directory (mode 0700) beside the wanted path; Publish
// gives the file its mode and moves it to its place. No umask is changed and nobody can connect in
// between.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace flblk::plugin {

class UnixSocketFile {
 public:
  // FAILED_PRECONDITION where another process listens at `path`, or something that is no socket is
  // there. The file of a dead process is replaced by Publish.
  static absl::StatusOr<std::unique_ptr<UnixSocketFile>> Prepare(const std::string& path);
  // Removes the file where it is still ours.
  ~UnixSocketFile();

  const std::string& bind_path() const { return bind_path_; }
  absl::Status Publish(mode_t mode);

 private:
  explicit UnixSocketFile(std::string path) : path_(std::move(path)) {}
  std::string path_, directory_, bind_path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;  // 0: not published
};

}  // namespace flblk::plugin
