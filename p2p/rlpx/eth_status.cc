#include "p2p/rlpx/eth_status.h"

#include "p2p/wire/rlp.h"

namespace flblk::rlpx {
namespace {

constexpr uint64_t kRangeVersion = 69;  // from here on: block range instead of total difficulty

void ReadForkId(wire::RlpReader& list, EthStatus& status) {
  wire::RlpReader fork = list.List("Status fork id");
  fork.Fixed("Status fork hash", status.fork_hash);
  status.fork_next = fork.Uint("Status fork next");
}

template <class Out>
void WriteForkId(Out& out, const EthStatus& status) {
  out.List([&](auto& fork) {
    fork.String(status.fork_hash);
    fork.Uint(status.fork_next);
  });
}

}  // namespace

Bytes EncodeEthStatus(const EthStatus& status) {
  return wire::RlpEncodeList([&](auto& out) {
    out.Uint(status.version);
    out.Uint(status.network_id);
    if (status.version < kRangeVersion) {
      out.Uint256(status.total_difficulty);
      out.String(status.head_hash);
      out.String(status.genesis);
      WriteForkId(out, status);
    } else {
      out.String(status.genesis);
      WriteForkId(out, status);
      out.Uint(status.earliest);
      out.Uint(status.latest);
      out.String(status.head_hash);
    }
  });
}

absl::StatusOr<EthStatus> DecodeEthStatus(ByteView body, uint64_t version) {
  EthStatus out;
  absl::Status status;
  wire::RlpReader top(body, &status);
  wire::RlpReader list = top.List("Status");
  out.version = list.Uint("Status version");
  out.network_id = list.Uint("Status network id");
  if (version < kRangeVersion) {
    out.total_difficulty = list.Uint256("Status total difficulty");
    list.Fixed("Status head hash", out.head_hash);
    list.Fixed("Status genesis", out.genesis);
    ReadForkId(list, out);
  } else {
    list.Fixed("Status genesis", out.genesis);
    ReadForkId(list, out);
    out.earliest = list.Uint("Status earliest block");
    out.latest = list.Uint("Status latest block");
    list.Fixed("Status latest hash", out.head_hash);
  }
  top.Finish("Status");
  if (!status.ok()) return status;
  return out;
}

}  // namespace flblk::rlpx
