#include "tests/bench/receivers.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <vector>

#include "glog/logging.h"
#include "p2p/net/clock.h"
#include "p2p/rlpx/session.h"
#include "tests/bench/goals.h"

namespace flblk::bench {
namespace {

struct Command {
  enum class Op : uint8_t { kSubscribe, kConnect, kCloseAll, kExpect } op;
  Receivers::Which which = Receivers::Which::kSessions;
  uint16_t port = 0;
  NodeId node{};
  size_t count = 0;  // connections; bytes each
};

void Put(int fd, const void* data, size_t size) {
  PCHECK(write(fd, data, size) == static_cast<ssize_t>(size));
}
template <typename T>
bool Take(int fd, T& value) {
  return read(fd, &value, sizeof value) == static_cast<ssize_t>(sizeof value);
}

int Dial(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  PCHECK(fd >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  PCHECK(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return fd;
}

// Handshake, Hello, RequestFlashblocks, and everything up to the node's Accept.
class Subscription {
 public:
  Subscription(int fd, const NodeId& node) : fd_(fd), key_(*rlpx::NodeKey::Generate()) {
    rlpx::SessionConfig config;
    config.role = rlpx::Role::kInitiator;
    config.key = &key_;
    config.remote = node;
    config.eth.enabled = false;
    std::array<uint8_t, 32> entropy;
    PCHECK(getrandom(entropy.data(), entropy.size(), 0) == 32);
    session_.emplace(config, entropy, net::RealNow());
  }

  void Run() {
    while (!accepted_) {
      const ByteView out = session_->PendingOutput();
      if (!out.empty()) Put(fd_, out.data(), out.size());
      session_->ConsumeOutput(out.size());
      std::array<uint8_t, 4096> buffer;
      const ssize_t n = recv(fd_, buffer.data(), buffer.size(), 0);
      PCHECK(n > 0) << "the node closed a connection in its handshake";
      std::vector<rlpx::SessionEvent> events;
      session_->OnBytes({buffer.data(), static_cast<size_t>(n)}, net::RealNow(), events);
      for (const rlpx::SessionEvent& event : events) Handle(event);
    }
  }

 private:
  void Handle(const rlpx::SessionEvent& event) {
    if (std::holds_alternative<rlpx::Established>(event)) {
      CHECK_EQ(session_->Send({wire::MessageId::kRequestFlashblocks, {}, {0}}), absl::OkStatus());
    } else if (const auto* message = std::get_if<rlpx::MessageReceived>(&event)) {
      if (message->frame->id == wire::MessageId::kAcceptFlashblocks) accepted_ = true;
    } else if (const auto* closed = std::get_if<rlpx::Closed>(&event)) {
      LOG(FATAL) << "the node closed a session: " << closed->why;
    }
  }

  int fd_;
  rlpx::NodeKey key_;
  std::optional<rlpx::Session> session_;
  bool accepted_ = false;
};

// The child.
class Counter {
 public:
  explicit Counter(int control) : control_(control), buffer_(size_t{1} << 20) {}

  void Serve() {
    for (Command command; Take(control_, command);) {
      Sockets& sockets = sets_[static_cast<size_t>(command.which)];
      switch (command.op) {
        case Command::Op::kSubscribe:
        case Command::Op::kConnect:
          for (size_t i = 0; i < command.count; ++i) {
            const int fd = Dial(command.port);
            if (command.op == Command::Op::kSubscribe) Subscription(fd, command.node).Run();
            sockets.Add(fd);
          }
          break;
        case Command::Op::kCloseAll:
          for (Sockets& set : sets_) set.Close();
          break;
        case Command::Op::kExpect:
          Drain(sockets);
          break;
      }
      double now = WallSeconds();
      Put(control_, &now, sizeof now);
      if (command.op != Command::Op::kExpect) continue;
      now = Count(sockets, command.count);
      Put(control_, &now, sizeof now);
    }
  }

 private:
  struct Sockets {
    void Add(int fd) {
      if (poll < 0) poll = epoll_create1(0);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = fds.size();
      PCHECK(epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) == 0);
      fds.push_back(fd);
      counts.push_back(0);
    }
    void Close() {
      for (const int fd : fds) close(fd);
      if (poll >= 0) close(poll);
      *this = {};
    }
    int poll = -1;
    std::vector<int> fds;
    std::vector<size_t> counts;
  };

  // Bytes that wait, at most the buffer; 0: none.
  size_t Read(int fd) {
    const ssize_t n = recv(fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    PCHECK(n > 0) << "a connection ended";
    return static_cast<size_t>(n);
  }

  void Drain(Sockets& sockets) {
    for (const int fd : sockets.fds) {
      while (Read(fd) > 0) {
      }
    }
    std::fill(sockets.counts.begin(), sockets.counts.end(), 0);
  }

  double Count(Sockets& sockets, size_t bytes_each) {
    std::array<epoll_event, 64> events;
    for (size_t left = sockets.fds.size(); left > 0;) {
      const int n = epoll_wait(sockets.poll, events.data(), events.size(), 30'000);
      CHECK_GT(n, 0) << "nothing arrived for 30 s";
      for (const epoll_event& event : std::span(events).first(static_cast<size_t>(n))) {
        size_t& count = sockets.counts[event.data.u64];
        const bool before = count >= bytes_each;
        count += Read(sockets.fds[event.data.u64]);
        if (!before && count >= bytes_each) --left;
      }
    }
    return WallSeconds();
  }

  int control_;
  Bytes buffer_;
  Sockets sets_[2];
};

}  // namespace

Receivers::Receivers() {
  int ends[2];
  PCHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
  child_ = fork();
  PCHECK(child_ >= 0);
  if (child_ == 0) {
    close(ends[0]);
    Counter(ends[1]).Serve();
    _exit(0);
  }
  close(ends[1]);
  control_ = ends[0];
}

Receivers::~Receivers() {
  close(control_);  // the child reads the end and leaves
  waitpid(child_, nullptr, 0);
}

namespace {

double Do(int control, const Command& command) {
  Put(control, &command, sizeof command);
  double at = 0;
  CHECK(Take(control, at)) << "the receivers are gone";
  return at;
}

}  // namespace

void Receivers::Subscribe(uint16_t port, const NodeId& node, size_t n, Which into) {
  Do(control_, {Command::Op::kSubscribe, into, port, node, n});
}
void Receivers::Connect(uint16_t port, size_t n) {
  Do(control_, {Command::Op::kConnect, Which::kPlain, port, {}, n});
}
void Receivers::CloseAll() { Do(control_, {Command::Op::kCloseAll}); }
void Receivers::Expect(Which which, size_t bytes_each) {
  Do(control_, {Command::Op::kExpect, which, 0, {}, bytes_each});
}
double Receivers::Wait() {
  double at = 0;
  CHECK(Take(control_, at)) << "the receivers are gone";
  return at;
}

}  // namespace flblk::bench
