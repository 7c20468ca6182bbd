#include "signer/authorization.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "signer/blake3.h"

namespace flblk {
namespace {

class AuthorizationVector : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto file =
        nlohmann::json::parse(std::ifstream(FLBLK_TEST_DATA "/vectors/flblk_derived.json"));
    const auto &keys = file["keys"], &v = file["authorization"];
    FixedBytes<32> seed;
    ASSERT_TRUE(
        FromHexExact(keys["authorizer_ed25519_seed"].get<std::string>(), "seed", seed).ok());
    authorizer_ = std::make_unique<SecretKey>(*SecretKey::FromSeed(seed));
    ASSERT_EQ(ToHex(authorizer_->public_key().bytes), keys["authorizer_vk"]);
    const auto parse = [](const std::string& hex, std::span<uint8_t> out) {
      ASSERT_TRUE(FromHexExact(hex, "vector", out).ok());
    };
    parse(keys["builder_vk"], want_.builder_vk.bytes);
    parse(v["payload_id"], want_.payload_id);
    parse(v["authorizer_sig"], want_.authorizer_sig.bytes);
    want_.timestamp = v["timestamp"];
    preimage_ = *FromHex(v["preimage"].get<std::string>());
    digest_ = v["blake3"];
  }

  std::unique_ptr<SecretKey> authorizer_;
  Authorization want_;
  Bytes preimage_;
  std::string digest_;
};

TEST_F(AuthorizationVector, DigestAndSignature) {
  const Hash32 digest = AuthorizationDigest(want_.payload_id, want_.timestamp, want_.builder_vk);
  EXPECT_EQ(ToHex(digest), digest_);
  EXPECT_EQ(digest, Blake3(preimage_));
  EXPECT_EQ(MakeAuthorization(*authorizer_, want_.payload_id, want_.timestamp, want_.builder_vk),
            want_);
  EXPECT_TRUE(VerifyAuthorization(want_, authorizer_->public_key()).ok());
}

TEST_F(AuthorizationVector, EveryFieldIsCovered) {
  const absl::Status refused =
      absl::UnauthenticatedError("authorization: authorizer_sig is not by the authorizer key");
  Authorization a = want_;
  a.payload_id[7] ^= 1;
  EXPECT_EQ(VerifyAuthorization(a, authorizer_->public_key()), refused);
  a = want_;
  ++a.timestamp;
  EXPECT_EQ(VerifyAuthorization(a, authorizer_->public_key()), refused);
  a = want_;
  a.builder_vk.bytes[0] ^= 1;
  EXPECT_EQ(VerifyAuthorization(a, authorizer_->public_key()), refused);
  a = want_;
  a.authorizer_sig.bytes[40] ^= 1;
  EXPECT_EQ(VerifyAuthorization(a, authorizer_->public_key()), refused);
  EXPECT_EQ(VerifyAuthorization(want_, want_.builder_vk), refused);
}

}  // namespace
}  // namespace flblk
