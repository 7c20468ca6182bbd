// Repeatable pseudo-random bytes for generated blocks (splitmix64). Not for secrets.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

namespace flblk::harness {

class Entropy {
 public:
  // The same parts give the same stream.
  explicit Entropy(std::initializer_list<uint64_t> parts) {
    for (uint64_t part : parts) state_ = Mix(state_ ^ part) + part;
  }

  uint64_t Next() { return Mix(state_ += 0x9e3779b97f4a7c15); }
  // 0 .. limit-1; limit > 0.
  uint64_t Below(uint64_t limit) { return Next() % limit; }
  std::string Bytes(size_t count) {
    std::string out(count, '\0');
    for (size_t i = 0; i < count; i += 8) {
      uint64_t word = Next();
      for (size_t j = i; j < count && j < i + 8; ++j, word >>= 8) out[j] = static_cast<char>(word);
    }
    return out;
  }

 private:
  static uint64_t Mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }
  uint64_t state_ = 0x243f6a8885a308d3;
};

}  // namespace flblk::harness
