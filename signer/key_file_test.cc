#include "signer/key_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

namespace flblk {
namespace {

using ::testing::HasSubstr;

constexpr char kSeed[] = "0202020202020202020202020202020202020202020202020202020202020202";
constexpr char kKey[] = "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394";

class KeyFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "/flblk_key_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    path_ = name + "/key";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void Write(const std::string& text, mode_t mode = 0600) {
    std::ofstream(path_, std::ios::trunc) << text;
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
  }
  absl::Status Load() { return LoadSecretHexFile(path_, out_); }
  std::string Read() {
    std::ifstream in(path_);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }
  mode_t Mode() {
    struct stat info;
    EXPECT_EQ(::stat(path_.c_str(), &info), 0);
    return info.st_mode & 07777;
  }

  std::string directory_, path_;
  FixedBytes<32> out_{};
};

TEST_F(KeyFile, LoadsHexWithPrefixAndWhiteSpace) {
  for (const std::string& text :
       {std::string(kSeed), std::string("0x") + kSeed, kSeed + std::string("\n"),
        " \t\r\n0x" + std::string(kSeed) + "\v\f\r\n "}) {
    Write(text);
    out_ = {};
    EXPECT_EQ(Load(), absl::OkStatus()) << text;
    EXPECT_EQ(ToHex(out_), kSeed);
    const auto key = LoadSecretKey(path_);
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(ToHex(key->public_key().bytes), kKey);
  }
}

