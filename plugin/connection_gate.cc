#include "plugin/connection_gate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace flblk::plugin {
namespace {

constexpr auto kPause = std::chrono::milliseconds(100);

}  // namespace

ConnectionGate::~ConnectionGate() {
  Close(std::chrono::milliseconds(0));
  Join();
}

absl::Status ConnectionGate::Open(std::vector<Door> doors) {
  wake_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (wake_.get() < 0) return absl::ResourceExhaustedError("no file descriptor left");
  doors_ = std::move(doors);
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void ConnectionGate::Close(std::chrono::milliseconds grace) {
  {
    const std::lock_guard lock(mutex_);
    const auto at = Clock::now() + grace;
    cut_off_at_ = cut_off_at_ ? std::min(*cut_off_at_, at) : at;
  }
  if (wake_.get() >= 0) eventfd_write(wake_.get(), 1);
}

void ConnectionGate::Join() {
  if (thread_.joinable()) thread_.join();
}

std::optional<ConnectionGate::Clock::time_point> ConnectionGate::closing() const {
  const std::lock_guard lock(mutex_);
  return cut_off_at_;
}

int ConnectionGate::PollTimeout(Clock::time_point now) const {
  const auto wait_for = [now](Clock::time_point at) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(at - now);
    return static_cast<int>(std::max<int64_t>(left.count(), 0));
  };
  if (const auto at = closing()) return wait_for(*at);
  return pause_until_ > now ? wait_for(pause_until_) : -1;
}

void ConnectionGate::Run() {
  while (true) {
    const auto now = Clock::now();
    const auto cut_off_at = closing();
    if (cut_off_at && (connections_.empty() || now >= *cut_off_at)) break;
    std::vector<pollfd> polls = {{wake_.get(), POLLIN, 0}};
    const bool accepting = !cut_off_at && now >= pause_until_;
    for (const Door& door : doors_) {
      polls.push_back({accepting ? door.socket.fd.get() : -1, POLLIN, 0});
    }
    // Without a wish of its own poll tells of the end: both directions shut down, or an error.
    for (const Descriptor& connection : connections_) polls.push_back({connection.get(), 0, 0});
    if (poll(polls.data(), polls.size(), PollTimeout(now)) <= 0) continue;
    eventfd_t ignored;
    eventfd_read(wake_.get(), &ignored);
    for (size_t i = connections_.size(); i-- > 0;) {
      if (polls[1 + doors_.size() + i].revents == 0) continue;
      connections_.erase(connections_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    for (size_t i = 0; i < doors_.size(); ++i) {
      if (polls[1 + i].revents != 0) AcceptFrom(doors_[i]);
    }
  }
  doors_.clear();
  for (const Descriptor& connection : connections_) shutdown(connection.get(), SHUT_RDWR);
  connections_.clear();
}

void ConnectionGate::AcceptFrom(const Door& door) {
  while (true) {
    Descriptor fd(accept4(door.socket.fd.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd.get() >= 0) {
      Keep(std::move(fd), door);
    } else if (errno == EAGAIN) {
      return;
    } else if (errno != EINTR && errno != ECONNABORTED) {
      pause_until_ = Clock::now() + kPause;
      return;
    }
  }
}

void ConnectionGate::Keep(Descriptor accepted, const Door& door) {
  if (connections_.size() >= kMaxConnections) return;
  Descriptor second(fcntl(accepted.get(), F_DUPFD_CLOEXEC, 3));
  if (second.get() < 0) return;
  connections_.push_back(std::move(second));
  door.take(accepted.release());
}

}  // namespace flblk::plugin
