#include "plugin/journal.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "plugin/testing/samples.h"
#include "plugin/testing/temp_dir.h"
#include "plugin/text.h"
#include "signer/blake3.h"

namespace flblk::plugin {
namespace {

using testing::HasSubstr;

Hash32 Digest(uint8_t fill) {
  Hash32 out;
  out.fill(fill);
  return out;
}
PayloadId Id(uint8_t n) { return {4, 0, 0, 0, 0, 0, 0, n}; }

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

TEST_F(JournalTest, RefusesAnotherContentAlsoAfterARestart) {
  for (int life = 0; life < 3; ++life) {
    auto journal = Open();
    ASSERT_TRUE(journal.ok()) << journal.status();
    EXPECT_TRUE((*journal)->Claim(100, Id(1), 0, Digest(1)).ok());
    EXPECT_TRUE((*journal)->Claim(100, Id(1), 1, Digest(2)).ok());
    EXPECT_EQ((*journal)->Claim(100, Id(1), 1, Digest(3)),
              absl::AlreadyExistsError(
                  "another flashblock was signed for payload 0400000000000001 index 1"));
    EXPECT_TRUE((*journal)->Claim(100, Id(2), 1, Digest(3)).ok());
  }
}

TEST_F(JournalTest, SurvivesAKilledProcess) {
  const pid_t child = fork();
  if (child == 0) {
    auto journal = Open();
    if (!journal.ok()) _exit(1);
    for (uint64_t i = 0; i < 20; ++i) {
      if (!(*journal)->Claim(100, Id(1), i, Digest(static_cast<uint8_t>(i))).ok()) _exit(1);
    }
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  auto journal = Open();
  ASSERT_TRUE(journal.ok()) << journal.status();
  for (uint64_t i = 0; i < 20; ++i) {
    EXPECT_EQ((*journal)->Claim(100, Id(1), i, Digest(99)).code(),
              absl::StatusCode::kAlreadyExists);
  }
}

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

TEST_F(JournalTest, KilledAtAnyPointNothingGrantedIsForgotten) {
  std::mt19937 random(7);
  uint64_t granted = 0;
  for (int life = 0; life < 100; ++life) {
    KilledChild child([&](const auto& say) {
      auto journal = Open();
      if (!journal.ok()) _exit(1);
      for (uint64_t n = granted + 1;; ++n) {
        // The last life may have claimed this one without saying so: then it has this content.
        if (!(*journal)->Claim(1000 + n, Id(1), n, Digest(static_cast<uint8_t>(n))).ok()) _exit(1);
        say(n);
      }
    });
    const uint64_t newest = child.KillAfter(std::chrono::microseconds(random() % 2000));
    ASSERT_GT(newest, granted) << "life " << life;
    granted = newest;
    auto journal = Open();
    ASSERT_TRUE(journal.ok()) << "life " << life << ": " << journal.status();
    for (uint64_t n = granted; n > 0 && n + kRecords / 2 > granted; --n) {
      const auto other = Digest(static_cast<uint8_t>(n + 1));
      ASSERT_EQ((*journal)->Claim(1000 + n, Id(1), n, other).code(),
                absl::StatusCode::kAlreadyExists)
          << "life " << life << " index " << n << " of " << granted;
    }
  }
  EXPECT_EQ(std::filesystem::file_size(path_), (kRecords + 1) * Journal::kRecordBytes);
}

TEST_F(JournalTest, IsBoundedAndKnowsWhatItForgot) {
  {
    auto journal = Open();
    ASSERT_TRUE(journal.ok());
    for (uint64_t i = 0; i < kRecords + 10; ++i) {
      ASSERT_TRUE((*journal)->Claim(1000 + i, Id(static_cast<uint8_t>(i)), i, Digest(1)).ok());
    }
  }
  EXPECT_EQ(std::filesystem::file_size(path_), (kRecords + 1) * Journal::kRecordBytes);
  auto journal = Open();
  ASSERT_TRUE(journal.ok()) << journal.status();
  EXPECT_EQ(
      (*journal)->Claim(1000, Id(0), 0, Digest(9)),
      absl::AlreadyExistsError("slot 1000 is older than all the sign-once journal remembers"));
  EXPECT_EQ((*journal)->Claim(1010, Id(10), 10, Digest(9)).code(),
            absl::StatusCode::kAlreadyExists);
}

TEST_F(JournalTest, ATornLastRecordWasNeverConfirmed) {
  {
    auto journal = Open();
    ASSERT_TRUE((*journal)->Claim(100, Id(1), 0, Digest(1)).ok());
  }
  Overwrite(PlaceOf(1), std::string(60, 'x'));
  auto journal = Open();
  ASSERT_TRUE(journal.ok()) << journal.status();
  EXPECT_TRUE((*journal)->Claim(100, Id(1), 1, Digest(2)).ok());
  EXPECT_EQ((*journal)->Claim(100, Id(1), 0, Digest(2)).code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(JournalTest, DamageIsRefusedWithAWayOut) {
  {
    auto journal = Open();
    for (uint64_t i = 0; i < 5; ++i) ASSERT_TRUE((*journal)->Claim(100, Id(1), i, Digest(1)).ok());
  }
  Overwrite(PlaceOf(2) + 40, "x");
  EXPECT_THAT(OpenError(), testing::AllOf(HasSubstr(path_), HasSubstr("record 2 is damaged"),
                                          HasSubstr("flblkctl renew-journal ")));
  Overwrite(3, "x");
  EXPECT_THAT(OpenError(), HasSubstr("the header is damaged"));
  std::filesystem::resize_file(path_, 1000);
  EXPECT_THAT(OpenError(), HasSubstr("corrupt: 1000 bytes, expected 4224"));
}

TEST_F(JournalTest, ADamagedOneIsRenewed) {
  { ASSERT_TRUE((*Open())->Claim(100, Id(1), 0, Digest(1)).ok()); }
  Overwrite(3, "x");
  ASSERT_FALSE(Open().ok());
  const auto renew = [&] {
    return Journal::Renew(path_, TestKey(2).public_key(), boot_, kRecords);
  };
  const auto aside = renew();
  ASSERT_TRUE(aside.ok()) << aside.status();
  EXPECT_EQ(*aside, path_ + ".damaged-100");
  EXPECT_TRUE(std::filesystem::exists(*aside));
  {
    auto journal = Open();
    ASSERT_TRUE(journal.ok()) << journal.status();
    EXPECT_EQ((*journal)->Claim(112, Id(1), 0, Digest(2)).code(), absl::StatusCode::kAlreadyExists);
    EXPECT_TRUE((*journal)->Claim(113, Id(1), 0, Digest(2)).ok());
    EXPECT_THAT(std::string(renew().status().message()), HasSubstr("another process uses it"));
  }
  EXPECT_EQ(renew().status().code(), absl::StatusCode::kAlreadyExists);  // it is never overwritten
  std::filesystem::remove(path_);
  EXPECT_EQ(renew().status().code(), absl::StatusCode::kNotFound);
}

TEST_F(JournalTest, ARenewalKilledAtAnyPointLeavesOneOfTheTwo) {
  { ASSERT_TRUE((*Open())->Claim(100, Id(1), 0, Digest(1)).ok()); }
  for (int life = 0; life < 100; ++life) {
    Overwrite(3, "x");
    ++boot_.unix_seconds;
    KilledChild child([&](const auto& say) {
      say(1);
      if (Journal::Renew(path_, TestKey(2).public_key(), boot_, kRecords).ok()) say(2);
      _exit(0);
    });
    const uint64_t said = child.KillAfter(std::chrono::microseconds(200 * life));
    const auto journal = Open();
    if (journal.ok()) {
      EXPECT_EQ((*journal)->Claim(boot_.unix_seconds + 12, Id(1), 0, Digest(2)).code(),
                absl::StatusCode::kAlreadyExists);
    } else {
      EXPECT_EQ(said, 1u);
      EXPECT_THAT(std::string(journal.status().message()), HasSubstr("the header is damaged"));
    }
  }
  ASSERT_TRUE(Journal::Renew(path_, TestKey(2).public_key(),
                             {.id = {1}, .unix_seconds = boot_.unix_seconds + 1}, kRecords)
                  .ok());
  EXPECT_TRUE(Open().ok());
}

TEST_F(JournalTest, ARecordInAnotherPlaceIsDamage) {
  {
    auto journal = Open();
    for (uint64_t i = 0; i < 5; ++i) ASSERT_TRUE((*journal)->Claim(100, Id(1), i, Digest(1)).ok());
  }
  std::string record(Journal::kRecordBytes, '\0');
  std::ifstream(path_, std::ios::binary)
      .seekg(static_cast<std::streamoff>(PlaceOf(1)))
      .read(record.data(), 128);
  Overwrite(PlaceOf(3), record);
  EXPECT_THAT(OpenError(), HasSubstr("record 3 is damaged"));
}

TEST_F(JournalTest, AfterARestartOfTheMachineOldSlotsAreRefused) {
  {
    auto journal = Open();
    ASSERT_TRUE((*journal)->Claim(200, Id(1), 0, Digest(1)).ok());
  }
  Reboot(150);
  {
    auto journal = Open();
    ASSERT_TRUE(journal.ok()) << journal.status();
    EXPECT_TRUE((*journal)->Claim(200, Id(1), 0, Digest(1)).ok());  // known to be the same
    EXPECT_EQ((*journal)->Claim(200, Id(1), 1, Digest(1)).code(), absl::StatusCode::kAlreadyExists);
    EXPECT_TRUE((*journal)->Claim(201, Id(2), 0, Digest(1)).ok());
  }
  Reboot(500);
  for (int start = 0; start < 2; ++start) {  // the first safe slot outlives the process
    auto journal = Open();
    EXPECT_EQ((*journal)->Claim(512, Id(3), 0, Digest(1)),
              absl::AlreadyExistsError(
                  "slot 512: the machine has restarted and it is not known what was signed before; "
                  "slot 513 is the first safe one"));
    EXPECT_TRUE((*journal)->Claim(513, Id(4), 0, Digest(1)).ok());
    boot_.unix_seconds = 9000;
  }
}

TEST_F(JournalTest, DamageByPowerLossIsNoDamage) {
  {
    auto journal = Open();
    for (uint64_t i = 0; i < 5; ++i) ASSERT_TRUE((*journal)->Claim(100, Id(1), i, Digest(1)).ok());
  }
  Overwrite(PlaceOf(2) + 40, "x");
  Overwrite(PlaceOf(4), std::string(kRecords, '\0'));
  Reboot(100);
  auto journal = Open();
  ASSERT_TRUE(journal.ok()) << journal.status();
  EXPECT_EQ((*journal)->Claim(112, Id(2), 0, Digest(1)).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE((*journal)->Claim(113, Id(2), 0, Digest(1)).ok());
}

TEST_F(JournalTest, ThisMachineHasABootIdThatStays) {
  EXPECT_EQ(Journal::ThisBoot().id, Journal::ThisBoot().id);
  EXPECT_NE(Journal::ThisBoot().id, FixedBytes<16>{});
}

TEST_F(JournalTest, BelongsToOneKeyAndOneProcess) {
  auto journal = Open();
  ASSERT_TRUE(journal.ok());
  EXPECT_THAT(OpenError(), HasSubstr("another process uses it"));
  journal->reset();
  EXPECT_THAT(std::string(Open(3).status().message()), HasSubstr("belongs to another builder key"));
  EXPECT_EQ(std::filesystem::status(path_).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(JournalTest, AFileCutOffWhileItWasMadeIsMadeAgain) {
  { ASSERT_TRUE(Open().ok()); }
  Overwrite(0, std::string(Journal::kRecordBytes, '\0'));
  EXPECT_TRUE(Open().ok());
  std::filesystem::remove(path_);
  std::ofstream(path_) << std::string(1000, '\0');
  EXPECT_TRUE(Open().ok());
  EXPECT_EQ(std::filesystem::file_size(path_), (kRecords + 1) * Journal::kRecordBytes);
}

TEST_F(JournalTest, APathThatCannotBeOpenedIsNamed) {
  const auto journal = Journal::Open(dir_.path() + "/none/journal", TestKey(2).public_key());
  EXPECT_THAT(std::string(journal.status().message()), HasSubstr("/none/journal"));
  std::filesystem::create_directory(path_);
  EXPECT_EQ(OpenError(), Cat("sign_once_journal ", path_, ": Is a directory"));
  std::filesystem::remove(path_);
  std::filesystem::create_symlink("elsewhere", path_);
  EXPECT_EQ(OpenError(), Cat("sign_once_journal ", path_, ": Too many levels of symbolic links"));
}

TEST_F(JournalTest, AnotherNumberOfRecordsIsNotReadAsIfItWereOurs) {
  { ASSERT_TRUE(Open().ok()); }
  const auto other = Journal::Open(path_, TestKey(2).public_key(), boot_, kRecords + 1);
  EXPECT_THAT(std::string(other.status().message()),
              HasSubstr(Cat("corrupt: ", (kRecords + 1) * Journal::kRecordBytes,
                            " bytes, expected ", (kRecords + 2) * Journal::kRecordBytes)));
}

// Of the right size and unharmed, but written by something else.
TEST_F(JournalTest, AHeaderThatStatesAnotherNumberOfRecordsIsRefused) {
  { ASSERT_TRUE(Open().ok()); }
  std::string header(Journal::kRecordBytes, '\0');
  std::ifstream(path_, std::ios::binary).read(header.data(), Journal::kRecordBytes);
  header[40] = static_cast<char>(kRecords + 1);
  const Hash32 hash = Blake3(AsBytes(std::string_view(header).substr(0, header.size() - 8)));
  std::copy_n(hash.begin(), 8, header.end() - 8);
  Overwrite(0, header);
  EXPECT_THAT(OpenError(), HasSubstr("made for another number of records"));
}

// While one lives every write fails, as on a full disk.
class NoRoom {
 public:
  NoRoom() : handler_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none{0, before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
  }
  ~NoRoom() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST_F(JournalTest, WhatCannotBeWrittenIsNotSigned) {
  auto journal = Open();
  ASSERT_TRUE(journal.ok()) << journal.status();
  absl::Status refused;
  {
    const NoRoom full;
    refused = (*journal)->Claim(100, Id(1), 0, Digest(1));
  }
  EXPECT_EQ(refused, absl::UnavailableError(Cat("sign_once_journal ", path_, ": File too large")));
  EXPECT_TRUE((*journal)->Claim(100, Id(1), 0, Digest(2)).ok());  // nothing was remembered
}

TEST_F(JournalTest, OneThatCannotBeMadeOrMarkedIsRefused) {
  const std::string error = Cat("sign_once_journal ", path_, ": File too large");
  std::string made, marked;
  {
    const NoRoom full;
    made = OpenError();
  }
  EXPECT_EQ(made, error);
  { ASSERT_TRUE(Open().ok()); }
  Reboot(200);
  {
    const NoRoom full;
    marked = OpenError();
  }
  EXPECT_EQ(marked, error);
  EXPECT_TRUE(Open().ok());
}

}  // namespace
}  // namespace flblk::plugin
