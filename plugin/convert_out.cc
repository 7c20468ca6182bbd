#include "flblk/v1/admin.pb.h"
#include "flblk/v1/builder.pb.h"
#include "flblk/v1/types.pb.h"
#include "plugin/convert.h"
#include "plugin/utf8.h"

namespace flblk::plugin {
namespace {

template <typename Container>
std::string Raw(const Container& bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void WriteDiff(const wire::Diff& in, v1::Diff& out) {
  out.set_state_root(Raw(in.state_root));
  out.set_receipts_root(Raw(in.receipts_root));
  out.set_logs_bloom(Raw(in.logs_bloom));
  out.set_gas_used(in.gas_used);
  out.set_block_hash(Raw(in.block_hash));
  for (const Bytes& transaction : in.transactions) out.add_transactions(Raw(transaction));
  for (const wire::Withdrawal& withdrawal : in.withdrawals) {
    v1::Withdrawal& added = *out.add_withdrawals();
    added.set_index(withdrawal.index);
    added.set_validator_index(withdrawal.validator_index);
    added.set_address(Raw(withdrawal.address));
    added.set_amount(withdrawal.amount);
  }
  out.set_withdrawals_root(Raw(in.withdrawals_root));
  if (in.access_list_data) out.set_access_list_data(Raw(*in.access_list_data));
}

// Without leading zero bytes; zero is empty.
std::string Minimal(const Hash32& number) {
  size_t zeros = 0;
  while (zeros < number.size() && number[zeros] == 0) ++zeros;
  return Raw(ByteView(number).subspan(zeros));
}

void WriteBase(const wire::Base& in, v1::Base& out) {
  out.set_parent_beacon_block_root(Raw(in.parent_beacon_block_root));
  out.set_parent_hash(Raw(in.parent_hash));
  out.set_fee_recipient(Raw(in.fee_recipient));
  out.set_prev_randao(Raw(in.prev_randao));
  out.set_block_number(in.block_number);
  out.set_gas_limit(in.gas_limit);
  out.set_timestamp(in.timestamp);
  out.set_extra_data(Raw(in.extra_data));
  out.set_base_fee_per_gas(Minimal(in.base_fee_per_gas));
}

}  // namespace

int ToProtoState(core::PublishState state) { return static_cast<int>(state) + 1; }
int ToProtoCause(core::Cause cause) { return static_cast<int>(cause) + 1; }

void ToProto(const Authorization& in, v1::Authorization& out) {
  out.set_payload_id(Raw(in.payload_id));
  out.set_timestamp(in.timestamp);
  out.set_builder_vk(Raw(in.builder_vk.bytes));
  out.set_authorizer_sig(Raw(in.authorizer_sig.bytes));
}

void ToProto(const wire::FlashblocksPayloadV1& in, v1::FlashblocksPayloadV1& out) {
  out.set_payload_id(Raw(in.payload_id));
  out.set_index(in.index);
  WriteDiff(in.diff, *out.mutable_diff());
  out.set_metadata_json(ToUtf8(in.metadata));
  if (in.base) WriteBase(*in.base, *out.mutable_base());
}

void ToProto(const core::FlashblockDelivered& in, bool include_rlp, v1::VerifiedFlashblock& out) {
  ToProto(*in.flashblock, *out.mutable_flashblock());
  ToProto(in.authorization, *out.mutable_authorization());
  out.set_actor_sig(Raw(in.actor_sig.bytes));
  out.set_own(in.own);
  if (include_rlp && in.frame) out.set_authorized_rlp(Raw(in.frame->body));
}

void ToProto(const core::PublishingChanged& in, int64_t unix_ns, v1::PublishingEvent& out) {
  out.set_state(static_cast<v1::PublishState>(ToProtoState(in.to)));
  out.set_previous(static_cast<v1::PublishState>(ToProtoState(in.from)));
  out.set_cause(static_cast<v1::Cause>(ToProtoCause(in.cause)));
  if (in.authorization) ToProto(*in.authorization, *out.mutable_authorization());
  if (in.rival) out.set_rival_vk(Raw(in.rival->bytes));
  out.set_next_index(in.next_index);
  out.set_unix_ns(unix_ns);
  out.set_in_previous_state_ns(static_cast<uint64_t>(in.in_previous_state.count()));
  out.set_missing(in.missing);
  out.set_reason(ToUtf8(in.reason));
}

void ToProto(const net::HistoryEntry& in, v1::HandoffEntry& out) {
  out.set_unix_ns(in.unix_ns);
  out.set_from(static_cast<v1::PublishState>(ToProtoState(in.change.from)));
  out.set_to(static_cast<v1::PublishState>(ToProtoState(in.change.to)));
  out.set_cause(static_cast<v1::Cause>(ToProtoCause(in.change.cause)));
  if (in.change.authorization) {
    out.set_payload_id(Raw(in.change.authorization->payload_id));
    out.set_slot(in.change.authorization->timestamp);
  }
  if (in.change.rival) out.set_rival_vk(Raw(in.change.rival->bytes));
  out.set_in_previous_state_ns(static_cast<uint64_t>(in.change.in_previous_state.count()));
  out.set_next_index(in.change.next_index);
  out.set_missing(in.change.missing);
  out.set_reason(ToUtf8(in.change.reason));
}

void ToProto(const net::PeerInfo& in, v1::Peer& out) {
  out.set_node_id(Raw(in.node_id));
  out.set_client_id(ToUtf8(in.client_id));
  out.set_remote_address(in.remote_address);
  out.set_inbound(in.inbound);
  out.set_trusted(in.trusted);
  out.set_is_static(in.is_static);
  out.set_flblk_version(in.flblk_version);
  out.set_eth_version(in.eth_version);
  out.set_connected_unix_ns(in.connected_unix_ns);
  out.set_bytes_in(in.bytes_in);
  out.set_bytes_out(in.bytes_out);
  out.set_queued_bytes(in.queued_bytes);
  out.set_dropped_flashblocks(in.dropped_flashblocks);
  out.set_sending_to(in.gossip.sending_to);
  out.set_receiving_from(in.gossip.receiving_from);
  out.set_flashblocks_in(in.gossip.flashblocks_in);
  out.set_flashblocks_out(in.gossip.flashblocks_out);
  out.set_duplicates(in.gossip.duplicates);
  out.set_missed(in.gossip.missed);
  if (in.gossip.latency) out.set_latency_ns(in.gossip.latency->count());
  out.set_penalty(in.gossip.penalty);
}

void ToProto(const core::EquivocationFound& in, int64_t unix_ns, v1::Equivocation& out) {
  out.set_unix_ns(unix_ns);
  out.set_builder_vk(Raw(in.builder.bytes));
  out.set_slot(in.slot);
  if (in.first) out.set_first_rlp(Raw(in.first->body));
  if (in.second) out.set_second_rlp(Raw(in.second->body));
  out.set_kind(static_cast<v1::Equivocation::Kind>(static_cast<int>(in.kind) + 1));
}

}  // namespace flblk::plugin
