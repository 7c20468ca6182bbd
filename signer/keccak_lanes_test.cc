#include "signer/keccak_lanes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "signer/keccak_kernels.h"

namespace flblk {
namespace {

Bytes RandomBytes(std::mt19937_64& random, size_t size) {
  Bytes out(size);
  for (uint8_t& b : out) b = static_cast<uint8_t>(random());
  return out;
}

std::vector<KeccakLanes> Supported() {
  std::vector<KeccakLanes> out;
  for (KeccakLanes lanes : {KeccakLanes::kScalar, KeccakLanes::kAvx2, KeccakLanes::kAvx512}) {
    if (IsSupported(lanes)) out.push_back(lanes);
  }
  return out;
}

std::string Name(const ::testing::TestParamInfo<KeccakLanes>& info) {
  constexpr const char* kNames[] = {"Scalar", "Avx2", "Avx512"};
  return kNames[static_cast<int>(info.param)];
}

// `count` states, each in the middle of its own stream.
std::vector<Keccak256State> RandomStates(std::mt19937_64& random, size_t count) {
  std::vector<Keccak256State> out(count);
  for (Keccak256State& state : out) state.Update(RandomBytes(random, random() % 300));
  return out;
}

class KeccakLanesTest : public ::testing::TestWithParam<KeccakLanes> {
 protected:
  // Absorbs data[i] into state i by the lanes under test and one by one, and compares states and
  // digests.
  void Check(std::vector<Keccak256State> states, const std::vector<ByteView>& data) {
    std::vector<Keccak256State> want = states;
    std::vector<KeccakJob> jobs;
    std::vector<const Keccak256State*> pointers;
    for (size_t i = 0; i < states.size(); ++i) {
      want[i].Update(data[i]);
      jobs.push_back({&states[i], data[i]});
      pointers.push_back(&states[i]);
    }
    AbsorbAll(jobs, GetParam());
    std::vector<Hash32> digests(states.size());
    DigestAll(pointers, digests, GetParam());
    for (size_t i = 0; i < states.size(); ++i) {
      ASSERT_EQ(states[i], want[i])
          << "job " << i << " of " << states.size() << ", " << data[i].size() << " bytes";
      ASSERT_EQ(digests[i], want[i].Digest()) << i;
    }
  }

