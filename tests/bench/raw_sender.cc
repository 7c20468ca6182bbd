#include "tests/bench/raw_sender.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "glog/logging.h"

namespace flblk::bench {

RawSender::RawSender(Receivers& receivers, size_t n) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  PCHECK(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  PCHECK(listen(listener, static_cast<int>(n)) == 0);
  socklen_t size = sizeof address;
  PCHECK(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  receivers.Connect(ntohs(address.sin_port), n);
  for (size_t i = 0; i < n; ++i) {
    fds_.push_back(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK));
    PCHECK(fds_.back() >= 0);
    const int on = 1;
    setsockopt(fds_.back(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  close(listener);
}

RawSender::~RawSender() {
  for (const int fd : fds_) close(fd);
}

void RawSender::Send(ByteView bytes) {
  std::vector<pollfd> waiting;
  std::vector<size_t> sent(fds_.size(), 0);
  std::vector<size_t> numbers;
  for (size_t i = 0; i < fds_.size(); ++i) {
    if (!SendSome(i, bytes, sent[i])) numbers.push_back(i);
  }
  while (!numbers.empty()) {
    waiting.clear();
    for (const size_t i : numbers) waiting.push_back({fds_[i], POLLOUT, 0});
    PCHECK(poll(waiting.data(), waiting.size(), 30'000) > 0);
    std::vector<size_t> left;
    for (size_t k = 0; k < numbers.size(); ++k) {
      if (waiting[k].revents == 0 || !SendSome(numbers[k], bytes, sent[numbers[k]])) {
        left.push_back(numbers[k]);
      }
    }
    numbers.swap(left);
  }
}

bool RawSender::SendSome(size_t i, ByteView bytes, size_t& sent) {
  while (sent < bytes.size()) {
    const ssize_t n = send(fds_[i], bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) return false;
    PCHECK(n > 0);
    sent += static_cast<size_t>(n);
  }
  return true;
}

}  // namespace flblk::bench
