#include "plugin/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <vector>

#include "p2p/wire/limits.h"
#include "plugin/text.h"
#include "signer/blake3.h"

namespace flblk::plugin {
namespace {

constexpr std::string_view kMagic = "FLBLKJ01";
constexpr size_t kCheckBytes = 8;
constexpr size_t kBuilderAt = 8, kRecordsAt = 40, kBootAt = 48, kSafeSlotAt = 64;
using Block = FixedBytes<Journal::kRecordBytes>;

void PutNumber(uint64_t value, uint8_t* out) {
  for (size_t i = 0; i < 8; ++i) out[i] = static_cast<uint8_t>(value >> (8 * i));
}
uint64_t GetNumber(const uint8_t* in) {
  uint64_t value = 0;
  for (size_t i = 0; i < 8; ++i) value |= uint64_t{in[i]} << (8 * i);
  return value;
}

void Seal(Block& block) {
  const Hash32 hash = Blake3(ByteView(block).first(block.size() - kCheckBytes));
  std::copy_n(hash.begin(), kCheckBytes, block.end() - kCheckBytes);
}
bool IsSealed(std::span<const uint8_t, Journal::kRecordBytes> block) {
  const Hash32 hash = Blake3(block.first(block.size() - kCheckBytes));
  return std::equal(hash.begin(), hash.begin() + kCheckBytes, block.end() - kCheckBytes);
}
bool IsFree(ByteView block) {
  return std::all_of(block.begin(), block.end(), [](uint8_t b) { return b == 0; });
}

bool WriteAt(int fd, ByteView bytes, size_t at) {
  while (!bytes.empty()) {
    const ssize_t n = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(n));
    at += static_cast<size_t>(n);
  }
  return true;
}

bool ReadAll(int fd, Bytes& out) {
  for (size_t at = 0; at < out.size();) {
    const ssize_t n = pread(fd, out.data() + at, out.size() - at, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += static_cast<size_t>(n);
  }
  return true;
}

// Nothing later can have been signed by now.
uint64_t FirstSafeSlot(const Journal::Boot& boot) {
  return boot.unix_seconds + wire::kMaxFutureSeconds + 1;
}

// A new file is on the disk only once its directory is.
bool SyncDirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool ok = fsync(fd) == 0;
  close(fd);
  return ok;
}

}  // namespace

FixedBytes<Journal::kRecordBytes> Journal::Encode(const Record& record) {
  Block out{};
  PutNumber(record.sequence, out.data());
  PutNumber(record.slot, out.data() + 8);
  std::copy(record.key.first.begin(), record.key.first.end(), out.begin() + 16);
  PutNumber(record.key.second, out.data() + 24);
  std::copy(record.digest.begin(), record.digest.end(), out.begin() + 32);
  Seal(out);
  return out;
}

std::optional<Journal::Record> Journal::Decode(std::span<const uint8_t, kRecordBytes> bytes) {
  if (!IsSealed(bytes)) return std::nullopt;
  Record out;
  out.sequence = GetNumber(bytes.data());
  out.slot = GetNumber(bytes.data() + 8);
  std::copy_n(bytes.begin() + 16, out.key.first.size(), out.key.first.begin());
  out.key.second = GetNumber(bytes.data() + 24);
  std::copy_n(bytes.begin() + 32, out.digest.size(), out.digest.begin());
  return out;
}

Journal::Boot Journal::ThisBoot() {
  Boot out;
  out.unix_seconds = static_cast<uint64_t>(time(nullptr));
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string text;
  std::getline(file, text);
  std::erase(text, '-');
  if (!FromHexExact(text, "boot id", out.id).ok()) {
    std::random_device random;
    for (uint8_t& byte : out.id) byte = static_cast<uint8_t>(random());
  }
  return out;
}

absl::StatusOr<std::unique_ptr<Journal>> Journal::Lock(const std::string& path, int flags,
                                                       const PublicKey& builder, size_t records) {
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
  if (fd < 0) return absl::ErrnoToStatus(errno, Cat("sign_once_journal ", path));
  std::unique_ptr<Journal> journal(new Journal(path, fd, builder, records));
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(
        Cat("sign_once_journal ", path, ": another process uses it"));
  }
  return journal;
}

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(const std::string& path,
                                                       const PublicKey& builder, const Boot& boot,
                                                       size_t records) {
  auto journal = Lock(path, O_CREAT | O_EXCL, builder, records);
  const bool existed = absl::IsAlreadyExists(journal.status());
  if (existed) journal = Lock(path, 0, builder, records);
  if (!journal.ok()) return journal;
  auto status = existed ? (*journal)->Load(boot) : (*journal)->Create(boot);
  if (!status.ok()) return status;
  return journal;
}