  std::mt19937_64 random_{20250917};
};

INSTANTIATE_TEST_SUITE_P(Machine, KeccakLanesTest, ::testing::ValuesIn(Supported()), Name);

TEST_P(KeccakLanesTest, NoJob) {
  AbsorbAll({}, GetParam());
  DigestAll({}, {}, GetParam());
}

TEST_P(KeccakLanesTest, EveryOffsetWithEveryLengthAroundABlock) {
  const Bytes data = RandomBytes(random_, 300);
  for (size_t size : {0, 1, 7, 8, 16, 135, 136, 137, 200, 271, 272, 273}) {
    std::vector<Keccak256State> states(Keccak256State::kRate);
    for (size_t offset = 0; offset < states.size(); ++offset) {
      states[offset].Update(ByteView(data).first(offset));
    }
    ASSERT_NO_FATAL_FAILURE(
        Check(states, std::vector<ByteView>(states.size(), ByteView(data).first(size))));
  }
}

TEST_P(KeccakLanesTest, AnyNumberOfLanesOfTheSameData) {
  const Bytes body = RandomBytes(random_, 5000);
  for (size_t count = 1; count <= 35; ++count) {
    ASSERT_NO_FATAL_FAILURE(
        Check(RandomStates(random_, count), std::vector<ByteView>(count, ByteView(body))));
  }
}

TEST_P(KeccakLanesTest, RandomLengthsOffsetsAndCounts) {
  for (int round = 0; round < 150; ++round) {
    const size_t count = 1 + random_() % 30;
    const size_t limit = 1 + random_() % 4000;
    std::vector<Bytes> owned;
    for (size_t i = 0; i < count; ++i) owned.push_back(RandomBytes(random_, random_() % limit));
    ASSERT_NO_FATAL_FAILURE(
        Check(RandomStates(random_, count), std::vector<ByteView>(owned.begin(), owned.end())));
  }
}

// Memory of exactly the size of the data, so that a sanitizer sees a byte read too far.
TEST_P(KeccakLanesTest, OneLongAmongShort) {
  for (size_t count : {2, 3, 9, 17}) {
    std::vector<Bytes> owned;
    for (size_t i = 0; i < count; ++i)
      owned.push_back(RandomBytes(random_, i == 1 ? 20000 : 40 * i));
    ASSERT_NO_FATAL_FAILURE(
        Check(RandomStates(random_, count), std::vector<ByteView>(owned.begin(), owned.end())));
  }
}

TEST_P(KeccakLanesTest, AChainOfCallsStaysInStep) {
  constexpr size_t kCount = 11;
  std::vector<Keccak256State> states = RandomStates(random_, kCount), want = states;
  for (int call = 0; call < 60; ++call) {
    const Bytes data = RandomBytes(random_, random_() % 500);
    std::vector<KeccakJob> jobs;
    for (size_t i = 0; i < kCount; ++i) {
      const ByteView part = ByteView(data).subspan(std::min(i, data.size()));
      want[i].Update(part);
      jobs.push_back({&states[i], part});
    }
    AbsorbAll(jobs, GetParam());
    ASSERT_EQ(states, want) << call;
  }
}

TEST_P(KeccakLanesTest, TheSameStateMayBeDigestedTwice) {
  const Keccak256State a = Keccak256State().Update(AsBytes("abc")), b;
  const Keccak256State* states[] = {&a, &b, &a};
  Hash32 out[3];
  DigestAll(states, out, GetParam());
  EXPECT_EQ(out[0], Keccak256(AsBytes("abc")));
  EXPECT_EQ(out[1], Keccak256({}));
  EXPECT_EQ(out[2], out[0]);
}

TEST(KeccakLanes, TheBestIsSupported) {
  EXPECT_TRUE(IsSupported(KeccakLanes::kScalar));
  EXPECT_TRUE(IsSupported(BestKeccakLanes()));
  for (KeccakLanes lanes : Supported()) EXPECT_LE(lanes, BestKeccakLanes());
}

// What Keccak256State does not use on this machine has to be right, too.
auto ScalarForms() {
  std::vector<void (*)(uint64_t*, const uint8_t*, size_t)> forms{keccak::AbsorbGeneric};
#if defined(FLBLK_X86_KERNELS)
  if (__builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2")) {
    forms.push_back(keccak::AbsorbBmi2);
  }
#endif
  return forms;
}

TEST(KeccakPermutation, EveryScalarFormGivesTheKnownState) {
  // Keccak-f[1600] of the zero state, words 0, 1 and 24 (KeccakF-1600-IntermediateValues of the
  // Keccak team).
  const uint8_t zeros[Keccak256State::kRate] = {};
  for (const auto absorb : ScalarForms()) {
    uint64_t words[25] = {};
    absorb(words, zeros, 1);
    EXPECT_EQ(words[0], 0xf1258f7940e1dde7u);
    EXPECT_EQ(words[1], 0x84d5ccf933c0478au);
    EXPECT_EQ(words[24], 0xeaf1ff7b5ceca249u);
  }
}

TEST(KeccakPermutation, EveryScalarFormAbsorbsAlike) {
  std::mt19937_64 random(5);
  const Bytes data = RandomBytes(random, 5 * Keccak256State::kRate);
  for (const auto absorb : ScalarForms()) {
    uint64_t together[25] = {}, apart[25] = {}, want[25] = {};
    absorb(together, data.data(), 5);
    keccak::AbsorbGeneric(want, data.data(), 5);
    for (size_t block = 0; block < 5; ++block) {
      absorb(apart, data.data() + block * Keccak256State::kRate, 1);
    }
    EXPECT_TRUE(std::ranges::equal(together, want));
    EXPECT_TRUE(std::ranges::equal(apart, want));
  }
}

}  // namespace
}  // namespace flblk
