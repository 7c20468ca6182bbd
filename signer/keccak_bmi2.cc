// One state with ANDN and RORX, and no vector registers to spill through. Compiled with -mbmi
// -mbmi2.
#include "signer/keccak_scalar.h"

namespace flblk::keccak {

void AbsorbBmi2(uint64_t* words, const uint8_t* data, size_t blocks) {
  AbsorbOne(words, data, blocks);
}

}  // namespace flblk::keccak
