#include "p2p/wire/flashblock_rlp.h"

#include "absl/strings/str_cat.h"
#include "p2p/wire/access_list.h"

namespace flblk::wire {
namespace {

Bytes Copy(ByteView view) { return Bytes(view.begin(), view.end()); }

Withdrawal ReadWithdrawal(RlpReader& in) {
  Withdrawal w;
  RlpReader items = in.List("withdrawal");
  w.index = items.Uint("withdrawal.index");
  w.validator_index = items.Uint("withdrawal.validator_index");
  items.Fixed("withdrawal.address", w.address);
  w.amount = items.Uint("withdrawal.amount");
  items.Finish("withdrawal");
  return w;
}

std::vector<Bytes> ReadTransactions(RlpReader& in) {
  std::vector<Bytes> transactions;
  RlpReader items = in.List("diff.transactions");
  while (items.More()) {
    if (transactions.size() == kMaxTransactions) {
      items.Fail("diff.transactions", absl::StrCat("more than ", kMaxTransactions));
      break;
    }
    transactions.push_back(Copy(items.String("diff.transactions")));
  }
  return transactions;
}

Diff ReadDiff(RlpReader& in) {
  Diff diff;
  RlpReader items = in.List("diff");
  items.Fixed("diff.state_root", diff.state_root);
  items.Fixed("diff.receipts_root", diff.receipts_root);
  items.Fixed("diff.logs_bloom", diff.logs_bloom);
  diff.gas_used = items.Uint("diff.gas_used");
  items.Fixed("diff.block_hash", diff.block_hash);
  diff.transactions = ReadTransactions(items);
  RlpReader withdrawals = items.List("diff.withdrawals");
  while (withdrawals.More()) diff.withdrawals.push_back(ReadWithdrawal(withdrawals));
  items.Fixed("diff.withdrawals_root", diff.withdrawals_root);
  if (items.NextIsEmptyString()) {
    items.String("diff.access_list_data");
  } else if (items.More()) {
    diff.access_list_data = Copy(ReadAccessListData(items));
  }
  items.Finish("diff");
  return diff;
}

Base ReadBase(RlpReader& in) {
  Base base;
  RlpReader items = in.List("base");
  items.Fixed("base.parent_beacon_block_root", base.parent_beacon_block_root);
  items.Fixed("base.parent_hash", base.parent_hash);
  items.Fixed("base.fee_recipient", base.fee_recipient);
  items.Fixed("base.prev_randao", base.prev_randao);
  base.block_number = items.Uint("base.block_number");
  base.gas_limit = items.Uint("base.gas_limit");
  base.timestamp = items.Uint("base.timestamp");
  base.extra_data = Copy(items.String("base.extra_data"));
  base.base_fee_per_gas = items.Uint256("base.base_fee_per_gas");
  items.Finish("base");
  return base;
}

template <class Out>
void PutDiff(const Diff& diff, Out& out) {
  out.String(diff.state_root);
  out.String(diff.receipts_root);
  out.String(diff.logs_bloom);
  out.Uint(diff.gas_used);
  out.String(diff.block_hash);
  out.List([&](auto& items) {
    for (const Bytes& transaction : diff.transactions) items.String(transaction);
  });
  out.List([&](auto& items) {
    for (const Withdrawal& w : diff.withdrawals) {
      items.List([&](auto& fields) {
        fields.Uint(w.index);
        fields.Uint(w.validator_index);
        fields.String(w.address);
        fields.Uint(w.amount);
      });
    }
  });
  out.String(diff.withdrawals_root);
  if (diff.access_list_data) out.Item(*diff.access_list_data);
}

template <class Out>
void PutBase(const Base& base, Out& out) {
  out.String(base.parent_beacon_block_root);
  out.String(base.parent_hash);
  out.String(base.fee_recipient);
  out.String(base.prev_randao);
  out.Uint(base.block_number);
  out.Uint(base.gas_limit);
  out.Uint(base.timestamp);
  out.String(base.extra_data);
  out.Uint256(base.base_fee_per_gas);
}

template <class Out>
void Put(const FlashblocksPayloadV1& flashblock, Out& out) {
  out.List([&](auto& items) {
    items.String(flashblock.payload_id);
    items.Uint(flashblock.index);
    items.List([&](auto& fields) { PutDiff(flashblock.diff, fields); });
    items.String(AsBytes(flashblock.metadata));
    if (flashblock.base) {
      items.List([&](auto& fields) { PutBase(*flashblock.base, fields); });
    } else {
      items.String(ByteView());
    }
  });
}

}  // namespace

FlashblocksPayloadV1 ReadFlashblock(RlpReader& in) {
  FlashblocksPayloadV1 flashblock;
  RlpReader items = in.List("flashblock");
  items.Fixed("flashblock.payload_id", flashblock.payload_id);
  flashblock.index = items.Uint("flashblock.index");
  flashblock.diff = ReadDiff(items);
  ByteView metadata = items.String("flashblock.metadata");
  flashblock.metadata.assign(metadata.begin(), metadata.end());
  if (items.NextIsEmptyString()) {
    items.String("flashblock.base");
  } else {
    flashblock.base = ReadBase(items);
  }
  return flashblock;
}

void PutFlashblock(const FlashblocksPayloadV1& flashblock, RlpSizer& out) { Put(flashblock, out); }
void PutFlashblock(const FlashblocksPayloadV1& flashblock, RlpWriter& out) { Put(flashblock, out); }

}  // namespace flblk::wire
