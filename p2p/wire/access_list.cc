#include "p2p/wire/access_list.h"

namespace flblk::wire {
namespace {

// A list of [ block_access_index, value ]; `read_value` reads the second item.
template <class ReadValue>
void ReadIndexed(RlpReader& in, std::string_view field, const ReadValue& read_value) {
  RlpReader changes = in.List(field);
  while (changes.More()) {
    RlpReader change = changes.List(field);
    change.Uint("access list block_access_index");
    read_value(change);
    change.Finish(field);
  }
}

void ReadSlotChanges(RlpReader& in) {
  RlpReader slot = in.List("storage_changes");
  slot.Uint256("storage_changes slot");
  ReadIndexed(slot, "storage_changes values", [](RlpReader& change) { change.Uint256("value"); });
  slot.Finish("storage_changes");
}

void ReadAccountChanges(RlpReader& in) {
  RlpReader account = in.List("AccountChanges");
  Address address;
  account.Fixed("AccountChanges address", address);
  RlpReader slots = account.List("storage_changes");
  while (slots.More()) ReadSlotChanges(slots);
  RlpReader reads = account.List("storage_reads");
  while (reads.More()) reads.Uint256("storage_reads slot");
  ReadIndexed(account, "balance_changes", [](RlpReader& change) { change.Uint256("balance"); });
  ReadIndexed(account, "nonce_changes", [](RlpReader& change) { change.Uint("nonce"); });
  ReadIndexed(account, "code_changes", [](RlpReader& change) { change.String("code"); });
  account.Finish("AccountChanges");
}

}  // namespace

ByteView ReadAccessListData(RlpReader& in) {
  RlpReader whole = in;
  RlpReader data = in.List("access_list_data");
  RlpReader list = data.List("AccessList");
  RlpReader accounts = list.List("AccessList changes");
  while (accounts.More()) ReadAccountChanges(accounts);
  list.Uint("min_tx_index");
  list.Uint("max_tx_index");
  list.Finish("AccessList");
  Hash32 hash;
  data.Fixed("access_list_hash", hash);
  data.Finish("access_list_data");
  return whole.Item("access_list_data");
}

absl::Status CheckAccessListData(ByteView item) {
  absl::Status status;
  RlpReader in(item, &status);
  ReadAccessListData(in);
  in.Finish("access_list_data");
  return status;
}

}  // namespace flblk::wire
