#include "p2p/rlpx/seal_many.h"

#include <gtest/gtest.h>

#include <random>

namespace flblk::rlpx {
namespace {

// A connection whose MAC has absorbed so and so much already.
Secrets SecretsAt(size_t position, uint8_t seed) {
  Secrets secrets;
  secrets.aes.fill(seed);
  secrets.mac.fill(static_cast<uint8_t>(seed * 3));
  secrets.egress_mac.Update(Bytes(position, seed));
  return secrets;
}

// The same frames one by one and all together, for connections at different positions.
void Compare(size_t connections, const std::vector<size_t>& sizes, KeccakLanes lanes) {
  std::mt19937_64 random(connections);
  std::vector<FrameSealer> one_by_one, together;
  for (size_t i = 0; i < connections; ++i) {
    const Secrets secrets = SecretsAt(random() % 500, static_cast<uint8_t>(i + 1));
    one_by_one.emplace_back(secrets);
    together.emplace_back(secrets);
  }
  for (size_t size : sizes) {
    Bytes payload(size);
    for (uint8_t& b : payload) b = static_cast<uint8_t>(random());
    std::vector<Bytes> out(connections, Bytes(FrameSealer::SealedSize(size)));
    std::vector<SealJob> jobs;
    for (size_t i = 0; i < connections; ++i) {
      jobs.push_back({&together[i], static_cast<uint8_t>(i % 0x80), out[i].data()});
    }
    SealMany(payload, jobs, lanes);
    for (size_t i = 0; i < connections; ++i) {
      Bytes expected(FrameSealer::SealedSize(size));
      one_by_one[i].Seal(static_cast<uint8_t>(i % 0x80), payload, expected.data());
      ASSERT_EQ(out[i], expected) << "connection " << i << " of " << connections << ", " << size;
    }
  }
}

TEST(SealMany, EqualsSealingOneByOne) {
  for (KeccakLanes lanes : {KeccakLanes::kScalar, KeccakLanes::kAvx2, KeccakLanes::kAvx512}) {
    if (!IsSupported(lanes)) continue;  // kScalar always is
    for (size_t connections : {0, 1, 2, 7, 8, 9, 16, 50}) {
      Compare(connections, {0, 1, 15, 16, 119, 120, 135, 136, 137, 1000, 20000}, lanes);
    }
  }
}

}  // namespace
}  // namespace flblk::rlpx
