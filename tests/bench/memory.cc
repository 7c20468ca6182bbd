#include "tests/bench/memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <fstream>

namespace flblk::bench {
namespace {

std::atomic<uint64_t> large{0};

void Note(size_t size) {
  if (size > kLargeAllocation) large.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

uint64_t LargeAllocations() { return large.load(std::memory_order_relaxed); }

uint64_t MinorFaults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_minflt);
}

size_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  size_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace flblk::bench

// glibc's own functions under their second names.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* old, size_t size);

void* malloc(size_t size) {
  flblk::bench::Note(size);
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  flblk::bench::Note(count * size);
  return __libc_calloc(count, size);
}
void* realloc(void* old, size_t size) {
  flblk::bench::Note(size);
  return __libc_realloc(old, size);
}
}
