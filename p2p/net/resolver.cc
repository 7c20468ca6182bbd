#include "p2p/net/resolver.h"

#include <netdb.h>
#include <pthread.h>
#include <resolv.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "p2p/net/address.h"

namespace flblk::net {

namespace asio = boost::asio;

struct Resolver::Shared {
  struct Job {
    std::string host;
    Callback done;
  };
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Job> jobs;  // guarded by mutex
  bool stop = false;     // guarded by mutex
};

namespace {

Resolver::Addresses LookUp(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  int error = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (error == EAI_NONAME || error == EAI_ADDRFAMILY) {
    hints.ai_flags = 0;  // a machine with nothing but loopback
    error = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  }
  if (error != 0) return absl::UnavailableError("resolve " + host + ": " + gai_strerror(error));
  // At least one, and all of IPv4 or IPv6: no other family was asked for.
  std::vector<asio::ip::address> addresses;
  for (const addrinfo* i = list; i != nullptr; i = i->ai_next) {
    asio::ip::tcp::endpoint endpoint;
    endpoint.resize(i->ai_addrlen);
    std::copy_n(reinterpret_cast<const uint8_t*>(i->ai_addr), i->ai_addrlen,
                reinterpret_cast<uint8_t*>(endpoint.data()));
    const asio::ip::address address = endpoint.address();
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) {
      addresses.push_back(address);
    }
  }
  freeaddrinfo(list);
  return addresses;
}

// One second and one try per name server instead of five and two: the dialer tries again by itself.
void ShortenTimeLimits() {
  res_init();
  _res.retrans = 1;
  _res.retry = 1;
}

}  // namespace

Resolver::Resolver(asio::io_context& io) : io_(io), shared_(std::make_shared<Shared>()) {}

Resolver::~Resolver() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(shared_->mutex);
    shared_->stop = true;
  }
  shared_->changed.notify_one();
  thread_.join();
}

void Resolver::Resolve(const std::string& host, Callback done) {
  boost::system::error_code no_literal;
  const asio::ip::address literal = asio::ip::make_address(host, no_literal);
  if (!no_literal) {
    asio::post(io_, [done = std::move(done), literal] { done(std::vector{literal}); });
    return;
  }
  {
    std::lock_guard lock(shared_->mutex);
    if (shared_->jobs.size() >= kMaxWaiting) {
      asio::post(io_, [done = std::move(done)] {
        done(absl::ResourceExhaustedError("resolver: too many names wait"));
      });
      return;
    }
    shared_->jobs.push_back({host, std::move(done)});
  }
  shared_->changed.notify_one();
  if (thread_.joinable()) return;
  thread_ = std::thread([shared = shared_, &io = io_] {
    pthread_setname_np(pthread_self(), "flblk-dns");
    ShortenTimeLimits();
    std::unique_lock lock(shared->mutex);
    while (true) {
      shared->changed.wait(lock, [&] { return shared->stop || !shared->jobs.empty(); });
      if (shared->stop) return;
      Shared::Job job = std::move(shared->jobs.front());
      shared->jobs.pop_front();
      lock.unlock();
      asio::post(io, [done = std::move(job.done), addresses = LookUp(job.host)]() mutable {
        done(std::move(addresses));
      });
      lock.lock();
    }
  });
}

}  // namespace flblk::net
