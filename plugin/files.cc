#include "plugin/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "absl/strings/str_format.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

constexpr size_t kMaxFileBytes = size_t{1} << 20;
constexpr size_t kMinToken = 16, kMaxToken = 1024;

}  // namespace

absl::StatusOr<std::unique_ptr<DataDirectory>> DataDirectory::Open(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return absl::ErrnoToStatus(errno, Cat("datadir ", path));
  const std::string lock = Cat(path, "/lock");
  const int fd = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return absl::ErrnoToStatus(errno, Cat("datadir ", lock));
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    close(fd);
    return absl::FailedPreconditionError(Cat("datadir ", path, ": another node uses it"));
  }
  return std::unique_ptr<DataDirectory>(new DataDirectory(fd));
}

DataDirectory::~DataDirectory() { close(fd_); }

absl::StatusOr<std::string> ReadTextFile(const std::string& what, const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::ErrnoToStatus(errno, Cat(what, " ", path));
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return Invalid(what, " ", path, ": cannot be read");
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes)
    return Invalid(what, " ", path, ": above ", kMaxFileBytes, " bytes");
  if (text.empty()) return Invalid(what, " ", path, ": empty");
  return text;
}

absl::StatusOr<std::string> ReadTokenFile(const std::string& path) {
  if (path.empty()) return std::string();
  struct stat info;
  if (stat(path.c_str(), &info) != 0)
    return absl::ErrnoToStatus(errno, Cat("grpc_token_file ", path));
  if ((info.st_mode & 077) != 0) {
    return absl::PermissionDeniedError(
        absl::StrFormat("grpc_token_file %s: others may use it (mode %04o), want mode 0600", path,
                        info.st_mode & 07777));
  }
  auto text = ReadTextFile("grpc_token_file", path);
  if (!text.ok()) return text;
  const std::string token(Trim(*text));
  const bool printable =
      std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!printable || token.size() < kMinToken || token.size() > kMaxToken) {
    return Invalid("grpc_token_file ", path, ": want one line of ", kMinToken, "..", kMaxToken,
                   " printable characters without blanks");
  }
  return token;
}

}  // namespace flblk::plugin
