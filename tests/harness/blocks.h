// The blocks of a run. Every delta is a pure function of (seed, block, index), so a successor can
// continue a block it did not begin, and a receiver can check what it got. The first block may be a
// recorded one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "flblk/v1/types.pb.h"

namespace flblk::harness {

using Flashblock = ::flblk::v1::FlashblocksPayloadV1;

struct GeneratorConfig {
  uint64_t seed = 1;
  uint64_t flashblocks = 10;         // per block
  uint64_t transactions = 12;        // per flashblock, on average
  uint64_t transaction_bytes = 180;  // call data, on average
  uint64_t first_number = 1'000'000;
  uint64_t first_slot = 0;  // unix seconds
  uint64_t slot_seconds = 1;
};

// One recorded block: its deltas in index order, complete from index 0.
struct RecordedBlock {
  std::vector<Flashblock> deltas;
};
// From the JSON array of FlashblocksPayloadV1 as builders send it over websockets. INVALID_ARGUMENT
// names element and field.
absl::StatusOr<RecordedBlock> ParseRecordedBlock(const std::string& json);

struct BlockPlan {
  uint64_t block = 0;
  uint64_t number = 0;
  uint64_t slot = 0;
  std::string payload_id;  // 8 bytes
  uint64_t flashblocks = 0;
  bool recorded = false;
};

class BlockSource {
 public:
  BlockSource(GeneratorConfig config, std::optional<RecordedBlock> first);

  BlockPlan Plan(uint64_t block) const;
  // Block and index of a payload id of this source among its first `blocks` blocks; nullopt: not
  // ours.
  std::optional<uint64_t> BlockOf(const std::string& payload_id) const;
  Flashblock Make(uint64_t block, uint64_t index) const;

 private:
  bool Recorded(uint64_t block) const { return recorded_ && block == 0; }
  void FillBase(const BlockPlan& plan, v1::Base& base) const;
  std::string BlockHash(uint64_t block, uint64_t index) const;
  uint64_t GasUsed(uint64_t block, uint64_t index) const;

  const GeneratorConfig config_;
  const std::optional<RecordedBlock> recorded_;
};

// Whether a received flashblock is the delta that was meant: everything but payload id version and
// metadata time.
bool SameDelta(const Flashblock& expected, const Flashblock& got);

}  // namespace flblk::harness
