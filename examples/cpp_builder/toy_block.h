// A block builder's output, reduced to a toy: flashblock deltas as op-rbuilder's JSON. Each delta
// is a function of slot and index, so that a builder can continue a block that another one began.
#pragma once

#include <cstdint>
#include <string>

namespace example {

std::string ToyFlashblock(uint64_t slot, uint64_t block_number, uint64_t index);

}  // namespace example
