#include "p2p/rlpx/node_key.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <barrier>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "p2p/wire/testing/vectors.h"

namespace flblk::rlpx {
namespace {

using wire::testing::LoadJson;
using wire::testing::UnhexFixed;

NodeKey KeyOf(const std::string& hex) {
  absl::StatusOr<NodeKey> key = NodeKey::FromSecret(UnhexFixed<32>(hex));
  EXPECT_TRUE(key.ok()) << key.status();
  return *std::move(key);
}

class NodeKeyFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "/nodekeyXXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    path_ = name + "/nodekey";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string directory_, path_;
};

TEST(NodeKey, PublicKeysOfVectors) {
  const auto vectors = LoadJson("vectors/rlpx_ecies.json");
  for (const auto& v : vectors["ecies_primitives"]["pubkeys"]) {
    EXPECT_EQ(ToHex(KeyOf(v["sk"]).id()), v["x"].get<std::string>() + v["y"].get<std::string>());
  }
  EXPECT_EQ(ToHex(KeyOf(vectors["eip8"]["static_key_initiator_A"]).id()),
            vectors["eip8"]["static_pub_A"]);
}

TEST(NodeKey, EcdhOfVectors) {
  const auto vectors = LoadJson("vectors/rlpx_ecies.json");
  const auto& ecdh = vectors["ecies_primitives"]["ecdh"];
  const NodeKey a = KeyOf(ecdh[0]["sk1"]), b = KeyOf(ecdh[0]["sk2"]), c = KeyOf(ecdh[1]["sk"]);
  EXPECT_EQ(ToHex(*a.Ecdh(b.id())), ecdh[0]["shared_x"]);
  EXPECT_EQ(ToHex(*b.Ecdh(a.id())), ecdh[0]["shared_x"]);
  EXPECT_EQ(ToHex(*c.Ecdh(UnhexFixed<64>(ecdh[1]["pub"].get<std::string>()))), ecdh[1]["shared_x"]);
}

TEST(NodeKey, EcdhRefusesWhatIsNoPoint) {
  NodeId id{};
  id[63] = 1;
  EXPECT_EQ(NodeKey::Generate()->Ecdh(id).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(NodeKey, RecoversTheSignerOfVectorAndOurOwn) {
  const auto eip8 = LoadJson("vectors/rlpx_ecies.json")["eip8"];
  const NodeKey ephemeral = KeyOf(eip8["ephemeral_key_A"]);
  const Hash32 digest = UnhexFixed<32>(eip8["signed_digest"].get<std::string>());
  const auto theirs = UnhexFixed<65>(eip8["auth_signature"].get<std::string>());
  EXPECT_EQ(ToHex(*RecoverNodeId(digest, theirs)), eip8["ephemeral_pub_A"]);
  EXPECT_EQ(*RecoverNodeId(digest, ephemeral.SignRecoverable(digest)), ephemeral.id());
}

TEST(NodeKey, RecoverRefusesBadSignatures) {
  FixedBytes<65> signature{};
  EXPECT_FALSE(RecoverNodeId(Hash32{}, signature).ok());
  signature = NodeKey::Generate()->SignRecoverable(Hash32{1});
  signature[64] = 4;
  EXPECT_EQ(RecoverNodeId(Hash32{1}, signature).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(NodeKey, RefusesSecretsOutsideTheOrder) {
  FixedBytes<32> secret{};
  EXPECT_EQ(NodeKey::FromSecret(secret).status().code(), absl::StatusCode::kInvalidArgument);
  secret.fill(0xff);
  EXPECT_EQ(NodeKey::FromSecret(secret).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(NodeKey, GeneratedKeysDiffer) {
  EXPECT_NE(NodeKey::Generate()->id(), NodeKey::Generate()->id());
}

TEST_F(NodeKeyFile, IsCreatedOnceWithMode0600) {
  absl::StatusOr<NodeKey> first = NodeKey::LoadOrCreate(path_);
  ASSERT_TRUE(first.ok()) << first.status();
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  absl::StatusOr<NodeKey> second = NodeKey::LoadOrCreate(path_);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(first->id(), second->id());
}

TEST_F(NodeKeyFile, ThatOthersCanReadIsRefused) {
  ASSERT_TRUE(NodeKey::LoadOrCreate(path_).ok());
  ASSERT_EQ(chmod(path_.c_str(), 0640), 0);
  absl::Status status = NodeKey::LoadOrCreate(path_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_NE(status.message().find(path_), std::string_view::npos);
}

TEST_F(NodeKeyFile, WithNoValidSecretIsRefusedAndKept) {
  std::ofstream(path_) << std::string(64, '0') << "\n";
  ASSERT_EQ(chmod(path_.c_str(), 0600), 0);
  absl::Status status = NodeKey::LoadOrCreate(path_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find(path_), std::string_view::npos);
}

TEST_F(NodeKeyFile, InAMissingDirectoryIsAnError) {
  EXPECT_FALSE(NodeKey::LoadOrCreate(directory_ + "/none/nodekey").ok());
}

TEST_F(NodeKeyFile, ThatIsADirectoryIsRefused) {
  ASSERT_EQ(mkdir(path_.c_str(), 0700), 0);
  absl::Status status = NodeKey::LoadOrCreate(path_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "key file " + path_ + ": is not a regular file");
}

// A link that leads nowhere: there is no key to read, and yet none can be created.
TEST_F(NodeKeyFile, ThatIsThereButCannotBeReadIsNotReplaced) {
  ASSERT_EQ(symlink((directory_ + "/elsewhere").c_str(), path_.c_str()), 0);
  absl::Status status = NodeKey::LoadOrCreate(path_).status();
  EXPECT_EQ(status, absl::NotFoundError("key file " + path_ + ": No such file or directory"));
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/elsewhere"));
}

// Processes that begin together: one creates the key, and all have that one.
TEST_F(NodeKeyFile, IsOneForAllWhoCreateItAtTheSameTime) {
  constexpr int kThreads = 8;
  for (int round = 0; round < 50; ++round) {
    const std::string path = path_ + std::to_string(round);
    std::barrier together(kThreads);
    std::vector<absl::StatusOr<NodeKey>> keys;
    for (int i = 0; i < kThreads; ++i) keys.emplace_back(absl::UnknownError("not run"));
    std::vector<std::thread> threads;
    for (absl::StatusOr<NodeKey>& key : keys) {
      threads.emplace_back([&] {
        together.arrive_and_wait();
        key = NodeKey::LoadOrCreate(path);
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const absl::StatusOr<NodeKey>& key : keys) {
      ASSERT_TRUE(key.ok()) << key.status();
      ASSERT_EQ(key->id(), keys[0]->id());
    }
  }
}

// In a process of its own, which can map no more memory.
TEST(NodeKey, WithoutLockedMemoryThereIsNoKey) {
  const FixedBytes<32> secret = UnhexFixed<32>(std::string(64, '1'));
  ASSERT_TRUE(NodeKey::FromSecret(secret).ok());
  const auto in_child = [&] {
    const rlimit none{1, 1};
    if (setrlimit(RLIMIT_AS, &none) != 0) _exit(2);
    const absl::Status status = NodeKey::FromSecret(secret).status();
    _exit(status == absl::ResourceExhaustedError("node key: no locked memory") ? 0 : 1);
  };
  EXPECT_EXIT(in_child(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace flblk::rlpx
