// A directory of a test's own, removed with what is in it.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

namespace flblk::plugin {

class TempDir {
 public:
  TempDir() : path_("/tmp/flblk.XXXXXX") {  // short, as socket paths have to be
    if (mkdtemp(path_.data()) == nullptr) abort();
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace flblk::plugin