absl::StatusOr<std::string> Journal::Renew(const std::string& path, const PublicKey& builder,
                                           const Boot& boot, size_t records) {
  const auto old = Lock(path, 0, builder, records);
  if (!old.ok()) return old.status();
  // There is a file at `path` at any moment, the old one or the whole new one: none would mean that
  // nothing was ever signed.
  const std::string aside = Cat(path, ".damaged-", boot.unix_seconds), fresh = Cat(path, ".new");
  unlink(fresh.c_str());  // of a renewal that was killed
  auto journal = Lock(fresh, O_CREAT | O_EXCL, builder, records);
  if (!journal.ok()) return journal.status();
  (*journal)->first_safe_slot_ = FirstSafeSlot(boot);
  absl::Status status = (*journal)->Create(boot);
  if (status.ok() && link(path.c_str(), aside.c_str()) != 0)
    status = absl::ErrnoToStatus(errno, Cat("sign_once_journal ", aside));
  if (status.ok() && rename(fresh.c_str(), path.c_str()) != 0)
    status = absl::ErrnoToStatus(errno, Cat("sign_once_journal ", path));
  if (!status.ok()) {
    unlink(fresh.c_str());
    return status;
  }
  SyncDirectoryOf(path);  // else the old one is back after a loss of power, and still refused
  return aside;
}

Journal::~Journal() { close(fd_); }

absl::Status Journal::WriteHeader(const Boot& boot) {
  Block out{};
  std::copy(kMagic.begin(), kMagic.end(), out.begin());
  std::copy(builder_.bytes.begin(), builder_.bytes.end(), out.begin() + kBuilderAt);
  PutNumber(records_, out.data() + kRecordsAt);
  std::copy(boot.id.begin(), boot.id.end(), out.begin() + kBootAt);
  PutNumber(first_safe_slot_, out.data() + kSafeSlotAt);
  Seal(out);
  const bool ok = WriteAt(fd_, out, 0) && fsync(fd_) == 0;
  return ok ? absl::OkStatus() : absl::ErrnoToStatus(errno, Cat("sign_once_journal ", path_));
}

// The header goes last: a file without it was never used.
absl::Status Journal::Create(const Boot& boot) {
  const Bytes empty(FileBytes() - kRecordBytes, 0);
  if (!WriteAt(fd_, empty, kRecordBytes) || fsync(fd_) != 0 || !SyncDirectoryOf(path_)) {
    return absl::ErrnoToStatus(errno, Cat("sign_once_journal ", path_));
  }
  return WriteHeader(boot);
}

absl::Status Journal::Corrupt(const std::string& what) const {
  return absl::FailedPreconditionError(
      Cat("sign_once_journal ", path_, ": ", what,
          ". Without it nobody knows what this builder has signed. `flblkctl renew-journal ", path_,
          " --builder-vk ", ToHex(builder_.bytes),
          "` puts the file aside and makes a new one that refuses all slots that may have been "
          "signed"));
}

absl::Status Journal::Load(const Boot& boot) {
  struct stat info;
  if (fstat(fd_, &info) != 0) return absl::ErrnoToStatus(errno, Cat("sign_once_journal ", path_));
  const auto size = static_cast<size_t>(info.st_size);
  Bytes file(std::min(size, FileBytes()));
  if (!ReadAll(fd_, file)) return absl::ErrnoToStatus(errno, Cat("sign_once_journal ", path_));
  if (IsFree(file)) {  // cut off while it was made, or it lost what it knew
    first_safe_slot_ = FirstSafeSlot(boot);
    return Create(boot);
  }
  if (size != FileBytes()) return Corrupt(Cat("corrupt: ", size, " bytes, expected ", FileBytes()));
  if (auto status = LoadHeader(file, boot); !status.ok()) return status;
  if (auto status = LoadRecords(ByteView(file).subspan(kRecordBytes)); !status.ok()) return status;
  if (!restarted_) return absl::OkStatus();
  for (const auto& [sequence, record] : by_sequence_)
    first_safe_slot_ = std::max(first_safe_slot_, record.slot + 1);
  first_safe_slot_ = std::max(first_safe_slot_, FirstSafeSlot(boot));
  if (!CloseUp()) return absl::ErrnoToStatus(errno, Cat("sign_once_journal ", path_));
  return WriteHeader(boot);
}

