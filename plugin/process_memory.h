// What flblkd asks of the process's heap. A host of libflblk.so decides for itself.
#pragma once

#include <malloc.h>

namespace flblk::plugin {

// Freed memory stays with the process: what one block's flashblocks held serves the next one's, for
// messages of any size, without the kernel clearing pages again. By default glibc gives back what
// exceeds 128 KB and maps larger blocks afresh each time.
inline void KeepFreedMemory() {
#ifdef __GLIBC__
  constexpr int kLargestMessage = 16 << 20;  // bytes
  mallopt(M_MMAP_THRESHOLD, kLargestMessage);
  mallopt(M_TRIM_THRESHOLD, 4 * kLargestMessage);
#endif
}

}  // namespace flblk::plugin
