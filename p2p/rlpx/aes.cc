#include "p2p/rlpx/aes.h"

#include <cstdlib>

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

}  // namespace

AesCtrStream::AesCtrStream(const Hash32& key) {
  const FixedBytes<16> iv{};
  context_ = Make(EVP_aes_256_ctr(), key, iv.data());
}

void AesCtrStream::Apply(ByteView in, uint8_t* out) {
  if (in.empty()) return;
  int written = 0;
  Require(EVP_EncryptUpdate(context_.get(), out, &written, in.data(),
                            static_cast<int>(in.size())) == 1);
}

AesBlock::AesBlock(const Hash32& key) : context_(Make(EVP_aes_256_ecb(), key, nullptr)) {}

FixedBytes<16> AesBlock::Encrypt(std::span<const uint8_t, 16> block) {
  FixedBytes<16> out;
  int written = 0;
  Require(EVP_EncryptUpdate(context_.get(), out.data(), &written, block.data(), 16) == 1);
  return out;
}

}  // namespace flblk::rlpx
