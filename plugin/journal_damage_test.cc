// What the journal makes of files that are torn, damaged, empty or of another boot.
#include "plugin/testing/journals.h"

namespace flblk::plugin {
namespace {

using testing::HasSubstr;

TEST_F(JournalTest, ARecordThatIsMissingIsDamage) {
  for (const size_t records : {size_t{5}, kRecords + 5}) {
    std::filesystem::remove(path_);
    {
      auto journal = Open();
      for (uint64_t i = 0; i < records; ++i)
        ASSERT_TRUE((*journal)->Claim(100 + i, Id(1), i, Digest(1)).ok());
    }
    ASSERT_TRUE(Open().ok());
    Overwrite(PlaceOf(2), std::string(Journal::kRecordBytes, '\0'));
    EXPECT_THAT(OpenError(), HasSubstr(Cat("corrupt: 1 of ", std::min(records, kRecords),
                                           " records are missing")));
  }
}

TEST_F(JournalTest, ATornRecordInAFullRingWasNeverConfirmed) {
  {
    auto journal = Open();
    for (uint64_t i = 0; i < kRecords + 5; ++i)
      ASSERT_TRUE((*journal)->Claim(100 + i, Id(1), i, Digest(1)).ok());
  }
  Overwrite(PlaceOf(5), std::string(60, 'x'));
  auto journal = Open();
  ASSERT_TRUE(journal.ok()) << journal.status();
  EXPECT_EQ((*journal)->Claim(105, Id(1), 5, Digest(2)).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE((*journal)->Claim(200, Id(1), 90, Digest(2)).ok());
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

TEST_F(JournalTest, DamageByPowerLossIsNoDamage) {
  {
    auto journal = Open();
    for (uint64_t i = 0; i < 5; ++i) ASSERT_TRUE((*journal)->Claim(100, Id(1), i, Digest(1)).ok());
  }
  Overwrite(PlaceOf(2) + 40, "x");
  Overwrite(PlaceOf(4), std::string(kRecords, '\0'));
  Reboot(100);
  for (int start = 0; start < 2; ++start) {  // the second finds no damage any more
    auto journal = Open();
    ASSERT_TRUE(journal.ok()) << journal.status();
    EXPECT_TRUE((*journal)->Claim(100, Id(1), 3, Digest(1)).ok());  // known to be the same
    EXPECT_EQ((*journal)->Claim(112, Id(3), 0, Digest(1)).code(), absl::StatusCode::kAlreadyExists);
    EXPECT_TRUE((*journal)->Claim(113, Id(2), 0, Digest(1)).ok());
  }
}

// Cut off while it was made, or it lost what it knew: nobody can tell.
TEST_F(JournalTest, AnEmptyFileIsMadeAgainAndRefusesWhatMayHaveBeenSigned) {
  const std::string empty[] = {"", std::string(1000, '\0'),
                               std::string((kRecords + 1) * Journal::kRecordBytes, '\0')};
  for (const std::string& content : empty) {
    std::filesystem::remove(path_);
    { ASSERT_TRUE((*Open())->Claim(100, Id(1), 0, Digest(1)).ok()); }
    std::ofstream(path_, std::ios::trunc) << content;
    for (int start = 0; start < 2; ++start) {
      auto journal = Open();
      ASSERT_TRUE(journal.ok()) << journal.status();
      EXPECT_EQ((*journal)->Claim(112, Id(2), 0, Digest(2)).code(),
                absl::StatusCode::kAlreadyExists);
      EXPECT_TRUE((*journal)->Claim(113, Id(1), 0, Digest(2)).ok());
    }
    EXPECT_EQ(std::filesystem::file_size(path_), (kRecords + 1) * Journal::kRecordBytes);
  }
}

TEST_F(JournalTest, OneWithRecordsAndNoHeaderIsDamage) {
  { ASSERT_TRUE((*Open())->Claim(100, Id(1), 0, Digest(1)).ok()); }
  Overwrite(0, std::string(Journal::kRecordBytes, '\0'));
  EXPECT_THAT(OpenError(), HasSubstr("the header is damaged"));
}

}  // namespace
}  // namespace flblk::plugin
