// What gossip knows of one live flblk session.
#pragma once

#include <optional>

#include "p2p/core/events.h"
#include "p2p/core/penalties.h"
#include "p2p/core/token_bucket.h"

namespace flblk::core {

// flblk/2 receive side: whether this peer feeds us.
enum class Feed : uint8_t {
  kNone,
  kRequested,  // RequestFlashblocks is out
  kReceiving,
};

struct Peer {
  SessionId session = 0;
  NodeId node_id{};
  uint8_t version = 2;
  bool trusted = false;
  bool standby = false;
  // We are a builder, and it may be the one before us: asked beside max_receive_peers and never
  // given up, so that its flashblocks and its StopPublish come the same way, in order.
  bool always_asked = false;
  size_t number = 0;     // dense, reused after disconnect: the index in PeerSet
  bool dropped = false;  // Drop is out: nothing more is sent to or taken from it

  bool feeding = false;  // we send it flashblocks
  Feed feed = Feed::kNone;
  bool overdue = false;   // kRequested and unanswered: does not hold a receive slot any more
  MonoTime feed_since;    // of the last change of `feed`
  MonoTime check_at;      // kRequested: when to look at it again
  MonoTime retry_at;      // kNone: not asked again before
  MonoTime any_retry_at;  // the same where nobody else is left: at once where we cancelled
  bool answered = false;  // it has accepted or refused a request, or sent a flashblock
  std::optional<MonoTime> answer_due;    // trusted, asked, not `answered`: when to renew
  std::optional<MonoTime> cancelled_at;  // our last CancelFlashblocks

  // Budgets; see the limits in gossip.h.
  TokenBucket frames_in{1024, std::chrono::milliseconds(5)};
  TokenBucket repeats_in{32, std::chrono::milliseconds(125)};
  TokenBucket unproductive_in{512, std::chrono::milliseconds(15)};
  TokenBucket control_in{20, std::chrono::seconds(3)};
  TokenBucket unexpected_in{4, std::chrono::seconds(30)};
  SlidingLimit<9> control_out{std::chrono::seconds(30)};
  PenaltyScore penalty;

  uint64_t flashblocks_in = 0, flashblocks_out = 0, duplicates = 0, missed = 0;
  std::optional<Duration> latency;  // behind the first copy, moving average

  void AddLatency(Duration sample) {
    latency = latency ? *latency + (sample - *latency) / 16 : sample;
  }
};

}  // namespace flblk::core
