// The listening socket.
//
// Thread: Open on any thread before the network thread runs; everything else on the network thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "p2p/net/log.h"

namespace flblk::net {

class Acceptor {
 public:
  using OnSocket = std::function<void(boost::asio::ip::tcp::socket)>;

  Acceptor(boost::asio::io_context& io, LogFn log)
      : socket_(io), retry_(io), log_(std::move(log)) {}

  // INVALID_ARGUMENT: `address` is no IP literal. FAILED_PRECONDITION names address and port where
  // they cannot be had.
  absl::Status Open(const std::string& address, uint16_t port);
  // The port really bound; 0 while closed.
  uint16_t port() const { return port_; }

  // Calls back for each connection until Close.
  void Start(OnSocket on_socket);
  void Close();

 private:
  void Accept();

  boost::asio::ip::tcp::acceptor socket_;
  boost::asio::steady_timer retry_;
  OnSocket on_socket_;
  const LogFn log_;
  uint64_t failures_ = 0;
  uint16_t port_ = 0;
};

}  // namespace flblk::net
