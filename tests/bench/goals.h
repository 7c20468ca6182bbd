// Parts of the programs that measure the project's performance goals: what is measured becomes a
// row, and every row is a ratio of two things measured in turn in one run, so that it does not
// depend on how fast the machine is or how busy.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "p2p/wire/envelope.h"
#include "p2p/wire/frame.h"
#include "signer/signer.h"

namespace flblk::bench {

struct Options {
  bool quick = false;
};

// One measured case of a goal. Without a ratio: it cannot be measured on this machine, `note` says
// why.
struct Row {
  int goal = 0;
  std::string name;  // stable: the baseline is keyed by it
  double target = 0;
  bool at_least = false;  // the ratio must reach the target; else it must not exceed it
  std::optional<double> ratio;
  std::string note;
};
// One line of JSON on standard output.
void Print(const Row& row);

double ThreadSeconds();  // CPU time of this thread
double WallSeconds();    // monotonic, the same clock in every process
double Median(std::vector<double> values);

// CPU seconds of one call, from as many calls as take about `least`.
template <typename Call>
double CpuOf(Call call, double least = 100e-6) {
  const double begin = ThreadSeconds();
  double now = begin;
  size_t calls = 0;
  do {
    call();
    ++calls;
    now = ThreadSeconds();
  } while (now - begin < least);
  return (now - begin) / static_cast<double>(calls);
}

// The median of a()/b(), each giving seconds, taken in turn. At least three rounds, then more up to
// `rounds` while less than `seconds` have gone by.
template <typename A, typename B>
double PairedRatio(int rounds, double seconds, A a, B b) {
  std::vector<double> ratios;
  const double end = WallSeconds() + seconds;
  for (int i = 0; i < rounds && (i < 3 || WallSeconds() < end); ++i) {
    const double x = a();
    ratios.push_back(x / b());
  }
  return Median(std::move(ratios));
}

// CPU seconds of one 8-lane permutation, now.
double Perm8Seconds();
// CPU seconds of sealing a frame of `wire_bytes` for n peers in the model of the goals: the MACs in
// groups of eight, 4.5 permutations for header and tags, and AES at 0.021 permutations per 136
// bytes (29 GB/s on the machine the model is from).
double ModelSeconds(size_t n, size_t wire_bytes, double perm8);

// ---- content
const SecretKey& AuthorizerKey();
inline constexpr uint8_t kBuilderSeedByte = 2;  // 32 of them
const SecretKey& BuilderKey();
Authorization AuthorizationFor(uint64_t slot);
// Transactions of 300 bytes, `size` in all; like calldata to snappy: two thirds random, one third
// zero.
wire::FlashblocksPayloadV1 Flashblock(const Authorization& authorization, uint64_t index,
                                      size_t size);
// What every publisher must do once per flashblock: encode, hash, sign, compress.
wire::FramePtr SerialStages(const wire::FlashblocksPayloadV1& flashblock,
                            const Authorization& authorization);

// "50 x 100 KB"
std::string SizeName(size_t n, size_t bytes);

}  // namespace flblk::bench
