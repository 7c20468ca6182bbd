#include "signer/keccak_lanes.h"

#include <algorithm>
#include <array>

#include "signer/keccak_kernels.h"

namespace flblk {

// Opens Keccak256State to this file.
class KeccakLaneAccess {
 public:
  static uint64_t* Words(Keccak256State& state) { return state.words_; }
  static const uint64_t* Words(const Keccak256State& state) { return state.words_; }
  static size_t Offset(const Keccak256State& state) { return state.offset_; }
  static void StartBlock(Keccak256State& state) { state.offset_ = 0; }
};

namespace {

using Access = KeccakLaneAccess;
using keccak::LaneEnd;
using keccak::LaneRun;
constexpr size_t kRate = Keccak256State::kRate;
constexpr size_t kMaxLanes = 8;
constexpr uint8_t kZeroBlock[kRate] = {};
constexpr uint64_t kZeroWords[25] = {};

// From any of its first kRate bytes on, a block that is zero but for one 0x01.
struct PaddingWindow {
  uint8_t bytes[2 * kRate] = {};
  constexpr PaddingWindow() { bytes[kRate] = 0x01; }
  const uint8_t* At(size_t offset) const { return bytes + (kRate - offset); }
};
constexpr PaddingWindow kPadding;

struct Kernel {
  size_t lanes;  // 1: there is none, states take their turns
  void (*absorb)(const LaneRun* lanes, size_t blocks);
  void (*digest)(const LaneEnd* lanes);
};

Kernel KernelOf([[maybe_unused]] KeccakLanes lanes) {
#if defined(FLBLK_X86_KERNELS)
  if (lanes == KeccakLanes::kAvx512) return {8, keccak::AbsorbAvx512, keccak::DigestAvx512};
  if (lanes == KeccakLanes::kAvx2) return {4, keccak::AbsorbAvx2, keccak::DigestAvx2};
#endif
  return {1, nullptr, nullptr};
}

// One lane's job under way.
class Lane {
 public:
  bool busy() const { return blocks_ != 0; }
  size_t blocks() const { return blocks_; }  // still to absorb

  // A job too short to fill its block is done at once, and the lane stays idle.
  void Take(const KeccakJob& job) {
    state_ = job.state;
    data_ = job.data;
    const size_t offset = Access::Offset(*state_);
    blocks_ = (offset + data_.size()) / kRate;
    if (blocks_ == 0) {
      state_->Update(data_);
    } else if (offset != 0) {
      // The state is in the middle of a block: opening with as many zeros changes nothing of it.
      std::fill_n(opening_.begin(), offset, uint8_t{0});
      std::copy_n(data_.begin(), kRate - offset, opening_.begin() + offset);
    }
  }

  LaneRun Run() const {
    const size_t offset = Access::Offset(*state_);
    return {Access::Words(*state_), offset == 0 ? data_.data() : opening_.data(),
            data_.data() + (kRate - offset), kRate};
  }

  // The kernel has absorbed `count` blocks; after the last one the rest opens a new block.
  void Advance(size_t count) {
    data_ = data_.subspan(count * kRate - Access::Offset(*state_));
    Access::StartBlock(*state_);
    blocks_ -= count;
    if (blocks_ == 0) state_->Update(data_);
  }

  void FinishAlone() {
    state_->Update(data_);
    blocks_ = 0;
  }

 private:
  Keccak256State* state_ = nullptr;
  ByteView data_;
  size_t blocks_ = 0;
  std::array<uint8_t, kRate> opening_;
};

class Scheduler {
 public:
  Scheduler(std::span<const KeccakJob> jobs, Kernel kernel) : jobs_(jobs), kernel_(kernel) {}

  void Run() {
    while (Refill() > 1) Step();
    for (Lane& lane : Lanes()) {
      if (lane.busy()) lane.FinishAlone();
    }
  }

 private:
  std::span<Lane> Lanes() { return std::span(lanes_).first(kernel_.lanes); }

  // Gives idle lanes the next jobs; returns how many are busy.
  size_t Refill() {
    size_t busy = 0;
    for (Lane& lane : Lanes()) {
      while (!lane.busy() && !jobs_.empty()) {
        lane.Take(jobs_.front());
        jobs_ = jobs_.subspan(1);
      }
      busy += lane.busy();
    }
    return busy;
  }

  // Absorbs as many blocks as every busy lane has.
  void Step() {
    LaneRun runs[kMaxLanes];
    size_t count = SIZE_MAX;
    for (size_t i = 0; i < kernel_.lanes; ++i) {
      runs[i] = {idle_words_[i], kZeroBlock, kZeroBlock, 0};
      if (!lanes_[i].busy()) continue;
      runs[i] = lanes_[i].Run();
      count = std::min(count, lanes_[i].blocks());
    }
    kernel_.absorb(runs, count);
    for (Lane& lane : Lanes()) {
      if (lane.busy()) lane.Advance(count);
    }
  }

  std::span<const KeccakJob> jobs_;  // not yet taken
  const Kernel kernel_;
  std::array<Lane, kMaxLanes> lanes_;
  uint64_t idle_words_[kMaxLanes][25] = {};  // an idle lane permutes these
};

// At most kernel.lanes digests by one permutation.
void DigestGroup(std::span<const Keccak256State* const> states, std::span<Hash32> out,
                 Kernel kernel) {
  LaneEnd lanes[kMaxLanes];
  Hash32 unused;
  for (size_t i = 0; i < kernel.lanes; ++i) {
    lanes[i] = {kZeroWords, kZeroBlock, unused.data()};
    if (i >= states.size()) continue;
    lanes[i] = {Access::Words(*states[i]), kPadding.At(Access::Offset(*states[i])), out[i].data()};
  }
  kernel.digest(lanes);
}

}  // namespace

bool IsSupported(KeccakLanes lanes) {
  if (lanes == KeccakLanes::kScalar) return true;
#if defined(FLBLK_X86_KERNELS)
  // Asks the operating system, too: whether it keeps the wide registers.
  if (lanes == KeccakLanes::kAvx512) return __builtin_cpu_supports("avx512f");
  if (lanes == KeccakLanes::kAvx2) return __builtin_cpu_supports("avx2");
#endif
  return false;
}

KeccakLanes BestKeccakLanes() {
  static const KeccakLanes best = IsSupported(KeccakLanes::kAvx512) ? KeccakLanes::kAvx512
                                  : IsSupported(KeccakLanes::kAvx2) ? KeccakLanes::kAvx2
                                                                    : KeccakLanes::kScalar;
  return best;
}

void AbsorbAll(std::span<const KeccakJob> jobs, KeccakLanes lanes) {
  const Kernel kernel = KernelOf(lanes);
  if (kernel.lanes == 1 || jobs.size() == 1) {
    for (const KeccakJob& job : jobs) job.state->Update(job.data);
    return;
  }
  Scheduler(jobs, kernel).Run();
}

void DigestAll(std::span<const Keccak256State* const> states, std::span<Hash32> out,
               KeccakLanes lanes) {
  const Kernel kernel = KernelOf(lanes);
  while (!states.empty()) {
    const size_t count = std::min(states.size(), kernel.lanes);
    if (count == 1) {
      out[0] = states[0]->Digest();
    } else {
      DigestGroup(states.first(count), out.first(count), kernel);
    }
    states = states.subspan(count);
    out = out.subspan(count);
  }
}

}  // namespace flblk
