// Many Keccak-256 states at once: 8 to a vector with AVX-512, 4 with AVX2. Eight permutations then
// take about the time of one, which is what makes the RLPx MACs of a fan-out cheap. Results are
// byte-identical to Keccak256State's own methods, whatever the states' positions, the lengths and
// the number of jobs.
#pragma once

#include "signer/keccak.h"

namespace flblk {

enum class KeccakLanes { kScalar, kAvx2, kAvx512 };

// Whether this build has it and this processor runs it. kScalar: always.
bool IsSupported(KeccakLanes lanes);

// The fastest supported one.
KeccakLanes BestKeccakLanes();

// `state` absorbs `data`. Several jobs may share data, not a state.
struct KeccakJob {
  Keccak256State* state;
  ByteView data;
};

// Does every job. A lane that has finished takes the next job, so lengths may differ; equal lengths
// waste nothing but the idle lanes of the last group. Allocates nothing. `lanes` must be supported.
void AbsorbAll(std::span<const KeccakJob> jobs, KeccakLanes lanes = BestKeccakLanes());

// out[i] = states[i]->Digest(). out.size() == states.size(); a state may stand there twice.
void DigestAll(std::span<const Keccak256State* const> states, std::span<Hash32> out,
               KeccakLanes lanes = BestKeccakLanes());

}  // namespace flblk
