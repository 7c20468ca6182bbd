#include "tests/bench/feed.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "glog/logging.h"
#include "p2p/net/clock.h"

namespace flblk::bench {

Feed::Feed(uint16_t port, const NodeId& node, const rlpx::NodeKey& key)
    : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  PCHECK(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  rlpx::SessionConfig config;
  config.role = rlpx::Role::kInitiator;
  config.key = &key;
  config.remote = node;
  config.eth.enabled = false;
  std::array<uint8_t, 32> entropy;
  PCHECK(getrandom(entropy.data(), entropy.size(), 0) == 32);
  session_.emplace(config, entropy, net::RealNow());
  while (!asked_) Turn();
  CHECK_EQ(session_->Send({wire::MessageId::kAcceptFlashblocks, {}, {0}}), absl::OkStatus());
  WriteBut(0);
}

Feed::~Feed() { close(fd_); }

void Feed::Seal(const wire::Frame& frame) { CHECK_EQ(session_->Send(frame), absl::OkStatus()); }

bool Feed::WriteSome(size_t limit) {
  const ByteView out = session_->PendingOutput();
  if (out.empty() || limit == 0) return false;
  const ssize_t n = send(fd_, out.data(), std::min(out.size(), limit), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n < 0 && errno == EAGAIN) return false;
  PCHECK(n > 0);
  session_->ConsumeOutput(static_cast<size_t>(n));
  return true;
}

void Feed::WriteBut(size_t keep) {
  while (left() > keep) WriteSome(left() - keep);
}

void Feed::Answer() {
  pollfd wait{.fd = fd_, .events = POLLIN, .revents = 0};
  if (poll(&wait, 1, 0) > 0) Turn();
}

void Feed::Turn() {
  WriteBut(0);
  std::array<uint8_t, 4096> buffer;
  const ssize_t n = recv(fd_, buffer.data(), buffer.size(), 0);
  PCHECK(n > 0) << "the node closed a connection";
  std::vector<rlpx::SessionEvent> events;
  session_->OnBytes({buffer.data(), static_cast<size_t>(n)}, net::RealNow(), events);
  for (const rlpx::SessionEvent& event : events) {
    const auto* message = std::get_if<rlpx::MessageReceived>(&event);
    asked_ |= message && message->frame->id == wire::MessageId::kRequestFlashblocks;
    CHECK(!std::holds_alternative<rlpx::Closed>(event)) << std::get<rlpx::Closed>(event).why;
  }
  WriteBut(0);
}

}  // namespace flblk::bench
