#include "tests/bench/goals.h"

#include <time.h>

#include <cstdio>
#include <random>

#include "p2p/rlpx/snappy_block.h"
#include "signer/keccak_lanes.h"

namespace flblk::bench {
namespace {

double Clock(clockid_t id) {
  timespec t;
  clock_gettime(id, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

SecretKey FilledKey(uint8_t value) {
  FixedBytes<32> seed;
  seed.fill(value);
  return *SecretKey::FromSeed(seed);
}

}  // namespace

void Print(const Row& row) {
  std::string ratio = "null";
  if (row.ratio) ratio = std::to_string(*row.ratio);
  std::printf(R"({"goal":%d,"name":"%s","target":%g,"at_least":%s,"ratio":%s,"note":"%s"})"
              "\n",
              row.goal, row.name.c_str(), row.target, row.at_least ? "true" : "false",
              ratio.c_str(), row.note.c_str());
  std::fflush(stdout);
}

double ThreadSeconds() { return Clock(CLOCK_THREAD_CPUTIME_ID); }
double WallSeconds() { return Clock(CLOCK_MONOTONIC); }

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double Perm8Seconds() {
  constexpr size_t kBlocks = 128;
  static const Bytes data(kBlocks * Keccak256State::kRate, 0x5a);
  static std::vector<Keccak256State> states(8);
  std::vector<KeccakJob> jobs;
  for (Keccak256State& state : states) jobs.push_back({&state, data});
  return CpuOf([&] { AbsorbAll(jobs); }) / kBlocks;
}

double ModelSeconds(size_t n, size_t wire_bytes, double perm8) {
  constexpr double kAesPerBlock = 0.021;
  const auto groups = static_cast<double>((n + 7) / 8);
  const double blocks = static_cast<double>(wire_bytes) / Keccak256State::kRate;
  return (groups * (blocks + 4.5) + static_cast<double>(n) * blocks * kAesPerBlock) * perm8;
}

const SecretKey& AuthorizerKey() {
  static const SecretKey* const kKey = new SecretKey(FilledKey(1));
  return *kKey;
}

const SecretKey& BuilderKey() {
  static const SecretKey* const kKey = new SecretKey(FilledKey(kBuilderSeedByte));
  return *kKey;
}

Authorization AuthorizationFor(uint64_t slot) {
  PayloadId id{3};
  for (size_t i = 0; i < 7; ++i) id[7 - i] = static_cast<uint8_t>(slot >> (8 * i));
  return MakeAuthorization(AuthorizerKey(), id, slot, BuilderKey().public_key());
}

wire::FlashblocksPayloadV1 Flashblock(const Authorization& authorization, uint64_t index,
                                      size_t size) {
  constexpr size_t kTransaction = 300;
  static std::mt19937 random(1);
  wire::FlashblocksPayloadV1 out;
  out.payload_id = authorization.payload_id;
  out.index = index;
  out.diff.gas_used = 21000 * (index + 1);
  out.metadata = R"({"fees":"0x0"})";
  for (size_t left = size; left > 0;) {
    Bytes transaction(std::min(left, kTransaction));
    for (size_t i = 0; i < transaction.size(); ++i) {
      if (i % 96 < 64) transaction[i] = static_cast<uint8_t>(random());
    }
    left -= transaction.size();
    out.diff.transactions.push_back(std::move(transaction));
  }
  if (index == 0) {
    out.base.emplace();
    out.base->timestamp = authorization.timestamp;
    out.base->block_number = authorization.timestamp / 2;
  }
  return out;
}

wire::FramePtr SerialStages(const wire::FlashblocksPayloadV1& flashblock,
                            const Authorization& authorization) {
  const Bytes message = wire::EncodeFlashblockMessage(flashblock);
  const Bytes item = wire::EncodeAuthorization(authorization);
  auto frame = std::make_shared<wire::Frame>();
  frame->body =
      wire::EncodeAuthorized(message, item, BuilderKey().Sign(wire::ActorDigest(message, item)));
  frame->snappy = rlpx::SnappyCompress(frame->body);
  return frame;
}

std::string SizeName(size_t n, size_t bytes) {
  const size_t kb = bytes / 1000;
  return std::to_string(n) + " x " +
         (kb >= 1000 ? std::to_string(kb / 1000) + " MB" : std::to_string(kb) + " KB");
}

}  // namespace flblk::bench
