// The files a node reads and keeps at start.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace flblk::plugin {

// The data directory, made where it is missing (mode 0700) and locked while this object lives, so
// that two nodes never share a key, a socket or a journal.
class DataDirectory {
 public:
  // FAILED_PRECONDITION where another node holds it.
  static absl::StatusOr<std::unique_ptr<DataDirectory>> Open(const std::string& path);
  ~DataDirectory();

 private:
  explicit DataDirectory(int fd) : fd_(fd) {}
  int fd_;
};

// The whole file, at most 1 MiB. `what` heads the errors. "" for an empty path.
absl::StatusOr<std::string> ReadTextFile(const std::string& what, const std::string& path);

// A bearer token: one line of 16..1024 printable characters in a file that only its owner can read.
absl::StatusOr<std::string> ReadTokenFile(const std::string& path);

}  // namespace flblk::plugin
