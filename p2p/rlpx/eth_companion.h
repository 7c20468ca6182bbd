// The eth companion: as much of eth/68 and eth/69 as keeps a reth or geth node content while flblk
// is spoken beside it. It holds no chain: it exchanges Status, answers every request with an empty
// list, ignores what is announced, and sends nothing on its own that costs reputation.
//
// Status: the remote's is awaited for a moment and mirrored (genesis, network id, fork id, head),
// because both reth and geth send theirs at once and then find in ours what they expect. What the
// configuration states is demanded of the remote. Where the remote stays silent the configured
// values go out after status_wait_configured, or after status_wait_mirror where genesis or network
// id is not configured, so that of two flblk nodes the one that knows the network speaks first.
//
// A decision machine: pure, deterministic. Source: devp2p caps/eth.md.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "p2p/rlpx/disconnect.h"
#include "p2p/rlpx/eth_status.h"
#include "p2p/wire/time.h"

namespace flblk::rlpx {

// reth drops every session without a shared `eth`.
struct EthConfig {
  bool enabled = true;                 // offer eth/69 and eth/68
  std::optional<uint64_t> network_id;  // expected and sent; absent: mirror the remote's
  std::optional<Hash32> genesis;       // expected and sent; absent: mirror
  FixedBytes<4> fork_hash{};           // sent where the remote's Status did not come first
  uint64_t fork_next = 0;
  Hash32 head_hash{};  // latest; zero: genesis
  uint64_t head_number = 0;
};

class EthCompanion {
 public:
  // `version`: the shared one, 68 or 69. `now`: both Hellos are done.
  EthCompanion(const EthConfig& config, uint64_t version, MonoTime now);

  struct Out {
    uint8_t id = 0;  // relative to eth
    Bytes body;      // uncompressed
  };
  struct Failure {
    DisconnectReason reason = DisconnectReason::kSubprotocolError;
    std::string why;
  };

  // Whether the body of that message is looked at (others may be left compressed).
  static bool Reads(uint8_t id);
  // To be asked before the body of a message is uncompressed; takes a place of the bucket for
  // requests.
  std::optional<Failure> OnArrival(uint8_t id, MonoTime now);
  // `body`: uncompressed; empty where !Reads(id). Appends what is to be sent at once.
  std::optional<Failure> OnMessage(uint8_t id, ByteView body, MonoTime now, std::vector<Out>& out);
  std::optional<Failure> OnTimer(MonoTime now, std::vector<Out>& out);
  std::optional<MonoTime> NextDeadline() const;

  // The accepted Status of the remote.
  const std::optional<EthStatus>& remote() const { return remote_; }

 private:
  std::optional<Failure> OnStatus(ByteView body, std::vector<Out>& out);
  std::optional<Failure> OnRequest(uint8_t id, ByteView body, MonoTime now);
  std::optional<std::string> Mismatch(const EthStatus& status) const;
  EthStatus DefaultStatus() const;

  struct Answer {
    MonoTime due;
    uint8_t id = 0;
    uint64_t request_id = 0;
  };

  const EthConfig config_;
  const uint64_t version_;
  const MonoTime status_due_;   // when the remote's Status must have come
  const MonoTime default_due_;  // when ours goes out unmirrored
  bool sent_ = false;
  std::optional<EthStatus> remote_;
  MonoTime requests_full_at_;   // when the bucket of requests is full again
  std::deque<Answer> answers_;  // as many as OnArrival lets pass within eth_answer
};

}  // namespace flblk::rlpx
