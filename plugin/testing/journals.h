// A journal of 32 records in a directory of its own, and a process that is killed while it uses it.
#pragma once

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "plugin/journal.h"
#include "plugin/testing/samples.h"
#include "plugin/testing/temp_dir.h"
#include "plugin/text.h"

namespace flblk::plugin {

inline Hash32 Digest(uint8_t fill) {
  Hash32 out;
  out.fill(fill);
  return out;
}
inline PayloadId Id(uint8_t n) { return {4, 0, 0, 0, 0, 0, 0, n}; }

class JournalTest : public testing::Test {
 protected:
  static constexpr size_t kRecords = 32;
  absl::StatusOr<std::unique_ptr<Journal>> Open(uint8_t builder = 2) {
    return Journal::Open(path_, TestKey(builder).public_key(), boot_, kRecords);
  }
  void Reboot(uint64_t unix_seconds) {
    ++boot_.id[0];
    boot_.unix_seconds = unix_seconds;
  }
  std::string OpenError() { return std::string(Open().status().message()); }
  void Overwrite(size_t at, const std::string& bytes) {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file << bytes;
  }
  static size_t PlaceOf(size_t record) { return (record + 1) * Journal::kRecordBytes; }

  Journal::Boot boot_{.id = {1}, .unix_seconds = 100};
  TempDir dir_;
  const std::string path_ = dir_.path() + "/journal";
};

// A child claims one index after another and says each that was granted; it is killed at any point.
class KilledChild {
 public:
  template <typename Claims>
  explicit KilledChild(const Claims& claims) {
    int ends[2];
    if (pipe(ends) != 0 || (pid_ = fork()) < 0) abort();
    if (pid_ == 0) claims([&](uint64_t n) { (void)!write(ends[1], &n, sizeof n); });
    close(ends[1]);
    granted_ = ends[0];
  }
  // The newest claim that was granted.
  uint64_t KillAfter(std::chrono::microseconds delay) {
    uint64_t newest = 0, next = 0;
    bool first = read(granted_, &newest, sizeof newest) == sizeof newest;  // it has begun
    std::this_thread::sleep_for(delay);
    kill(pid_, SIGKILL);
    while (first && read(granted_, &next, sizeof next) == sizeof next) newest = next;
    waitpid(pid_, nullptr, 0);
    close(granted_);
    return newest;
  }

 private:
  pid_t pid_ = 0;
  int granted_ = -1;
};

}  // namespace flblk::plugin
