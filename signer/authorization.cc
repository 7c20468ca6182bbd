#include "signer/authorization.h"

#include "signer/blake3.h"

namespace flblk {

Hash32 AuthorizationDigest(const PayloadId& payload_id, uint64_t timestamp,
                           const PublicKey& builder_vk) {
  FixedBytes<8> little_endian;
  for (size_t i = 0; i < little_endian.size(); ++i) {
    little_endian[i] = static_cast<uint8_t>(timestamp >> (8 * i));
  }
  return Blake3Hasher().Update(payload_id).Update(little_endian).Update(builder_vk.bytes).Digest();
}

Authorization MakeAuthorization(const SecretKey& authorizer, const PayloadId& payload_id,
                                uint64_t timestamp, const PublicKey& builder_vk) {
  return {payload_id, timestamp, builder_vk,
          authorizer.Sign(AuthorizationDigest(payload_id, timestamp, builder_vk))};
}

absl::Status VerifyAuthorization(const Authorization& authorization, const PublicKey& authorizer) {
  const Hash32 digest = AuthorizationDigest(authorization.payload_id, authorization.timestamp,
                                            authorization.builder_vk);
  if (Verify(authorizer, digest, authorization.authorizer_sig)) return absl::OkStatus();
  return absl::UnauthenticatedError("authorization: authorizer_sig is not by the authorizer key");
}

}  // namespace flblk
