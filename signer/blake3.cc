#include "signer/blake3.h"

namespace flblk {
namespace {

// BLAKE3 before 1.5 remembers the processor's features in a plain global at its first hash; hashing
// once here keeps two threads from writing it together.
bool DetectFeatures() {
  blake3_hasher state;
  blake3_hasher_init(&state);
  uint8_t out[BLAKE3_OUT_LEN];
  blake3_hasher_finalize(&state, out, sizeof out);
  return true;
}

}  // namespace

Blake3Hasher::Blake3Hasher() {
  [[maybe_unused]] static const bool detected = DetectFeatures();
  blake3_hasher_init(&state_);
}

Blake3Hasher& Blake3Hasher::Update(ByteView data) {
  blake3_hasher_update(&state_, data.data(), data.size());
  return *this;
}

Hash32 Blake3Hasher::Digest() const {
  Hash32 out;
  blake3_hasher_finalize(&state_, out.data(), out.size());
  return out;
}

Hash32 Blake3(ByteView data) { return Blake3Hasher().Update(data).Digest(); }

}  // namespace flblk
