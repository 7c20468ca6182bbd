#include "p2p/rlpx/seal_many.h"

#include <algorithm>

namespace flblk::rlpx {
namespace {

// At most kSealGroup jobs; every step is done for all of them before the next.
class Group {
 public:
  Group(ByteView payload, std::span<const SealJob> jobs, KeccakLanes lanes)
      : payload_(payload), jobs_(jobs), lanes_(lanes) {
    for (size_t i = 0; i < jobs.size(); ++i) {
      absorb_[i].state = &jobs[i].sealer->mac().state();
      states_[i] = absorb_[i].state;
    }
  }

  void Seal() {
    for (const SealJob& job : jobs_) job.sealer->Encrypt(job.id, payload_, job.out);
    for (size_t i = 0; i < jobs_.size(); ++i) {
      seeds_[i] = jobs_[i].sealer->mac().HeaderSeed(FrameSealer::HeaderCiphertext(jobs_[i].out));
    }
    AbsorbSeeds();
    for (size_t i = 0; i < jobs_.size(); ++i) Finish(i, FrameSealer::HeaderTag(jobs_[i].out));
    for (size_t i = 0; i < jobs_.size(); ++i) {
      absorb_[i].data = FrameSealer::BodyCiphertext(payload_.size(), jobs_[i].out);
    }
    AbsorbAll(std::span(absorb_).first(jobs_.size()), lanes_);
    Digest();
    for (size_t i = 0; i < jobs_.size(); ++i) {
      seeds_[i] = jobs_[i].sealer->mac().BodySeed(digests_[i]);
    }
    AbsorbSeeds();
    for (size_t i = 0; i < jobs_.size(); ++i) {
      Finish(i, FrameSealer::BodyTag(payload_.size(), jobs_[i].out));
    }
  }

 private:
  void Digest() {
    DigestAll(std::span<const Keccak256State* const>(states_).first(jobs_.size()),
              std::span(digests_).first(jobs_.size()), lanes_);
  }
  void AbsorbSeeds() {
    for (size_t i = 0; i < jobs_.size(); ++i) absorb_[i].data = seeds_[i];
    AbsorbAll(std::span(absorb_).first(jobs_.size()), lanes_);
    Digest();
  }
  void Finish(size_t i, uint8_t* out) {
    const FrameMac::Tag tag = jobs_[i].sealer->mac().Finish(digests_[i]);
    std::copy(tag.begin(), tag.end(), out);
  }

  ByteView payload_;
  std::span<const SealJob> jobs_;
  KeccakLanes lanes_;
  std::array<const Keccak256State*, kSealGroup> states_{};
  std::array<KeccakJob, kSealGroup> absorb_{};
  std::array<FixedBytes<16>, kSealGroup> seeds_{};
  std::array<Hash32, kSealGroup> digests_{};
};

}  // namespace

void SealMany(ByteView payload, std::span<const SealJob> jobs, KeccakLanes lanes) {
  while (!jobs.empty()) {
    const size_t n = std::min(jobs.size(), kSealGroup);
    Group(payload, jobs.first(n), lanes).Seal();
    jobs = jobs.subspan(n);
  }
}

}  // namespace flblk::rlpx
