#include "p2p/net/connection.h"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "p2p/net/address.h"
#include "p2p/net/clock.h"
#include "p2p/net/fan_out.h"

namespace flblk::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

rlpx::Session MakeSession(const rlpx::SessionConfig& config) {
  std::array<uint8_t, 32> entropy;
  CHECK_EQ(getrandom(entropy.data(), entropy.size(), 0), ssize_t{32}) << "system entropy";
  rlpx::Session session(config, entropy, RealNow());
  explicit_bzero(entropy.data(), entropy.size());
  return session;
}

std::string ErrnoText(std::string_view call, int error) {
  return absl::StrCat(std::string(call), ": ",
                      error_code(error, boost::system::system_category()).message());
}

}  // namespace

Connection::Connection(Options options, asio::ip::tcp::socket socket,
                       const rlpx::SessionConfig& session, Listener* listener, ReadBatch* reads)
    : options_(std::move(options)),
      socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      session_(MakeSession(session)),
      queue_(options_.max_queue_bytes),
      listener_(listener),
      reads_(reads) {
  error_code ignored;
  remote_ = socket_.remote_endpoint(ignored);
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

void Connection::Start() {
  ArmRead();
  Flush();
  ArmTimer();
}

SendQueue::Verdict Connection::Enqueue(wire::FramePtr frame, core::SendClass cls, uint64_t slot) {
  if (phase_ != Phase::kOpen || farewell_) return SendQueue::Verdict::kDropped;
  return queue_.Push(std::move(frame), cls, slot);
}

// ----------------------------------------------------------------------------------------- read

void Connection::ArmRead() {
  if (reading_ || in_batch_ || phase_ == Phase::kGone || unread_answers_ > kMaxUnreadAnswers)
    return;
  reading_ = true;
  socket_.async_wait(asio::socket_base::wait_read, [self = shared_from_this()](error_code error) {
    self->reading_ = false;
    if (error || self->phase_ == Phase::kGone || self->in_batch_) return;
    self->OnReadable();
  });
}

void Connection::OnReadable() {
  read_budget_ = kReadBudget;
  more_to_read_ = true;
  ReadOn();
}

void Connection::ReadOn() {
  while (phase_ != Phase::kGone && more_to_read_) more_to_read_ = ReadOnce();
  if (in_batch_) return;  // which calls again
  ArmRead();
  ArmTimer();
}

// False where nothing more is to be read now.
bool Connection::ReadOnce() {
  const std::span<uint8_t> place = reads_->place();
  const ssize_t n = recv(socket_.native_handle(), place.data(), place.size(), MSG_DONTWAIT);
  if (n < 0) {
    if (errno == EINTR) return true;
    if (errno != EAGAIN && errno != EWOULDBLOCK) SocketFailed(ErrnoText("read", errno));
    listener_->OnTurnEnd();
    return false;
  }
  if (n == 0) {
    SocketFailed("connection closed by the peer");
    listener_->OnTurnEnd();
    return false;
  }
  // Acknowledge at once: the peer may hold back a flashblock until we do
  // (replicate_before_publish).
  const int on = 1;
  setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
  const ByteView bytes = place.first(static_cast<size_t>(n));
  bytes_in_ += bytes.size();
  in_batch_ = phase_ == Phase::kOpen && reads_->Join(shared_from_this(), bytes);
  return !in_batch_ && Process(bytes);
}

KeccakJob Connection::TakeAhead(ByteView bytes) {
  return phase_ == Phase::kOpen ? session_.TakeAhead(bytes) : KeccakJob{};
}

void Connection::OnBatch(ByteView bytes) {
  in_batch_ = false;
  more_to_read_ = Process(bytes);
}

// True where the socket may have more for this turn.
bool Connection::Process(ByteView bytes) {
  if (phase_ == Phase::kOpen) {
    const size_t before = session_.PendingOutput().size();
    std::vector<rlpx::SessionEvent> events;
    session_.OnBytes(bytes, RealNow(), events);
    unread_answers_ += session_.PendingOutput().size() - before;
    Handle(events, End::kSession);
    Flush();
    listener_->OnTurnEnd();
  }
  read_budget_ -= std::min(read_budget_, bytes.size());
  return bytes.size() == ReadBatch::kPlaceBytes && read_budget_ > 0 &&
         unread_answers_ <= kMaxUnreadAnswers;
}

// ---------------------------------------------------------------------------------------- write

void Connection::Flush() {
  size_t budget = kWriteBudget;
  while (phase_ != Phase::kGone && !write_wait_ && !write_broken_) {
    Seal();
    if (phase_ == Phase::kGone || !WriteOnce(budget)) break;
  }
  AfterFlush();
}

void Connection::Seal() {
  while (phase_ == Phase::kOpen && !queue_.empty() &&
         session_.PendingOutput().size() < kSealAhead) {
    const absl::Status status = session_.Send(*queue_.front());
    DCHECK(status.ok()) << status;
    queue_.Pop();
    if (!status.ok()) SocketFailed(absl::StrCat("cannot be sent to: ", status.message()));
  }
}

bool Connection::Acknowledged(Mark& mark) {
  if (phase_ != Phase::kOpen || queue_.dropped() != mark.dropped) return false;
  if (!mark.position) {
    if (!queue_.empty()) return false;
    mark.position = bytes_out_ + session_.PendingOutput().size();
  }
  int unacknowledged = 0;  // of what was written
  if (ioctl(socket_.native_handle(), SIOCOUTQ, &unacknowledged) != 0) return false;
  return bytes_out_ - static_cast<uint64_t>(unacknowledged) >= *mark.position;
}

wire::FramePtr Connection::NextToSeal() {
  if (phase_ != Phase::kOpen || write_wait_ || write_broken_ || queue_.empty() ||
      session_.PendingOutput().size() >= kSealAhead) {
    return nullptr;
  }
  return CanSeal(*queue_.front(), session_.egress()) ? queue_.front() : nullptr;
}

rlpx::Session::Egress Connection::SealNext() {
  queue_.Pop();
  return session_.egress();
}

bool Connection::WriteOnce(size_t& budget) {
  const ByteView out = session_.PendingOutput();
  if (out.empty()) return false;
  const ssize_t n =
      send(socket_.native_handle(), out.data(), out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n < 0) {
    if (errno == EINTR) return true;
    const int error = errno;
    if (error == EAGAIN || error == EWOULDBLOCK) {
      ArmWrite();
    } else if (phase_ == Phase::kOpen) {
      // What the peer said before it went is read first; reading then meets the end.
      write_broken_ = true;
      unread_answers_ = 0;
      ArmRead();
    } else {
      SocketFailed(ErrnoText("write", error));
    }
    return false;
  }
  const size_t size = static_cast<size_t>(n);
  const bool all = size == out.size();
  session_.ConsumeOutput(size);
  bytes_out_ += size;
  window_bytes_ += size;
  budget -= std::min(budget, size);
  if (!all || budget == 0) ArmWrite();
  return all && budget > 0;
}

void Connection::ArmWrite() {
  write_wait_ = true;
  if (!window_start_) {
    window_start_ = RealNow().mono;
    window_bytes_ = 0;
    ArmTimer();
  }
  socket_.async_wait(asio::socket_base::wait_write, [self = shared_from_this()](error_code error) {
    self->write_wait_ = false;
    if (error || self->phase_ == Phase::kGone) return;
    self->Flush();
    self->listener_->OnTurnEnd();
  });
}

void Connection::AfterFlush() {
  if (phase_ == Phase::kGone) return;
  if (phase_ == Phase::kOpen && farewell_ && queue_.empty()) {
    const Farewell farewell = *farewell_;
    return Disconnect(farewell.reason, farewell.why);
  }
  if (!session_.PendingOutput().empty()) return;
  window_start_.reset();
  unread_answers_ = 0;
  if (phase_ == Phase::kClosing && !sent_fin_) {
    sent_fin_ = true;
    error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  }
  ArmRead();
}

// ---------------------------------------------------------------------------------------- timer

std::optional<MonoTime> Connection::NextDeadline() const {
  std::optional<MonoTime> next;
  const auto earlier = [&next](std::optional<MonoTime> t) {
    if (t && (!next || *t < *next)) next = t;
  };
  if (phase_ == Phase::kOpen) earlier(session_.NextDeadline());
  if (phase_ == Phase::kClosing) earlier(linger_until_);
  if (window_start_) earlier(*window_start_ + options_.write_window);
  return next;
}

// A timer that is armed too early is left alone: deadlines move with every message, mostly
// backwards.
void Connection::ArmTimer() {
  const std::optional<MonoTime> next = NextDeadline();
  if (phase_ == Phase::kGone || !next || (armed_for_ && *armed_for_ <= *next)) return;
  armed_for_ = next;
  timer_.expires_at(ToSteady(*next));
  timer_.async_wait([self = shared_from_this()](error_code error) {
    if (error || self->phase_ == Phase::kGone) return;
    self->armed_for_.reset();
    self->OnTimer();
  });
}

void Connection::OnTimer() {
  const Now now = RealNow();
  if (phase_ == Phase::kClosing && linger_until_ <= now.mono) return Gone();
  if (TooSlow(now.mono)) {
    SocketFailed(absl::StrCat("does not read: took less than ", kMinProgress, " bytes in ",
                              options_.write_window / std::chrono::milliseconds(1), " ms"));
  } else if (phase_ == Phase::kOpen) {
    const std::optional<MonoTime> due = session_.NextDeadline();
    if (due && *due <= now.mono) {
      std::vector<rlpx::SessionEvent> events;
      session_.OnTimer(now, events);
      Handle(events, End::kSession);
      Flush();
    }
  }
  listener_->OnTurnEnd();
  ArmTimer();
}

bool Connection::TooSlow(MonoTime now) {
  if (!window_start_ || now < *window_start_ + options_.write_window) return false;
  if (window_bytes_ < kMinProgress) return true;
  window_start_ = now;
  window_bytes_ = 0;
  return false;
}

// ------------------------------------------------------------------------------------------ end

void Connection::Handle(std::vector<rlpx::SessionEvent>& events, End end) {
  for (rlpx::SessionEvent& event : events) {
    if (phase_ != Phase::kOpen) return;
    if (auto* message = std::get_if<rlpx::MessageReceived>(&event)) {
      listener_->OnMessage(*this, std::move(message->frame));
    } else if (const auto* established = std::get_if<rlpx::Established>(&event)) {
      listener_->OnEstablished(*this, *established);
    } else if (const auto* ready = std::get_if<rlpx::EthReady>(&event)) {
      listener_->OnEthReady(*this, *ready);
    } else {
      Down(std::get<rlpx::Closed>(event), end);
    }
  }
}

void Connection::Disconnect(rlpx::DisconnectReason reason, const std::string& why) {
  if (phase_ != Phase::kOpen) return;
  std::vector<rlpx::SessionEvent> events;
  session_.Disconnect(reason, why, RealNow(), events);
  Handle(events, End::kLocal);
  Flush();
}

void Connection::Finish(rlpx::DisconnectReason reason, const std::string& why) {
  if (phase_ != Phase::kOpen) return;
  farewell_ = {reason, why};
  Flush();
}

void Connection::CutFlashblocks() {
  queue_.DropFlashblocks();
  Flush();
}

void Connection::Abort(const std::string& why) {
  if (phase_ == Phase::kOpen) Down({.received = {}, .sent = {}, .why = why}, End::kLocal);
  Gone();
}

void Connection::SocketFailed(const std::string& why) {
  if (phase_ == Phase::kOpen) Down({.received = {}, .sent = {}, .why = why}, End::kSocket);
  Gone();
}

void Connection::Down(const rlpx::Closed& closed, End end) {
  const auto keep_alive = shared_from_this();
  phase_ = Phase::kClosing;
  linger_until_ = RealNow().mono + kLinger;
  listener_->OnDown(*this, closed, end);
  // Nobody waits for our answer to a Disconnect.
  if (closed.received) return Gone();
  Flush();
  ArmTimer();
}

void Connection::Gone() {
  if (phase_ == Phase::kGone) return;
  const auto keep_alive = shared_from_this();
  phase_ = Phase::kGone;
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
  listener_->OnGone(*this);
}

}  // namespace flblk::net
