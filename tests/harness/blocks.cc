#include "tests/harness/blocks.h"

#include <algorithm>

#include "p2p/wire/rlp.h"
#include "tests/harness/entropy.h"

namespace flblk::harness {
namespace {

// What a value is drawn for; keeps the streams of one delta apart.
enum Tag : uint64_t { kPayloadId = 1, kBlockHash, kRoots, kGas, kBase, kTransactions };

constexpr uint64_t kGasLimit = 60'000'000;
constexpr uint64_t kGasPerTransaction = 48'000;

ByteView View(const std::string& bytes) { return AsBytes(bytes); }

std::string Typed(uint8_t type, const Bytes& rlp) {
  std::string out(1, static_cast<char>(type));
  out.append(rlp.begin(), rlp.end());
  return out;
}

// The L1 attributes deposit that opens every OP Stack block.
std::string DepositTransaction(Entropy& entropy) {
  const std::string source = entropy.Bytes(32), from(20, '\xde'), to = entropy.Bytes(20);
  const std::string data = entropy.Bytes(176);
  return Typed(0x7e, wire::RlpEncodeList([&](auto& out) {
                 for (const std::string* field : {&source, &from, &to}) out.String(View(*field));
                 out.Uint(0);          // mint
                 out.Uint(0);          // value
                 out.Uint(1'000'000);  // gas
                 out.Uint(0);          // system transaction
                 out.String(View(data));
               }));
}

// EIP-1559, with call data of half random and half zero bytes, as ABI encoding makes them.
std::string UserTransaction(Entropy& entropy, uint64_t mean_bytes) {
  const uint64_t size = mean_bytes / 2 + entropy.Below(mean_bytes + 1);
  std::string data = entropy.Bytes(size);
  for (size_t i = 0; i < data.size(); ++i) {
    if (i / 16 % 2 == 1) data[i] = '\0';
  }
  const uint64_t nonce = entropy.Below(5000), tip = entropy.Below(1'000'000);
  const std::string to = entropy.Bytes(20), r = entropy.Bytes(32), s = entropy.Bytes(32);
  return Typed(0x02, wire::RlpEncodeList([&](auto& out) {
                 out.Uint(480);  // chain id
                 out.Uint(nonce);
                 out.Uint(tip);
                 out.Uint(tip + 1'000'000);
                 out.Uint(kGasPerTransaction);
                 out.String(View(to));
                 out.Uint(0);
                 out.String(View(data));
                 out.List([](auto&) {});  // access list
                 out.Uint(nonce & 1);
                 out.String(View(r));
                 out.String(View(s));
               }));
}

std::string BigEndian(uint64_t value, size_t size) {
  std::string out(size, '\0');
  for (size_t i = size; i-- > 0; value >>= 8) out[i] = static_cast<char>(value);
  return out;
}

// Bytes 1 and 2 of a payload id are a mark of this generator, bytes 3 to 7 hold the block: BlockOf
// reads it back.
std::string MakePayloadId(uint64_t seed, uint64_t block) {
  const uint64_t mark = Entropy{seed, kPayloadId}.Below(0x10000);
  return "\x04" + BigEndian(mark, 2) + BigEndian(block, 5);
}

// A big-endian integer without its leading zeros.
std::string Trimmed(const std::string& big_endian) {
  const size_t first = big_endian.find_first_not_of('\0');
  return first == std::string::npos ? "" : big_endian.substr(first);
}

}  // namespace

BlockSource::BlockSource(GeneratorConfig config, std::optional<RecordedBlock> first)
    : config_(config), recorded_(std::move(first)) {}

BlockPlan BlockSource::Plan(uint64_t block) const {
  if (Recorded(block)) {
    const Flashblock& first = recorded_->deltas.front();
    return {block,
            first.base().block_number(),
            first.base().timestamp(),
            first.payload_id(),
            recorded_->deltas.size(),
            true};
  }
  return {block,
          config_.first_number + block,
          config_.first_slot + block * config_.slot_seconds,
          MakePayloadId(config_.seed, block),
          config_.flashblocks,
          false};
}

std::optional<uint64_t> BlockSource::BlockOf(const std::string& payload_id) const {
  if (payload_id.size() != 8) return std::nullopt;
  if (recorded_ && payload_id == recorded_->deltas.front().payload_id()) return 0;
  uint64_t block = 0;
  for (size_t i = 3; i < 8; ++i) block = block << 8 | static_cast<uint8_t>(payload_id[i]);
  if (Recorded(block) || payload_id != MakePayloadId(config_.seed, block)) return std::nullopt;
  return block;
}

std::string BlockSource::BlockHash(uint64_t block, uint64_t index) const {
  if (Recorded(block)) return recorded_->deltas[index].diff().block_hash();
  return Entropy{config_.seed, block, index, kBlockHash}.Bytes(32);
}

// Cumulative, so every earlier index counts too.
uint64_t BlockSource::GasUsed(uint64_t block, uint64_t index) const {
  uint64_t gas = 0;
  for (uint64_t i = 0; i <= index; ++i) {
    gas += kGasPerTransaction + Entropy{config_.seed, block, i, kGas}.Below(kGasLimit / 200);
  }
  return std::min(gas, kGasLimit);
}

Flashblock BlockSource::Make(uint64_t block, uint64_t index) const {
  if (Recorded(block)) return recorded_->deltas.at(index);
  const BlockPlan plan = Plan(block);
  Flashblock delta;
  delta.set_payload_id(plan.payload_id);
  delta.set_index(index);
  Entropy roots{config_.seed, block, index, kRoots};
  auto& diff = *delta.mutable_diff();
  diff.set_state_root(roots.Bytes(32));
  diff.set_receipts_root(roots.Bytes(32));
  diff.set_logs_bloom(roots.Bytes(256));
  diff.set_withdrawals_root(roots.Bytes(32));
  diff.set_gas_used(GasUsed(block, index));
  diff.set_block_hash(BlockHash(block, index));
  delta.mutable_metadata()->set_fees(BigEndian(diff.gas_used() * 1000, 8));
  Entropy entropy{config_.seed, block, index, kTransactions};
  if (index == 0) diff.add_transactions(DepositTransaction(entropy));
  const uint64_t count = config_.transactions / 2 + entropy.Below(config_.transactions + 1);
  for (uint64_t i = 0; i < count; ++i) {
    diff.add_transactions(UserTransaction(entropy, config_.transaction_bytes));
  }
  if (index == 0) FillBase(plan, *delta.mutable_base());
  return delta;
}

void BlockSource::FillBase(const BlockPlan& plan, v1::Base& base) const {
  Entropy fixed{config_.seed, plan.block, kBase};
  base.set_parent_beacon_block_root(fixed.Bytes(32));
  base.set_parent_hash(plan.block == 0
                           ? fixed.Bytes(32)
                           : BlockHash(plan.block - 1, Plan(plan.block - 1).flashblocks - 1));
  base.set_fee_recipient(fixed.Bytes(20));
  base.set_prev_randao(fixed.Bytes(32));
  base.set_block_number(plan.number);
  base.set_gas_limit(kGasLimit);
  base.set_timestamp(plan.slot);
  base.set_extra_data(std::string("\0\0\0\0\x32\0\0\0\x0c", 9));
  base.set_base_fee_per_gas("\x33");
}

bool SameDelta(const Flashblock& expected, const Flashblock& got) {
  if (expected.index() != got.index() || expected.has_base() != got.has_base()) return false;
  if (expected.diff().SerializeAsString() != got.diff().SerializeAsString()) return false;
  if (expected.has_metadata_json() && expected.metadata_json() != got.metadata_json()) return false;
  v1::Base a = expected.base(), b = got.base();
  for (v1::Base* base : {&a, &b}) base->set_base_fee_per_gas(Trimmed(base->base_fee_per_gas()));
  return a.SerializeAsString() == b.SerializeAsString();
}

}  // namespace flblk::harness
