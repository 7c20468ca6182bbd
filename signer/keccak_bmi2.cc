// One state with ANDN and RORX, and no vector registers to spill through. Compiled with -mbmi
// -mbmi2.
#include "signer/keccak_scalar.h"

namespace flblk::keccak {

void PermuteBmi2(uint64_t* words) { Permute<ScalarOps>(words); }

}  // namespace flblk::keccak
