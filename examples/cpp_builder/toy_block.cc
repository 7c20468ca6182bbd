#include "toy_block.h"

#include <nlohmann/json.hpp>

namespace example {
namespace {

using Json = nlohmann::ordered_json;

std::string Quantity(uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

// `size` bytes of hex that say what they stand for: the value, right-aligned.
std::string Hex(uint64_t value, size_t size) {
  const std::string digits = Quantity(value).substr(2);
  return "0x" + std::string(2 * size - digits.size(), '0') + digits;
}

Json Base(uint64_t slot, uint64_t block_number) {
  return {{"parent_beacon_block_root", Hex(slot, 32)},
          {"parent_hash", Hex(block_number - 1, 32)},
          {"fee_recipient", Hex(0x4200, 20)},
          {"prev_randao", Hex(slot, 32)},
          {"block_number", Quantity(block_number)},
          {"gas_limit", Quantity(60'000'000)},
          {"timestamp", Quantity(slot)},
          {"extra_data", "0x"},
          {"base_fee_per_gas", "0x33"}};
}

}  // namespace

std::string ToyFlashblock(uint64_t slot, uint64_t block_number, uint64_t index) {
  Json delta = {{"payload_id", Hex(0, 8)}, {"index", index}};
  if (index == 0) delta["base"] = Base(slot, block_number);
  delta["diff"] = {{"state_root", Hex(index + 1, 32)},
                   {"receipts_root", Hex(index + 2, 32)},
                   {"logs_bloom", Hex(0, 256)},
                   {"gas_used", Quantity(21'000 * (index + 1))},
                   {"block_hash", Hex(slot * 1000 + index, 32)},
                   {"transactions", {Hex(0x02, 1) + Hex(slot + index, 100).substr(2)}},
                   {"withdrawals", Json::array()},
                   {"withdrawals_root", Hex(0, 32)}};
  delta["metadata"] = {{"fees", Quantity(1000 * (index + 1))}};
  return delta.dump();
}

}  // namespace example
