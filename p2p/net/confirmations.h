// Looks until peers' TCP has acknowledged certain frames, and reports that to the engine
// (core::SendConfirmed).
//
// The kernel does not call back for acknowledgements, so while some are awaited a timer looks: at
// first every kMinGap, later every eighth of the time already waited, at most kMaxGap. A Ping would
// tell the same and more, but reth ends sessions that send more than one a second.
//
// Bounded: what was not acknowledged in kGiveUp is forgotten, what is over kMaxAwaited not looked
// for; the engine has a time limit of its own.
//
// Thread: the network thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "p2p/core/engine.h"
#include "p2p/net/connection.h"

namespace flblk::net {

class Confirmations {
 public:
  static constexpr Duration kMinGap = std::chrono::microseconds(50);
  static constexpr Duration kMaxGap = std::chrono::milliseconds(2);
  static constexpr Duration kGiveUp = core::EngineConfig::kMaxReplicateTimeout;
  static constexpr size_t kMaxAwaited = 1024;

  // Called from the timer, for each in the order they were awaited; `done` after the last.
  using Confirmed = std::function<void(core::SendConfirmed)>;
  Confirmations(boost::asio::io_context& io, Confirmed confirmed, std::function<void()> done)
      : timer_(io), confirmed_(std::move(confirmed)), done_(std::move(done)) {}

  // Something was just enqueued for `connection`; `number` is reported once that is acknowledged.
  void Await(std::shared_ptr<Connection> connection, uint64_t number);
  void Stop();

 private:
  struct Awaited {
    std::shared_ptr<Connection> connection;
    uint64_t number = 0;
    Connection::Mark mark;
    MonoTime since;
  };
  void Arm(Duration gap);
  void Look();

  boost::asio::steady_timer timer_;
  const Confirmed confirmed_;
  const std::function<void()> done_;
  std::vector<Awaited> awaited_;
};

}  // namespace flblk::net
