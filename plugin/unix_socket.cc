#include "plugin/unix_socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "plugin/text.h"

namespace flblk::plugin {
namespace {

absl::Status Errno(int error, std::string_view what) {
  return absl::ErrnoToStatus(error, Cat(what));
}

// 0 where somebody accepts at `path`, else the error number.
int TryConnect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
  memcpy(address.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return errno;
  const int result = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = result == 0 ? 0 : errno;
  close(fd);
  return error;
}

absl::Status CheckFree(const std::string& path) {
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? absl::OkStatus() : Errno(errno, Cat("unix:", path));
  }
  if (!S_ISSOCK(info.st_mode)) {
    return absl::FailedPreconditionError(
        Cat("unix:", path, ": exists and is no socket; it is left alone"));
  }
  const int error = TryConnect(path);
  if (error == ECONNREFUSED)
    return absl::OkStatus();  // nobody listens: left behind by a dead process
  if (error == 0 || error == EAGAIN) {
    return absl::FailedPreconditionError(Cat("unix:", path, ": another process listens there"));
  }
  return Errno(error, Cat("unix:", path));
}

absl::Status NoDirectory(const std::string& path) {
  return absl::NotFoundError(Cat("unix:", path, ": the directory ", path.substr(0, path.rfind('/')),
                                 " does not exist: make it, or set grpc to another place"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<UnixSocketFile>> UnixSocketFile::Prepare(const std::string& path) {
  if (auto status = CheckFree(path); !status.ok()) return status;
  std::unique_ptr<UnixSocketFile> file(new UnixSocketFile(path));
  std::string directory = Cat(path, ".XXXXXX");
  if (mkdtemp(directory.data()) == nullptr) {
    if (errno == ENOENT) return NoDirectory(path);
    return Errno(errno, Cat("unix:", path));
  }
  file->directory_ = directory;
  file->bind_path_ = Cat(directory, "/s");
  return file;
}

absl::Status UnixSocketFile::Publish(mode_t mode) {
  struct stat info;
  if (chmod(bind_path_.c_str(), mode) != 0 || stat(bind_path_.c_str(), &info) != 0 ||
      rename(bind_path_.c_str(), path_.c_str()) != 0) {
    return Errno(errno, Cat("unix:", path_));
  }
  device_ = info.st_dev;
  inode_ = info.st_ino;
  rmdir(directory_.c_str());
  return absl::OkStatus();
}

UnixSocketFile::~UnixSocketFile() {
  struct stat info;
  if (inode_ != 0) {
    const bool ours =
        lstat(path_.c_str(), &info) == 0 && info.st_ino == inode_ && info.st_dev == device_;
    if (ours) unlink(path_.c_str());
  } else if (!directory_.empty()) {
    unlink(bind_path_.c_str());
    rmdir(directory_.c_str());
  }
}

}  // namespace flblk::plugin
