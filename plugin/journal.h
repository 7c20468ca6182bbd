// Remembers on disk what this builder signed, so that not even a killed and restarted node signs
// two contents for one (payload id, index).
//
// clang-format off
//   file   = header(128) record(128) * records     fixed size, a ring: the oldest record makes room
//   header = "FLBLKJ01" builder_vk(32) records u64 boot_id(16) first_safe_slot u64 zero(48) check(8)
//   record = sequence u64 slot u64 payload_id(8) index u64 digest(32) zero(56) check(8)
//            or all zero: free
// clang-format on
//
// Integers are little-endian; check = the first 8 bytes of BLAKE3 of the 120 bytes before it. The
// record with sequence n stands at place (n - 1) mod records.
//
// What is promised, and at what price: a record is written (not synced) before its flashblock is
// signed. That takes microseconds and survives the end of the process in any way, because the
// kernel has the bytes. It does not survive the machine; but slots are wall-clock seconds, so after
// a restart of the machine (another boot id) every slot that may have been signed before it is
// refused: all up to the newest on record, and all up to now plus wire::kMaxFutureSeconds. The
// builder is silent for those seconds.
//
// Cost of a claim, by `build/release/tests/bench/flblk-journal-bench` (ext4, two idle cores): 1.9
// us at p50, 2.7 us at p99; that p99 is 6 % of the p50 of a whole publish call of 10 KB without
// journal (45 us). The goal is 1 ms at p99.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "p2p/core/ports.h"

namespace flblk::plugin {

class Journal final : public core::SignOnce {
 public:
  static constexpr size_t kRecordBytes = 128;
  static constexpr size_t kRecords = 16384;  // about 160 full blocks; 2 MiB

  // The machine's life, and the time.
  struct Boot {
    FixedBytes<16> id{};
    uint64_t unix_seconds = 0;
  };
  // Of this machine, now. An id that cannot be read is random: then every start counts as a
  // restart.
  static Boot ThisBoot();

  // Creates the file (mode 0600, synced) where it is missing; locks it. One that is there and empty
  // or all zero (cut off while it was made, or it lost what it knew) is made anew and refuses the
  // slots up to now, as after a restart of the machine. FAILED_PRECONDITION: another process has
  // it, it belongs to another builder key or size, or it is corrupt (records missing included); the
  // text says what to do.
  static absl::StatusOr<std::unique_ptr<Journal>> Open(const std::string& path,
                                                       const PublicKey& builder,
                                                       const Boot& boot = ThisBoot(),
                                                       size_t records = kRecords);
  // The way out where Open calls a file corrupt: puts it aside (path + ".damaged-<unix seconds>",
  // which is returned) and makes a new one. What the old one knew is lost, so that the new one
  // refuses every slot up to now plus wire::kMaxFutureSeconds, as after a restart of the machine.
  // Killed at any point it leaves the old file or the new one. FAILED_PRECONDITION: another process
  // has it; NOT_FOUND: no such file.
  static absl::StatusOr<std::string> Renew(const std::string& path, const PublicKey& builder,
                                           const Boot& boot = ThisBoot(),
                                           size_t records = kRecords);
  ~Journal() override;

  // Older ones are refused, in Unix seconds: what was signed in them is not known. 0: there are
  // none.
  uint64_t first_safe_slot() const { return first_safe_slot_; }

  // ALREADY_EXISTS: another content was signed for this place, or may have been (the slot is no
  // newer than the oldest that is remembered, or older than the first safe one). UNAVAILABLE: the
  // record could not be written; nothing may be signed.
  absl::Status Claim(uint64_t slot, const PayloadId& payload_id, uint64_t index,
                     const Hash32& digest) override;

 private:
  using Key = std::pair<PayloadId, uint64_t>;
  struct Record {
    uint64_t sequence = 0, slot = 0;
    Key key;
    Hash32 digest{};
  };

  Journal(std::string path, int fd, const PublicKey& builder, size_t records)
      : path_(std::move(path)), fd_(fd), builder_(builder), records_(records) {}
  static absl::StatusOr<std::unique_ptr<Journal>> Lock(const std::string& path, int flags,
                                                       const PublicKey& builder, size_t records);
  absl::Status Create(const Boot& boot);
  absl::Status Load(const Boot& boot);
  absl::Status LoadHeader(ByteView file, const Boot& boot);
  absl::Status LoadRecords(ByteView file);
  bool CloseUp();
  absl::Status WriteHeader(const Boot& boot);
  size_t FileBytes() const { return kRecordBytes * (records_ + 1); }
  absl::Status Corrupt(const std::string& what) const;
  void Remember(const Record& record);
  static FixedBytes<kRecordBytes> Encode(const Record& record);
  static std::optional<Record> Decode(std::span<const uint8_t, kRecordBytes> bytes);

  const std::string path_;
  const int fd_;
  const PublicKey builder_;
  const size_t records_;
  bool restarted_ = false;  // another boot id: records may be damaged, first_safe_slot_ stands in
  uint64_t first_safe_slot_ = 0;
  uint64_t last_ = 0;  // newest sequence
  std::map<Key, Hash32> digests_;
  std::map<uint64_t, Record> by_sequence_;
};

}  // namespace flblk::plugin
