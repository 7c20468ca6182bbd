// Goals 1 and 2: many Keccak states at once, and sealing one message for many peers.
#include <random>

#include "p2p/rlpx/seal_many.h"
#include "tests/bench/goal_list.h"

namespace flblk::bench {
namespace {

struct Path {
  const char* name;
  KeccakLanes lanes;
  double goal;  // times scalar
};
constexpr Path kPaths[] = {{"AVX2, 4 lanes", KeccakLanes::kAvx2, 2.3},
                           {"AVX-512, 8 lanes", KeccakLanes::kAvx512, 7.0}};

// Eight states, each at another position of its block as the MACs of a fan-out are.
double AbsorbSeconds(std::vector<Keccak256State>& states, const Bytes& data, KeccakLanes lanes) {
  std::vector<KeccakJob> jobs;
  for (Keccak256State& state : states) jobs.push_back({&state, data});
  return CpuOf([&] { AbsorbAll(jobs, lanes); }, 500e-6);
}

// The egress states of n connections and room for a frame each.
class FanOut {
 public:
  FanOut(size_t n, size_t payload) {
    std::mt19937 random(7);
    payload_.resize(payload);
    for (uint8_t& b : payload_) b = static_cast<uint8_t>(random());
    sealers_.reserve(n);
    for (size_t i = 0; i < n; ++i) {
      rlpx::Secrets secrets;
      for (uint8_t& b : secrets.aes) b = static_cast<uint8_t>(random());
      for (uint8_t& b : secrets.mac) b = static_cast<uint8_t>(random());
      secrets.egress_mac.Update(Bytes(random() % 1000));
      sealers_.emplace_back(secrets);
      frames_.emplace_back(wire_bytes());
      jobs_.push_back({&sealers_.back(), 0x10, frames_.back().data()});
    }
  }
  size_t wire_bytes() const { return rlpx::FrameSealer::SealedSize(payload_.size()); }
  double Together() {
    return CpuOf([this] { rlpx::SealMany(payload_, jobs_); }, 300e-6);
  }
  double OneByOne() {
    return CpuOf(
        [this] {
          for (const rlpx::SealJob& job : jobs_) job.sealer->Seal(job.id, payload_, job.out);
        },
        300e-6);
  }

 private:
  Bytes payload_;
  std::vector<rlpx::FrameSealer> sealers_;
  std::vector<Bytes> frames_;
  std::vector<rlpx::SealJob> jobs_;
};

constexpr size_t kSizes[] = {1'000, 10'000, 100'000, 1'000'000};
std::vector<size_t> Peers(const Options& options) {
  if (options.quick) return {10, 50};
  return {1, 10, 50, 200};
}

}  // namespace

void KeccakGoal(const Options& options) {
  for (const Path& path : kPaths) {
    Row row{1, path.name, path.goal, true, {}, ""};
    if (!IsSupported(path.lanes)) {
      row.note = "this processor does not have it";
    } else {
      std::vector<Keccak256State> states(8);
      for (size_t i = 0; i < states.size(); ++i) states[i].Update(Bytes(16 * i + 16));
      const Bytes data(65536, 0x5a);
      row.ratio = PairedRatio(
          101, options.quick ? 2 : 6,
          [&] { return AbsorbSeconds(states, data, KeccakLanes::kScalar); },
          [&] { return AbsorbSeconds(states, data, path.lanes); });
    }
    Print(row);
  }
}

void FanOutGoal(const Options& options) {
  const bool lanes8 = BestKeccakLanes() == KeccakLanes::kAvx512;
  const double seconds = options.quick ? 1 : 4;
  for (const size_t n : Peers(options)) {
    for (const size_t size : kSizes) {
      FanOut fan_out(n, size);
      Row model{2, "model, " + SizeName(n, size), 1.2, false, {}, "needs AVX-512"};
      if (lanes8) {
        model.note = "";
        model.ratio = PairedRatio(
            101, seconds, [&] { return fan_out.Together(); },
            [&] { return ModelSeconds(n, fan_out.wire_bytes(), Perm8Seconds()); });
      }
      Print(model);
      if (n != 50 || size < 10'000) continue;
      Row scalar{2, "scalar, " + SizeName(n, size), 5, true, {}, "needs AVX-512"};
      if (lanes8) {
        scalar.note = "";
        scalar.ratio = PairedRatio(
            51, seconds, [&] { return fan_out.OneByOne(); }, [&] { return fan_out.Together(); });
      }
      Print(scalar);
    }
  }
}

}  // namespace flblk::bench
