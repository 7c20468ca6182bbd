// A small deterministic generator (splitmix64), a plain value: choices in gossip must replay from a
// seed. Not for anything an adversary must not guess.
#pragma once

#include <cstdint>

namespace flblk::core {

class Rng {
 public:
  explicit Rng(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

 private:
  uint64_t state_;
};

}  // namespace flblk::core
