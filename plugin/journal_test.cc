#include "plugin/journal.h"

#include <sys/resource.h>

#include <random>

#include "plugin/testing/journals.h"
#include "signer/blake3.h"

namespace flblk::plugin {
namespace {

using testing::HasSubstr;

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
  EXPECT_EQ((*journal)->Claim(1000, Id(0), 0, Digest(9)),
            absl::AlreadyExistsError(
                "slot 1000: the sign-once journal remembers only what is newer than slot 1010"));
  EXPECT_EQ((*journal)->Claim(1010, Id(10), 10, Digest(9)).code(),
            absl::StatusCode::kAlreadyExists);
}

// Half of a slot's records are written over: what they were about is not granted again.
TEST_F(JournalTest, OfTheOldestSlotNotAllMayBeRemembered) {
  auto journal = Open();
  for (uint64_t i = 0; i < kRecords; ++i) {
    ASSERT_TRUE((*journal)->Claim(1000 + i / 4, Id(1), i, Digest(1)).ok());
  }
  EXPECT_TRUE((*journal)->Claim(1000, Id(2), 0, Digest(1)).ok());  // nothing is forgotten yet
  for (int start = 0; start < 2; ++start) {
    EXPECT_EQ((*journal)->Claim(1000, Id(1), 0, Digest(2)).code(),
              absl::StatusCode::kAlreadyExists);
    EXPECT_TRUE((*journal)->Claim(1000, Id(1), 1, Digest(1)).ok());
    EXPECT_TRUE((*journal)->Claim(1001, Id(2), 0, Digest(1)).ok());
    journal->reset();
    journal = Open();
    ASSERT_TRUE(journal.ok()) << journal.status();
  }
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
                  "slot 512: it is not known what was signed before the machine restarted or the "
                  "sign-once journal was made anew; slot 513 is the first safe one"));
    EXPECT_TRUE((*journal)->Claim(513, Id(4), 0, Digest(1)).ok());
    boot_.unix_seconds = 9000;
  }
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
