// A listening socket that is bound here, so that an error says why.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "plugin/endpoint.h"

namespace flblk::plugin {

// Closes what it holds.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

struct ListenSocket {
  Descriptor fd;     // non-blocking
  Endpoint address;  // TCP: with the port really bound
};

// TCP at the endpoint's host and port, or a Unix socket at `unix_path`. FAILED_PRECONDITION names
// the endpoint.
absl::StatusOr<ListenSocket> Listen(const Endpoint& endpoint, const std::string& unix_path);

}  // namespace flblk::plugin
