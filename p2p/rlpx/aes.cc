#include "p2p/rlpx/aes.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstdlib>

#include "p2p/rlpx/aes_kernels.h"

#if defined(FLBLK_X86_KERNELS)
#include <cpuid.h>
#endif

namespace flblk::rlpx {
namespace {

// OpenSSL fails here only without memory or without its default provider: nothing can go on.
void Require(bool ok) {
  if (!ok) std::abort();
}

CipherContext Make(const EVP_CIPHER* cipher, const Hash32& key, const uint8_t* iv) {
  CipherContext context(EVP_CIPHER_CTX_new());
  Require(context != nullptr &&
          EVP_EncryptInit_ex(context.get(), cipher, nullptr, key.data(), iv) == 1);
  EVP_CIPHER_CTX_set_padding(context.get(), 0);
  return context;
}

#if defined(FLBLK_X86_KERNELS)
// The two AVX-512 questions also ask whether the system keeps the wide registers.
bool HasVaes() {
  constexpr unsigned kVaesBit = 1u << 9;  // leaf 7, ecx
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("aes") && __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 &&
         (c & kVaesBit) != 0;
}
#else
bool HasVaes() { return false; }
#endif

AesKeySchedulePtr Expand(const Hash32& key) {
  AesKeySchedulePtr schedule(new AesKeySchedule);
  aes::ExpandKey(key.data(), *schedule);
  return schedule;
}

// Each path has one of the two.
void Copy(const CipherContext& from, CipherContext& to) {
  if (from) Require(EVP_CIPHER_CTX_copy(to.get(), from.get()) == 1);
}
void Copy(const AesKeySchedulePtr& from, AesKeySchedulePtr& to) {
  if (from) *to = *from;
}

}  // namespace

#if !defined(FLBLK_X86_KERNELS)
// Never reached: kVaes is not supported.
namespace aes {
void ExpandKey(const uint8_t*, AesKeySchedule&) { std::abort(); }
void EncryptBlock(const AesKeySchedule&, const uint8_t*, uint8_t*) { std::abort(); }
void XorKeyStream(const AesKeySchedule&, uint64_t, const uint8_t*, uint8_t*, size_t) {
  std::abort();
}
}  // namespace aes
#endif

void AesKeyScheduleFree::operator()(AesKeySchedule* schedule) const {
  OPENSSL_cleanse(schedule, sizeof *schedule);
  delete schedule;
}

bool IsSupported(AesPath path) {
  static const bool vaes = HasVaes();
  return path == AesPath::kOpenSsl || vaes;
}

AesPath BestAesPath() { return IsSupported(AesPath::kVaes) ? AesPath::kVaes : AesPath::kOpenSsl; }

AesCtrStream::AesCtrStream(const Hash32& key, AesPath path) {
  const FixedBytes<16> iv{};
  if (path == AesPath::kVaes) {
    schedule_ = Expand(key);
  } else {
    context_ = Make(EVP_aes_256_ctr(), key, iv.data());
  }
}

void AesCtrStream::Apply(ByteView in, uint8_t* out) {
  if (in.empty()) return;
  if (!schedule_) {
    int written = 0;
    Require(EVP_EncryptUpdate(context_.get(), out, &written, in.data(),
                              static_cast<int>(in.size())) == 1);
    return;
  }
  // The rest of the block begun, then whole blocks, then the beginning of another one.
  const size_t first = std::min(left_, in.size());
  for (size_t i = 0; i < first; ++i) out[i] = in[i] ^ key_stream_[key_stream_.size() - left_ + i];
  left_ -= first;
  in = in.subspan(first);
  out += first;
  const size_t whole = in.size() / 16 * 16;
  if (whole > 0) aes::XorKeyStream(*schedule_, next_block_, in.data(), out, whole);
  next_block_ += whole / 16;
  in = in.subspan(whole);
  out += whole;
  if (in.empty()) return;
  key_stream_ = {};
  aes::XorKeyStream(*schedule_, next_block_++, key_stream_.data(), key_stream_.data(), 16);
  for (size_t i = 0; i < in.size(); ++i) out[i] = in[i] ^ key_stream_[i];
  left_ = key_stream_.size() - in.size();
}

void AesCtrStream::CopyFrom(const AesCtrStream& other) {
  Copy(other.context_, context_);
  Copy(other.schedule_, schedule_);
  next_block_ = other.next_block_;
  key_stream_ = other.key_stream_;
  left_ = other.left_;
}

AesBlock::AesBlock(const Hash32& key, AesPath path) {
  if (path == AesPath::kVaes) {
    schedule_ = Expand(key);
  } else {
    context_ = Make(EVP_aes_256_ecb(), key, nullptr);
  }
}

void AesBlock::CopyFrom(const AesBlock& other) {
  Copy(other.context_, context_);
  Copy(other.schedule_, schedule_);
}

FixedBytes<16> AesBlock::Encrypt(std::span<const uint8_t, 16> block) {
  FixedBytes<16> out;
  if (schedule_) {
    aes::EncryptBlock(*schedule_, block.data(), out.data());
    return out;
  }
  int written = 0;
  Require(EVP_EncryptUpdate(context_.get(), out.data(), &written, block.data(), 16) == 1);
  return out;
}

}  // namespace flblk::rlpx
