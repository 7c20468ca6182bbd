// One TCP connection with the session on it: bytes from the socket into the session, sealed bytes
// out again.
//
// Life: open -> closing (the session is over; what it still has to say is flushed, then the peer's
// end of stream is awaited for a moment, because closing with unread bytes would destroy the
// Disconnect under way) -> gone.
//
// Reading: reactor style into memory shared by all connections, so an idle peer costs no buffer.
// What is read is worked off, much of it together with what others read in the same turn
// (read_batch.h), before more is read; at most kReadBudget per turn, so that a busy peer does not
// keep others waiting. A peer that lets our answers pile up unread
// (kMaxUnreadAnswers) is not read until it takes them.
//
// Writing: Flush seals from the send queue until about kSealAhead is waiting and hands all of it to
// one send(); the rest stays droppable. Writability is awaited only after EAGAIN. A peer that takes
// less than kMinProgress in the write window while bytes are waiting is closed.
//
// Thread: the network thread only.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "p2p/net/read_batch.h"
#include "p2p/net/send_queue.h"
#include "p2p/rlpx/session.h"

namespace flblk::net {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  static constexpr size_t kReadBudget = size_t{1} << 20;
  static constexpr size_t kMaxUnreadAnswers = size_t{256} << 10;
  static constexpr size_t kSealAhead = size_t{256} << 10;
  static constexpr size_t kWriteBudget = size_t{8} << 20;
  static constexpr Duration kWriteWindow = std::chrono::seconds(20);
  static constexpr size_t kMinProgress = size_t{64} << 10;
  static constexpr Duration kLinger = std::chrono::seconds(1);

  // Who ended it.
  enum class End : uint8_t {
    kSession,  // the session: the peer's Disconnect, or its judgement on the peer
    kSocket,   // end of stream, an error, or the peer does not take what we write
    kLocal,    // Disconnect() or Abort()
  };

  // Calls may come from within Start, Flush, Disconnect and Abort. The listener may call any method
  // of the connection from within them.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnEstablished(Connection& connection, const rlpx::Established& event) = 0;
    virtual void OnMessage(Connection& connection, wire::FramePtr frame) = 0;
    virtual void OnEthReady(Connection& connection, const rlpx::EthReady& event) = 0;
    // Once; nothing but OnGone follows.
    virtual void OnDown(Connection& connection, const rlpx::Closed& closed, End end) = 0;
    // Once, at the very end: the socket is closed, forget the connection.
    virtual void OnGone(Connection& connection) = 0;
    // Bytes or a timer were processed: time to act on what was reported.
    virtual void OnTurnEnd() = 0;
  };

  struct Options {
    uint64_t id = 0;
    bool inbound = false;
    std::optional<NodeId> dialled;  // outbound: whom
    size_t max_queue_bytes = size_t{32} << 20;
    Duration write_window = kWriteWindow;
  };

  // `listener` and `reads` (shared by all connections) outlive the connection.
  Connection(Options options, boost::asio::ip::tcp::socket socket,
             const rlpx::SessionConfig& session, Listener* listener, ReadBatch* reads);

  void Start();
  SendQueue::Verdict Enqueue(wire::FramePtr frame, core::SendClass cls, uint64_t slot);
  // Writes what can be written without waiting.
  void Flush();

  // A place in the stream to this peer: behind all that is enqueued now.
  struct Mark {
    uint64_t dropped = 0;              // flashblocks, until then
    std::optional<uint64_t> position;  // in bytes; unknown while frames before it wait
  };
  Mark MarkHere() const { return {.dropped = queue_.dropped(), .position = {}}; }
  // Whether the peer's TCP has acknowledged everything before `mark`: its process will read that
  // though we die now. False for ever where a flashblock before it was dropped.
  bool Acknowledged(Mark& mark);

  // For a fan-out: the frame that Flush would seal first, null where it would seal none now; and
  // that frame's place in the session's output, for a caller that seals it (fan_out.h) before any
  // other call. egress() shows the state without taking the frame from the queue (seal_pool.h).
  wire::FramePtr NextToSeal();
  rlpx::Session::Egress SealNext();
  rlpx::Session::Egress egress() { return session_.egress(); }
  // For ReadBatch, which this joined after reading `bytes`. TakeAhead as the session's; OnBatch
  // works the bytes off; ReadOn continues the turn.
  KeccakJob TakeAhead(ByteView bytes);
  void OnBatch(ByteView bytes);
  void ReadOn();
  // Whether it has joined a list of connections to be flushed; for whoever keeps that list.
  bool in_flush_list = false;

  // Ends the session with a Disconnect (where the handshake is far enough), ahead of what still
  // waits in the queue.
  void Disconnect(rlpx::DisconnectReason reason, const std::string& why);
  // The same once the queue has been written; nothing further is enqueued.
  void Finish(rlpx::DisconnectReason reason, const std::string& why);
  // Gives up the waiting flashblocks, so that Finish gets through.
  void CutFlashblocks();
  // Closes the socket at once.
  void Abort(const std::string& why);

  uint64_t id() const { return options_.id; }
  bool inbound() const { return options_.inbound; }
  const std::optional<NodeId>& dialled() const { return options_.dialled; }
  const boost::asio::ip::tcp::endpoint& remote() const { return remote_; }
  bool open() const { return phase_ == Phase::kOpen; }
  uint64_t bytes_in() const { return bytes_in_; }
  uint64_t bytes_out() const { return bytes_out_; }
  uint64_t dropped() const { return queue_.dropped(); }
  size_t queued_bytes() const { return queue_.bytes() + session_.PendingOutput().size(); }

 private:
  enum class Phase : uint8_t { kOpen, kClosing, kGone };
  struct Farewell {
    rlpx::DisconnectReason reason;
    std::string why;
  };

  void ArmRead();
  void OnReadable();
  bool ReadOnce();
  bool Process(ByteView bytes);
  void ArmWrite();
  void Seal();
  // The whole pending output; false where nothing more can be written now.
  bool WriteOnce(size_t& budget);
  void AfterFlush();
  void ArmTimer();
  void OnTimer();
  bool TooSlow(MonoTime now);
  std::optional<MonoTime> NextDeadline() const;
  void Handle(std::vector<rlpx::SessionEvent>& events, End end);
  void Down(const rlpx::Closed& closed, End end);
  void SocketFailed(const std::string& why);
  void Gone();

  const Options options_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::ip::tcp::endpoint remote_;
  boost::asio::steady_timer timer_;
  rlpx::Session session_;
  SendQueue queue_;
  Listener* const listener_;
  ReadBatch* const reads_;

  Phase phase_ = Phase::kOpen;
  bool reading_ = false;       // a wait for readability is under way
  bool in_batch_ = false;      // bytes that were read wait in reads_
  bool more_to_read_ = false;  // perhaps, and in this turn
  size_t read_budget_ = 0;     // what is left of it in this turn
  bool write_wait_ = false;    // a wait for writability is under way
  bool write_broken_ = false;  // nothing can be written any more, but perhaps read
  bool sent_fin_ = false;
  std::optional<Farewell> farewell_;
  std::optional<MonoTime> armed_for_;     // the timer
  std::optional<MonoTime> window_start_;  // set while output waits for the socket
  size_t window_bytes_ = 0;
  MonoTime linger_until_;
  size_t unread_answers_ = 0;
  uint64_t bytes_in_ = 0;
  uint64_t bytes_out_ = 0;
};

}  // namespace flblk::net
