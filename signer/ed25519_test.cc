#include "signer/ed25519.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/err.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <type_traits>

#include "signer/signer.h"

namespace flblk {
namespace {

nlohmann::json LoadVectors(const std::string& name) {
  return nlohmann::json::parse(std::ifstream(FLBLK_TEST_DATA "/vectors/" + name));
}

template <class T>
T Parse(const std::string& hex) {
  T out;
  EXPECT_TRUE(FromHexExact(hex, "vector", out.bytes).ok());
  return out;
}

SecretKey KeyFromSeedByte(uint8_t byte) {
  FixedBytes<32> seed;
  seed.fill(byte);
  return *SecretKey::FromSeed(seed);
}

TEST(Ed25519, Rfc8032FirstTwoTests) {
  struct Case {
    const char *seed, *key, *message, *signature;
  };
  const Case cases[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf"
       "9b"
       "46bd25bf5f0595bbe24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f"
       "11"
       "d8c387b2eaeb4302aeeb00d291612bb0c00"},
  };
  for (const Case& c : cases) {
    FixedBytes<32> seed;
    ASSERT_TRUE(FromHexExact(c.seed, "seed", seed).ok());
    const auto key = SecretKey::FromSeed(seed);
    ASSERT_TRUE(key.ok());
    EXPECT_EQ(ToHex(key->public_key().bytes), c.key);
    const Signature signature = key->Sign(*FromHex(c.message));
    EXPECT_EQ(ToHex(signature.bytes), c.signature);
    EXPECT_TRUE(Verify(key->public_key(), *FromHex(c.message), signature));
  }
}

TEST(Ed25519, VerdictEqualsTheReferenceOnEveryValidationVector) {
  const auto vectors = LoadVectors("ed25519_dalek_validation.json")["vectors"];
  ASSERT_EQ(vectors.size(), 914u);
  int accepted = 0;
  for (const auto& v : vectors) {
    const auto key = Parse<PublicKey>(v["key"]);
    const bool verdict = Verify(key, AsBytes(v["msg_utf8"].get_ref<const std::string&>()),
                                Parse<Signature>(v["sig"]));
    EXPECT_EQ(verdict, v["dalek_verify"].get<bool>()) << v["number"];
    EXPECT_TRUE(IsCurvePoint(key)) << v["number"];
    accepted += verdict;
  }
  EXPECT_EQ(accepted, 208);
}

TEST(Ed25519, VerdictEqualsTheReferenceOnOddKeysAndScalars) {
  const auto vectors = LoadVectors("flblk_derived.json")["ed25519_semantics"];
  ASSERT_EQ(vectors.size(), 4u);
  for (const auto& v : vectors) {
    const auto key = Parse<PublicKey>(v["public_key"]);
    EXPECT_EQ(
        Verify(key, *FromHex(v["message"].get<std::string>()), Parse<Signature>(v["signature"])),
        v["dalek_verify"].get<bool>())
        << v["name"];
    EXPECT_TRUE(IsCurvePoint(key)) << v["name"];
  }
}

TEST(Ed25519, AnyFlippedBitIsRejected) {
  const SecretKey secret = KeyFromSeedByte(3);
  Bytes message(32, 0x5a);
  const Signature good = secret.Sign(message);
  for (size_t bit = 0; bit < 512; ++bit) {
    Signature bad = good;
    bad.bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(Verify(secret.public_key(), message, bad)) << bit;
  }
  for (size_t bit = 0; bit < 256; ++bit) {
    PublicKey other = secret.public_key();
    other.bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(Verify(other, message, good)) << bit;
    message[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(Verify(secret.public_key(), message, good)) << bit;
    message[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
  }
  EXPECT_FALSE(Verify(KeyFromSeedByte(4).public_key(), message, good));
}

// The host process may share OpenSSL: its error queue is not ours to fill or to empty.
TEST(Ed25519, ARejectionLeavesTheErrorQueueAsItWas) {
  const SecretKey secret = KeyFromSeedByte(3);
  Signature high_s;
  high_s.bytes.fill(0xff);
  ERR_clear_error();
  EXPECT_FALSE(Verify(secret.public_key(), AsBytes("m"), high_s));
  EXPECT_EQ(ERR_peek_error(), 0u);
  ERR_raise(ERR_LIB_USER, 77);
  EXPECT_FALSE(Verify(secret.public_key(), AsBytes("m"), high_s));
  EXPECT_EQ(ERR_GET_REASON(ERR_peek_last_error()), 77);
  ERR_clear_error();
}

// RFC 8032, 5.1.3, without its refusals of y >= p and of a sign on x = 0: whether x^2 = (y^2 - 1) /
// (d y^2 + 1) has a root modulo p, by the Legendre symbol of the product.
class PointOracle {
 public:
  PointOracle() {
    BN_hex2bn(&p_, "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");
    BN_hex2bn(&d_, "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3");
  }
  ~PointOracle() {
    for (BIGNUM* n : {p_, d_, u_, v_}) BN_free(n);
    BN_CTX_free(context_);
  }

  bool operator()(PublicKey key) {
    key.bytes[31] &= 0x7f;
    BN_lebin2bn(key.bytes.data(), 32, u_);
    BN_mod_sqr(u_, u_, p_, context_);
    BN_mod_mul(v_, u_, d_, p_, context_);
    BN_add_word(v_, 1);
    BN_mod_sub(u_, u_, BN_value_one(), p_, context_);
    BN_mod_mul(u_, u_, v_, p_, context_);
    return BN_kronecker(u_, p_, context_) >= 0;
  }

 private:
  BN_CTX* context_ = BN_CTX_new();
  BIGNUM *p_ = nullptr, *d_ = nullptr, *u_ = BN_new(), *v_ = BN_new();
};

TEST(IsCurvePoint, EqualsTheEquationOnRandomBytes) {
  PointOracle oracle;
  std::mt19937 random(11);
  int points = 0;
  for (int i = 0; i < 2000; ++i) {
    PublicKey key;
    std::generate(key.bytes.begin(), key.bytes.end(),
                  [&] { return static_cast<uint8_t>(random()); });
    ASSERT_EQ(IsCurvePoint(key), oracle(key)) << ToHex(key.bytes);
    points += IsCurvePoint(key);
  }
  EXPECT_GT(points, 850);
  EXPECT_LT(points, 1150);
}

// y = 2^255 - 256 + low: 0xed is p, so the upper 19 values are non-canonical. With and without the
// sign bit.
TEST(IsCurvePoint, EqualsTheEquationAroundTheModulusAndZero) {
  PointOracle oracle;
  for (int high : {0x00, 0x7f}) {
    for (int low = 0; low < 256; ++low) {
      PublicKey key;
      key.bytes.fill(high == 0 ? 0x00 : 0xff);
      key.bytes[0] = static_cast<uint8_t>(low);
      for (int sign : {0x00, 0x80}) {
        key.bytes[31] = static_cast<uint8_t>(high | sign);
        EXPECT_EQ(IsCurvePoint(key), oracle(key)) << ToHex(key.bytes);
      }
    }
  }
}

TEST(IsCurvePoint, AcceptsTheOddEncodings) {
  for (const char* hex : {
           "0100000000000000000000000000000000000000000000000000000000000000",  // the identity
           "0100000000000000000000000000000000000000000000000000000000000080",  // and with the sign
                                                                                // of x = 0
           "0000000000000000000000000000000000000000000000000000000000000000",  // order 4
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // the same as y = p
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",  // y = p + 1, x = 0,
                                                                                // signed
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // order 2
       }) {
    EXPECT_TRUE(IsCurvePoint(Parse<PublicKey>(hex))) << hex;
  }
  EXPECT_FALSE(IsCurvePoint(
      Parse<PublicKey>("0200000000000000000000000000000000000000000000000000000000000000")));
}

TEST(SecretKey, GeneratedKeysDifferAndSign) {
  const auto a = SecretKey::Generate(), b = SecretKey::Generate();
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_NE(a->public_key(), b->public_key());
  EXPECT_TRUE(Verify(a->public_key(), AsBytes("m"), a->Sign(AsBytes("m"))));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // under them nothing is locked
// KiB of this process that the kernel never writes to swap.
long LockedKilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmLck:")) return std::stol(line.substr(6));
  }
  return -1;
}

TEST(SecretKey, LiesInLockedMemory) {
  const long before = LockedKilobytes();
  ASSERT_GE(before, 0);
  {
    const auto key = SecretKey::Generate();
    ASSERT_TRUE(key.ok());
    EXPECT_GT(LockedKilobytes(), before);
  }
  EXPECT_EQ(LockedKilobytes(), before);
}
#endif

TEST(SecretKey, MovesAndIsNotCopied) {
  static_assert(!std::is_copy_constructible_v<SecretKey> && !std::is_copy_assignable_v<SecretKey>);
  SecretKey a = KeyFromSeedByte(5);
  const Signature before = a.Sign(AsBytes("m"));
  SecretKey b = std::move(a);
  EXPECT_EQ(b.Sign(AsBytes("m")), before);
  b = KeyFromSeedByte(6);
  EXPECT_EQ(b.public_key(), KeyFromSeedByte(6).public_key());
}

TEST(SecretKey, ExportsItsSeed) {
  std::array<char, 64> hex;
  KeyFromSeedByte(0xa7).ExportSeedHex(hex);
  std::string want;
  for (int i = 0; i < 32; ++i) want += "a7";
  EXPECT_EQ(std::string_view(hex.data(), hex.size()), want);
}

TEST(LocalSigner, SignsTheDigestWithItsKey) {
  LocalSigner local(KeyFromSeedByte(2));
  EXPECT_EQ(ToHex(local.public_key().bytes),
            "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394");
  const Hash32 digest{1, 2, 3};
  const auto signature = local.Sign(digest);
  ASSERT_TRUE(signature.ok());
  EXPECT_TRUE(Verify(local.public_key(), digest, *signature));
}

}  // namespace
}  // namespace flblk
