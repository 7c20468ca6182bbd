#include "signer/key_file.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace flblk {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";

// A stack buffer that is wiped when it goes.
template <class T, size_t N>
struct Wiped {
  std::array<T, N> data{};
  ~Wiped() { sodium_memzero(data.data(), sizeof data); }
};

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kWhiteSpace);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kWhiteSpace) - first + 1);
}

absl::Status ParseKeyHex(std::string_view what, std::string_view text, std::span<uint8_t> out) {
  const std::string_view digits = Trim(text);
  if (digits.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(what), ": is empty, want ", 2 * out.size(), " hex digits"));
  }
  return FromHexExact(digits, what, out);
}

absl::Status CheckIsPrivateFile(const std::string& what, int fd) {
  struct stat info;
  if (::fstat(fd, &info) != 0) return absl::ErrnoToStatus(errno, what);
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(what, ": is not a regular file"));
  }
  const unsigned mode = info.st_mode & 07777;
  if ((mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::PermissionDeniedError(
        absl::StrFormat("%s: others may use it (mode %04o), want mode 0600", what, mode));
  }
  return absl::OkStatus();
}

// Up to buffer.size() bytes; fewer only at the end of the file.
absl::StatusOr<size_t> ReadUpTo(const std::string& what, int fd, std::span<char> buffer) {
  size_t size = 0;
  while (size < buffer.size()) {
    const ssize_t n = ::read(fd, buffer.data() + size, buffer.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return absl::ErrnoToStatus(errno, what);
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  return size;
}

absl::Status WriteAndSync(const std::string& what, int fd, std::string_view text) {
  // The umask may have taken bits away from what open() was asked for.
  if (::fchmod(fd, S_IRUSR | S_IWUSR) != 0) return absl::ErrnoToStatus(errno, what);
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return absl::ErrnoToStatus(errno, what);
    text.remove_prefix(static_cast<size_t>(n));
  }
  if (::fsync(fd) != 0) return absl::ErrnoToStatus(errno, what);
  return absl::OkStatus();
}

// Makes the file's name last, too.
absl::Status SyncDirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string directory =
      slash == path.npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
  const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok() || ::fsync(fd.get()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("directory ", directory));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status LoadSecretHexFile(const std::string& path, std::span<uint8_t, 32> out) {
  std::fill(out.begin(), out.end(), uint8_t{0});
  const std::string what = absl::StrCat("key file ", path);
  // O_NONBLOCK: opening a pipe must not wait for its writer.
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.ok()) return absl::ErrnoToStatus(errno, what);
  if (absl::Status status = CheckIsPrivateFile(what, fd.get()); !status.ok()) return status;
  Wiped<char, kMaxKeyFileSize + 1> text;
  const absl::StatusOr<size_t> size = ReadUpTo(what, fd.get(), text.data);
  if (!size.ok()) return size.status();
  if (*size > kMaxKeyFileSize) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": is longer than ", kMaxKeyFileSize, " bytes, want 64 hex digits"));
  }
  return ParseKeyHex(what, {text.data.data(), *size}, out);
}

absl::Status WriteSecretHexFile(const std::string& path, std::span<const uint8_t, 32> secret) {
  const std::string what = absl::StrCat("key file ", path);
  Wiped<char, 65> text;
  sodium_bin2hex(text.data.data(), text.data.size(), secret.data(), secret.size());
  text.data.back() = '\n';
  // Written beside it, and given its name when it is whole: nobody ever reads part of a key.
  std::string draft = path + ".XXXXXX";
  const Descriptor fd(::mkostemp(draft.data(), O_CLOEXEC));
  if (!fd.ok()) return absl::ErrnoToStatus(errno, what);
  absl::Status status = WriteAndSync(what, fd.get(), {text.data.data(), text.data.size()});
  if (status.ok() && ::link(draft.c_str(), path.c_str()) != 0) {
    status = absl::ErrnoToStatus(errno, what);
  }
  ::unlink(draft.c_str());
  if (!status.ok()) return status;
  status = SyncDirectoryOf(path);
  if (!status.ok()) ::unlink(path.c_str());
  return status;
}

absl::StatusOr<SecretKey> LoadSecretKey(const std::string& path) {
  Wiped<uint8_t, 32> seed;
  if (absl::Status status = LoadSecretHexFile(path, seed.data); !status.ok()) return status;
  return SecretKey::FromSeed(seed.data);
}

absl::StatusOr<SecretKey> CreateSecretKeyFile(const std::string& path) {
  Wiped<uint8_t, 32> seed;
  if (sodium_init() < 0) return absl::InternalError("libsodium does not start");
  randombytes_buf(seed.data.data(), seed.data.size());
  if (absl::Status status = WriteSecretHexFile(path, seed.data); !status.ok()) return status;
  return SecretKey::FromSeed(seed.data);
}

absl::StatusOr<SecretKey> SecretKeyFromValue(std::string_view name, std::string_view value) {
  Wiped<uint8_t, 32> seed;
  if (absl::Status status = ParseKeyHex(name, value, seed.data); !status.ok()) return status;
  return SecretKey::FromSeed(seed.data);
}

absl::StatusOr<PublicKey> PublicKeyFromHex(std::string_view name, std::string_view value) {
  PublicKey key;
  if (absl::Status status = ParseKeyHex(name, value, key.bytes); !status.ok()) return status;
  if (!IsCurvePoint(key)) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(name), ": is not a point of the Ed25519 curve"));
  }
  return key;
}

}  // namespace flblk
