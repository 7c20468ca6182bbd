// Memory of this process: pages touched, and large allocations (malloc of the whole program is
// counted, that of its libraries too).
#pragma once

#include <cstddef>
#include <cstdint>

namespace flblk::bench {

inline constexpr size_t kLargeAllocation = size_t{128} << 10;

uint64_t LargeAllocations();  // of more than that, since start
uint64_t MinorFaults();       // of all threads, since start
size_t ResidentBytes();

}  // namespace flblk::bench
