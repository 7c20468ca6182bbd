#include "p2p/net/testing/raw_peer.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "glog/logging.h"
#include "p2p/net/clock.h"

namespace flblk::net::testing {

RawPeer::RawPeer(uint16_t port, bool small_buffer) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
  PCHECK(fd_ >= 0);
  const int yes = 1;
  PCHECK(setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0);
  if (small_buffer) {
    const int size = 16 << 10;
    PCHECK(setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) == 0);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  PCHECK(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

RawPeer::~RawPeer() { Close(); }

void RawPeer::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

void RawPeer::Reset() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  PCHECK(setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now) == 0);
  Close();
}

void RawPeer::SendBytes(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;  // the other end has had enough
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
}

bool RawPeer::ReadUntilClosed(Duration limit) {
  return Run([this] { return eof_; }, limit);
}

void RawPeer::StartSession(const rlpx::NodeKey* key, const NodeId& remote,
                           const rlpx::EthConfig& eth, const std::string& client_id) {
  std::array<uint8_t, 32> entropy;
  PCHECK(getrandom(entropy.data(), entropy.size(), 0) == 32);
  rlpx::SessionConfig config;
  config.role = rlpx::Role::kInitiator;
  config.key = key;
  config.remote = remote;
  config.client_id = client_id;
  config.eth = eth;
  session_.emplace(config, entropy, RealNow());
}

bool RawPeer::WaitEstablished(Duration limit) {
  return Run([this] { return established_; }, limit);
}
bool RawPeer::WaitMessages(size_t n, Duration limit) {
  return Run([this, n] { return messages_.size() >= n; }, limit);
}
bool RawPeer::WaitClosed(Duration limit) {
  return Run([this] { return closed_.has_value(); }, limit);
}

void RawPeer::Send(const wire::Frame& frame) {
  CHECK_EQ(session_->Send(frame), absl::OkStatus());
  Flush();
}

void RawPeer::SendControl(wire::MessageId id) { Send({.id = id, .body = {}, .snappy = {0}}); }

void RawPeer::SendPartOfOutput(size_t n) {
  const ByteView out = session_->PendingOutput();
  SendBytes(out.first(std::min(n, out.size())));
}

void RawPeer::Flush() {
  const ByteView out = session_->PendingOutput();
  SendBytes(out);
  session_->ConsumeOutput(out.size());
}

template <typename Condition>
bool RawPeer::Run(Condition condition, Duration limit) {
  const MonoTime end = RealNow().mono + limit;
  while (true) {
    if (session_) Flush();
    if (condition()) return true;
    const Duration left = end - RealNow().mono;
    if (eof_ || left <= Duration{} || !ReadSome(left)) return condition();
  }
}

// False where nothing came within the limit.
bool RawPeer::ReadSome(Duration limit) {
  pollfd wait{.fd = fd_, .events = POLLIN, .revents = 0};
  if (poll(&wait, 1, static_cast<int>(limit.count() / 1'000'000) + 1) <= 0) return false;
  std::array<uint8_t, 65536> buffer;
  const ssize_t n = recv(fd_, buffer.data(), buffer.size(), 0);
  if (n <= 0) {
    eof_ = true;
    return true;
  }
  if (!session_) return true;
  std::vector<rlpx::SessionEvent> events;
  session_->OnBytes({buffer.data(), static_cast<size_t>(n)}, RealNow(), events);
  for (rlpx::SessionEvent& event : events) {
    if (auto* message = std::get_if<rlpx::MessageReceived>(&event)) {
      messages_.push_back(message->frame);
    } else if (auto* end = std::get_if<rlpx::Closed>(&event)) {
      closed_ = *end;
    } else if (std::holds_alternative<rlpx::Established>(event)) {
      established_ = true;
    }
  }
  return true;
}

}  // namespace flblk::net::testing
