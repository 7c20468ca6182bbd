#include "p2p/net/acceptor.h"

#include <boost/asio/ip/v6_only.hpp>

#include "absl/strings/str_cat.h"
#include "p2p/net/address.h"

namespace flblk::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// Out of file descriptors or memory: other connections have to end first.
constexpr auto kRetryAfter = std::chrono::milliseconds(200);
constexpr uint64_t kLinesOneIn = 50;

}  // namespace

absl::Status Acceptor::Open(const std::string& address, uint16_t port) {
  error_code error;
  const asio::ip::address ip = asio::ip::make_address(address, error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("listen_address: \"", address, "\" is no IP address"));
  }
  const tcp::endpoint endpoint(ip, port);
  socket_.open(endpoint.protocol(), error);
  if (!error) socket_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && ip.is_v6()) socket_.set_option(asio::ip::v6_only(false), error);
  if (!error) socket_.bind(endpoint, error);
  if (!error) socket_.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    error_code ignored;
    socket_.close(ignored);
    return absl::FailedPreconditionError(
        absl::StrCat("addr, port: listen on ", FormatEndpoint(endpoint), ": ", error.message()));
  }
  port_ = socket_.local_endpoint(error).port();
  return absl::OkStatus();
}

void Acceptor::Start(OnSocket on_socket) {
  on_socket_ = std::move(on_socket);
  Accept();
}

void Acceptor::Accept() {
  socket_.async_accept([this](error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted || !socket_.is_open()) return;
    if (!error) {
      on_socket_(std::move(socket));
      return Accept();
    }
    if (failures_++ % kLinesOneIn == 0) {
      log_(LogLevel::kWarn, absl::StrCat("event=accept_failed error=\"", error.message(), "\""));
    }
    retry_.expires_after(kRetryAfter);
    retry_.async_wait([this](error_code cancelled) {
      if (!cancelled && socket_.is_open()) Accept();
    });
  });
}

void Acceptor::Close() {
  error_code ignored;
  socket_.close(ignored);
  retry_.cancel();
}

}  // namespace flblk::net
