// Host names to addresses, off the network thread. Names are looked up anew each time: containers
// move.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "p2p/wire/time.h"

namespace flblk::net {

// The system resolver blocks, so one thread of ours waits for it, with short time limits. It is
// started by the first name; IP literals need none.
class Resolver {
 public:
  static constexpr size_t kMaxWaiting = 1024;
  using Addresses = absl::StatusOr<std::vector<boost::asio::ip::address>>;
  using Callback = std::function<void(Addresses)>;

  explicit Resolver(boost::asio::io_context& io);
  // Waits for a look-up that is under way.
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // `done` runs on the network thread, later, unless the io_context has stopped. UNAVAILABLE: no
  // such name, or no answer; RESOURCE_EXHAUSTED: kMaxWaiting names wait.
  void Resolve(const std::string& host, Callback done);

 private:
  struct Shared;
  boost::asio::io_context& io_;
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace flblk::net