TEST_F(KeyFile, MissingFile) {
  EXPECT_EQ(Load(), absl::NotFoundError("key file " + path_ + ": No such file or directory"));
  EXPECT_EQ(LoadSecretKey(path_).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(KeyFile, AnyAccessForGroupOrOthersIsRefused) {
  for (int bit = 0; bit < 6; ++bit) {
    Write(kSeed, static_cast<mode_t>(0600 | 1 << bit));
    EXPECT_EQ(Load().code(), absl::StatusCode::kPermissionDenied) << bit;
  }
  Write(kSeed, 0644);
  EXPECT_EQ(Load(), absl::PermissionDeniedError("key file " + path_ +
                                                ": others may use it (mode 0644), want mode 0600"));
  EXPECT_EQ(out_, (FixedBytes<32>{}));
  Write(kSeed, 0400);
  EXPECT_TRUE(Load().ok());
}

TEST_F(KeyFile, EmptyOrBlank) {
  for (const char* text : {"", "\n", " \t\r\n"}) {
    Write(text);
    EXPECT_EQ(Load(),
              absl::InvalidArgumentError("key file " + path_ + ": is empty, want 64 hex digits"));
  }
}

TEST_F(KeyFile, WrongLength) {
  Write(std::string(kSeed, 63));
  EXPECT_EQ(Load(),
            absl::InvalidArgumentError("key file " + path_ + ": want 64 hex digits, found 63"));
  Write("0x");
  EXPECT_EQ(Load(),
            absl::InvalidArgumentError("key file " + path_ + ": want 64 hex digits, found 0"));
  Write(std::string(kSeed) + kSeed);
  EXPECT_EQ(Load(),
            absl::InvalidArgumentError("key file " + path_ + ": want 64 hex digits, found 128"));
}

TEST_F(KeyFile, LongFileIsNotReadToItsEnd) {
  Write(kSeed + std::string(kMaxKeyFileSize - 64, ' '));
  EXPECT_TRUE(Load().ok());
  Write(kSeed + std::string(kMaxKeyFileSize - 63, ' '));
  EXPECT_EQ(Load(), absl::InvalidArgumentError("key file " + path_ +
                                               ": is longer than 256 bytes, want 64 hex digits"));
}

TEST_F(KeyFile, BadCharacterIsNotRepeated) {
  std::string text = kSeed;
  text[40] = 'q';
  Write(text);
  out_.fill(7);
  EXPECT_EQ(Load(), absl::InvalidArgumentError("key file " + path_ +
                                               ": has a character that is no hex digit"));
  EXPECT_EQ(out_, (FixedBytes<32>{}));
}

TEST_F(KeyFile, NotARegularFile) {
  const absl::Status want =
      absl::InvalidArgumentError("key file " + path_ + ": is not a regular file");
  ASSERT_EQ(::mkdir(path_.c_str(), 0700), 0);
  EXPECT_EQ(Load(), want);
  ASSERT_EQ(::rmdir(path_.c_str()), 0);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(Load(), want);
}

TEST_F(KeyFile, WritesWhatItReads) {
  FixedBytes<32> secret;
  for (size_t i = 0; i < secret.size(); ++i) secret[i] = static_cast<uint8_t>(0xf0 + i);
  const mode_t old = ::umask(0777);
  const absl::Status status = WriteSecretHexFile(path_, secret);
  ::umask(old);
  ASSERT_EQ(status, absl::OkStatus());
  EXPECT_EQ(Mode(), 0600u);
  EXPECT_EQ(Names(), std::vector<std::string>{"key"});
  EXPECT_EQ(Read(), ToHex(secret) + "\n");
  EXPECT_EQ(Load(), absl::OkStatus());
  EXPECT_EQ(out_, secret);
}

TEST_F(KeyFile, NeverOverwrites) {
  Write("precious");
  EXPECT_EQ(WriteSecretHexFile(path_, out_),
            absl::AlreadyExistsError("key file " + path_ + ": File exists"));
  EXPECT_EQ(CreateSecretKeyFile(path_).status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Read(), "precious");
  EXPECT_EQ(Names(), std::vector<std::string>{"key"}) << "no draft stays";
}

TEST_F(KeyFile, DoesNotFollowADanglingLink) {
  const std::string target = directory_ + "/elsewhere";
  ASSERT_EQ(::symlink(target.c_str(), path_.c_str()), 0);
  EXPECT_EQ(WriteSecretHexFile(path_, out_).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_FALSE(std::filesystem::exists(target));
}

TEST_F(KeyFile, WriteIntoAMissingDirectory) {
  const std::string path = directory_ + "/none/key";
  EXPECT_EQ(WriteSecretHexFile(path, out_),
            absl::NotFoundError("key file " + path + ": No such file or directory"));
}

TEST_F(KeyFile, AnUnfinishedFileIsRemoved) {
  rlimit old;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{10, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status status = WriteSecretHexFile(path_, out_);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(std::string(status.message()), HasSubstr("key file " + path_ + ": File too large"));
  EXPECT_THAT(Names(), ::testing::IsEmpty());
}

TEST_F(KeyFile, CreatesAKeyThatLoads) {
  const auto created = CreateSecretKeyFile(path_);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(Mode(), 0600u);
  const auto loaded = LoadSecretKey(path_);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->public_key(), created->public_key());
  path_ += "2";
  EXPECT_NE(CreateSecretKeyFile(path_)->public_key(), created->public_key());
}

TEST_F(KeyFile, AWriteToTheWorkingDirectory) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory_);
  const absl::Status status = WriteSecretHexFile("key", out_);
  std::filesystem::current_path(before);
  EXPECT_EQ(status, absl::OkStatus());
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST(SecretKeyFromValue, ReadsLikeAFile) {
  const auto key = SecretKeyFromValue("FLBLK_KEY", std::string(" 0x") + kSeed + "\n");
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(ToHex(key->public_key().bytes), kKey);
}

TEST(SecretKeyFromValue, NamesTheSettingAndHidesTheValue) {
  EXPECT_EQ(SecretKeyFromValue("FLBLK_KEY", "").status(),
            absl::InvalidArgumentError("FLBLK_KEY: is empty, want 64 hex digits"));
  EXPECT_EQ(SecretKeyFromValue("FLBLK_KEY", "abcd").status(),
            absl::InvalidArgumentError("FLBLK_KEY: want 64 hex digits, found 4"));
  EXPECT_EQ(SecretKeyFromValue("FLBLK_KEY", std::string(63, 'a') + "?").status(),
            absl::InvalidArgumentError("FLBLK_KEY: has a character that is no hex digit"));
}

TEST(PublicKeyFromHex, ReadsAPoint) {
  const auto key = PublicKeyFromHex("authorizer", std::string("0x") + kKey + " ");
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(ToHex(key->bytes), kKey);
}

TEST(PublicKeyFromHex, NamesTheSetting) {
  EXPECT_EQ(PublicKeyFromHex("authorizer", " ").status(),
            absl::InvalidArgumentError("authorizer: is empty, want 64 hex digits"));
  EXPECT_EQ(PublicKeyFromHex("authorizer", "0xab").status(),
            absl::InvalidArgumentError("authorizer: want 64 hex digits, found 2"));
  EXPECT_EQ(PublicKeyFromHex("authorizer", "02" + std::string(62, '0')).status(),
            absl::InvalidArgumentError("authorizer: is not a point of the Ed25519 curve"));
}

}  // namespace
}  // namespace flblk
