// BLAKE3, default mode, 32-byte output (the official C implementation does the work).
#pragma once

#include <blake3.h>

#include "signer/bytes.h"

namespace flblk {

// A hash in the making, about 2 KB. Copyable: the copy goes on independently.
class Blake3Hasher {
 public:
  Blake3Hasher();
  Blake3Hasher& Update(ByteView data);
  // The hash of everything given so far; the hasher may go on.
  Hash32 Digest() const;

 private:
  blake3_hasher state_;
};

Hash32 Blake3(ByteView data);

}  // namespace flblk