absl::Status Journal::LoadHeader(ByteView file, const Boot& boot) {
  const auto header = file.first<kRecordBytes>();
  if (!std::equal(kMagic.begin(), kMagic.end(), header.begin()) || !IsSealed(header)) {
    return Corrupt("corrupt: the header is damaged");
  }
  if (!std::equal(builder_.bytes.begin(), builder_.bytes.end(), header.begin() + kBuilderAt)) {
    return absl::FailedPreconditionError(
        Cat("sign_once_journal ", path_, ": belongs to another builder key"));
  }
  if (GetNumber(header.data() + kRecordsAt) != records_)
    return Corrupt("made for another number of records");
  restarted_ = !std::equal(boot.id.begin(), boot.id.end(), header.begin() + kBootAt);
  first_safe_slot_ = GetNumber(header.data() + kSafeSlotAt);
  return absl::OkStatus();
}

absl::Status Journal::LoadRecords(ByteView places) {
  std::vector<size_t> damaged;
  for (size_t place = 0; place < records_; ++place) {
    const auto bytes = places.subspan(place * kRecordBytes).first<kRecordBytes>();
    if (IsFree(bytes)) continue;
    const auto record = Decode(bytes);
    if (!record || (record->sequence - 1) % records_ != place) {
      damaged.push_back(place);
      continue;
    }
    by_sequence_[record->sequence] = *record;
    last_ = std::max(last_, record->sequence);
  }
  // Only the place after the newest may hold half a record: the process ended in the middle of
  // writing it.
  const bool torn = damaged.size() == 1 && damaged[0] == last_ % records_;
  if (!restarted_ && !damaged.empty() && !torn)
    return Corrupt(Cat("corrupt: record ", damaged[0], " is damaged"));
  const size_t written = std::min<uint64_t>(last_, records_) - (torn && last_ >= records_ ? 1 : 0);
  const auto remembered = [this](const auto& entry) { return entry.first + records_ > last_; };
  const auto found =
      static_cast<size_t>(std::count_if(by_sequence_.begin(), by_sequence_.end(), remembered));
  if (!restarted_ && found != written)
    return Corrupt(Cat("corrupt: ", written - found, " of ", written, " records are missing"));
  for (const auto& [sequence, record] : by_sequence_) digests_[record.key] = record.digest;
  return absl::OkStatus();
}

// What a loss of power left, without holes: the next start takes a hole for damage. Where this is
// cut off, the header is still that of the last boot.
bool Journal::CloseUp() {
  Bytes places(records_ * kRecordBytes, 0);
  std::map<uint64_t, Record> kept;
  last_ = 0;
  for (auto& [sequence, record] : by_sequence_) {
    record.sequence = ++last_;
    const Block block = Encode(record);
    std::copy(block.begin(), block.end(),
              places.begin() + static_cast<std::ptrdiff_t>((last_ - 1) * kRecordBytes));
    kept[last_] = record;
  }
  by_sequence_ = std::move(kept);
  return WriteAt(fd_, places, kRecordBytes);
}

void Journal::Remember(const Record& record) {
  digests_[record.key] = record.digest;
  by_sequence_[record.sequence] = record;
  last_ = record.sequence;
  while (by_sequence_.begin()->first + records_ <= last_) {  // its place was written over
    digests_.erase(by_sequence_.begin()->second.key);
    by_sequence_.erase(by_sequence_.begin());
  }
}

absl::Status Journal::Claim(uint64_t slot, const PayloadId& payload_id, uint64_t index,
                            const Hash32& digest) {
  const Key key(payload_id, index);
  if (const auto known = digests_.find(key); known != digests_.end()) {
    if (known->second == digest) return absl::OkStatus();
    return absl::AlreadyExistsError(
        Cat("another flashblock was signed for payload ", ToHex(payload_id), " index ", index));
  }
  if (slot < first_safe_slot_) {
    return absl::AlreadyExistsError(Cat(
        "slot ", slot,
        ": it is not known what was signed before the machine restarted or the sign-once journal "
        "was made anew; slot ",
        first_safe_slot_, " is the first safe one"));
  }
  const bool forgot = !by_sequence_.empty() && by_sequence_.begin()->first > 1;
  if (forgot &&
      slot <= by_sequence_.begin()->second.slot) {  // of that slot perhaps not all is left
    return absl::AlreadyExistsError(
        Cat("slot ", slot, ": the sign-once journal remembers only what is newer than slot ",
            by_sequence_.begin()->second.slot));
  }
  const Record record{last_ + 1, slot, key, digest};
  const size_t place = (record.sequence - 1) % records_;
  if (!WriteAt(fd_, Encode(record), (place + 1) * kRecordBytes)) {
    return absl::UnavailableError(Cat("sign_once_journal ", path_, ": ", strerror(errno)));
  }
  Remember(record);
  return absl::OkStatus();
}

}  // namespace flblk::plugin
