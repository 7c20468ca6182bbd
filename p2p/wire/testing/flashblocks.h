// Flashblocks for tests: the reference's pinned one, and random ones.
#pragma once

#include <random>

#include "p2p/wire/messages.h"
#include "p2p/wire/rlp.h"

namespace flblk::wire::testing {

template <size_t N>
FixedBytes<N> RandomFixed(std::mt19937_64& random) {
  FixedBytes<N> out;
  for (uint8_t& b : out) b = static_cast<uint8_t>(random());
  return out;
}

// Integers of every length, small ones often.
inline uint64_t RandomUint(std::mt19937_64& random) { return random() >> (random() % 65 % 64); }

inline Bytes RandomBytes(std::mt19937_64& random, size_t max_size) {
  Bytes out(random() % (max_size + 1));
  for (uint8_t& b : out) b = static_cast<uint8_t>(random());
  return out;
}

inline Bytes RandomAccessListData(std::mt19937_64& random) {
  auto indexed = [&](auto& out, auto value) {
    out.List([&](auto& changes) {
      changes.List([&](auto& change) {
        change.Uint(7);
        value(change);
      });
    });
  };
  const uint64_t n = RandomUint(random);
  const Hash32 hash = RandomFixed<32>(random);
  return RlpEncodeList([&](auto& out) {
    out.List([&](auto& list) {
      list.List([&](auto& accounts) {
        accounts.List([&](auto& account) {
          account.String(Address{});
          account.List([&](auto& slots) {
            slots.List([&](auto& slot) {
              slot.Uint256(hash);
              indexed(slot, [&](auto& v) { v.Uint(n); });
            });
          });
          account.List([&](auto& reads) { reads.Uint256(hash); });
          indexed(account, [&](auto& v) { v.Uint256(hash); });
          indexed(account, [&](auto& v) { v.Uint(n); });
          indexed(account, [&](auto& v) { v.String(hash); });
        });
      });
      list.Uint(n);
      list.Uint(n);
    });
    out.String(hash);
  });
}

inline Diff RandomDiff(std::mt19937_64& random) {
  Diff diff;
  diff.state_root = RandomFixed<32>(random);
  diff.receipts_root = RandomFixed<32>(random);
  diff.logs_bloom = RandomFixed<256>(random);
  diff.gas_used = RandomUint(random);
  diff.block_hash = RandomFixed<32>(random);
  for (size_t n = random() % 5; n > 0; --n) diff.transactions.push_back(RandomBytes(random, 300));
  for (size_t n = random() % 3; n > 0; --n) {
    diff.withdrawals.push_back(
        {RandomUint(random), RandomUint(random), RandomFixed<20>(random), RandomUint(random)});
  }
  diff.withdrawals_root = RandomFixed<32>(random);
  if (random() % 2 == 0) diff.access_list_data = RandomAccessListData(random);
  return diff;
}

inline Base RandomBase(std::mt19937_64& random) {
  Base base;
  base.parent_beacon_block_root = RandomFixed<32>(random);
  base.parent_hash = RandomFixed<32>(random);
  base.fee_recipient = RandomFixed<20>(random);
  base.prev_randao = RandomFixed<32>(random);
  base.block_number = RandomUint(random);
  base.gas_limit = RandomUint(random);
  base.timestamp = RandomUint(random);
  base.extra_data = RandomBytes(random, 40);
  base.base_fee_per_gas[31 - random() % 32] = 9;
  return base;
}

// Well formed; base present exactly at index 0.
inline FlashblocksPayloadV1 RandomFlashblock(std::mt19937_64& random) {
  FlashblocksPayloadV1 flashblock;
  flashblock.payload_id = RandomFixed<8>(random);
  flashblock.index = random() % 12;
  flashblock.diff = RandomDiff(random);
  flashblock.metadata = "{\"fees\":\"0x0\"}";
  if (flashblock.index == 0) flashblock.base = RandomBase(random);
  return flashblock;
}

}  // namespace flblk::wire::testing
