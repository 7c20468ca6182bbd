// Keccak-256 as Ethereum uses it: Keccak[c=512] with the original padding 0x01 (not SHA3-256's
// 0x06). Many states at once: see keccak_lanes.h.
#pragma once

#include "signer/bytes.h"

namespace flblk {

// A sponge in the making, 208 bytes. Copyable and comparable; RLPx keeps two per connection for its
// MACs and reads a digest in the middle of the stream.
class Keccak256State {
 public:
  static constexpr size_t kRate = 136;  // bytes absorbed per permutation

  Keccak256State& Update(ByteView data);
  // The hash of everything absorbed so far; the state may go on absorbing.
  Hash32 Digest() const;

  bool operator==(const Keccak256State&) const = default;

 private:
  friend class KeccakLaneAccess;  // keccak_lanes.cc
  void Fill(ByteView data);

  uint64_t words_[25] = {};
  size_t offset_ = 0;  // bytes of the current block absorbed so far, below kRate
};

Hash32 Keccak256(ByteView data);

}  // namespace flblk
