#include "plugin/listen_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "plugin/text.h"

namespace flblk::plugin {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress ToAddress(const Endpoint& endpoint) {
  SocketAddress out;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
  if (inet_pton(AF_INET, endpoint.host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(endpoint.port);
    out.size = sizeof *v4;
  } else if (inet_pton(AF_INET6, endpoint.host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(endpoint.port);
    out.size = sizeof *v6;
  }
  return out;
}

SocketAddress ToUnixAddress(const std::string& path) {
  SocketAddress out;
  auto* address = reinterpret_cast<sockaddr_un*>(&out.storage);
  if (path.size() >= sizeof address->sun_path) return out;
  address->sun_family = AF_UNIX;
  memcpy(address->sun_path, path.data(), path.size());
  out.size = sizeof *address;
  return out;
}

// Accepted connections inherit these.
void SetTcpOptions(int fd, sa_family_t family) {
  const int on = 1, off = 0;
  const unsigned unacknowledged_ms = 20'000;  // a peer that has gone without a word
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof unacknowledged_ms);
  if (family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
}

uint16_t PortOf(int fd) {
  SocketAddress bound;
  bound.size = sizeof bound.storage;
  if (getsockname(fd, bound.get(), &bound.size) != 0) return 0;
  return ntohs(bound.storage.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6*>(&bound.storage)->sin6_port
                   : reinterpret_cast<const sockaddr_in*>(&bound.storage)->sin_port);
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<ListenSocket> Listen(const Endpoint& endpoint, const std::string& unix_path) {
  const auto error = [&](int number) {
    return absl::FailedPreconditionError(Cat(endpoint.ToString(), ": ", strerror(number)));
  };
  const bool is_unix = endpoint.kind == Endpoint::Kind::kUnix;
  SocketAddress address = is_unix ? ToUnixAddress(unix_path) : ToAddress(endpoint);
  if (address.size == 0) return error(is_unix ? ENAMETOOLONG : EINVAL);
  const sa_family_t family = address.storage.ss_family;
  Descriptor fd(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) return error(errno);
  if (!is_unix) SetTcpOptions(fd.get(), family);
  if (bind(fd.get(), address.get(), address.size) != 0) return error(errno);
  if (listen(fd.get(), SOMAXCONN) != 0) return error(errno);
  ListenSocket out{std::move(fd), endpoint};
  if (!is_unix) out.address.port = PortOf(out.fd.get());
  return out;
}

}  // namespace flblk::plugin
