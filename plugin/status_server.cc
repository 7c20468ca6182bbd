#include "plugin/status_server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <thread>

#include "plugin/text.h"

namespace flblk::plugin {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

using Response = http::response<http::string_body>;

// One connection: request, answer, request ... until it is idle, broken or asked to close.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, const StatusServer::Handlers* handlers,
             std::shared_ptr<size_t> open)
      : stream_(std::move(socket)), handlers_(handlers), open_(std::move(open)) {
    ++*open_;
  }
  ~Connection() { --*open_; }

  void Read() {
    parser_.emplace();
    parser_->header_limit(StatusServer::kMaxHeaderBytes);
    parser_->body_limit(0);
    stream_.expires_after(std::chrono::seconds(StatusServer::kTimeoutSeconds));
    http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code error, size_t) { self->OnRead(error); });
  }

 private:
  void OnRead(error_code error) {
    if (error == http::error::header_limit)
      return Write(431, "the header is above 8192 bytes\n", false);
    if (error == http::error::body_limit) return Write(413, "a request has no body here\n", false);
    if (error && error.category() == http::make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message) {
      return Write(400, "this is no HTTP request\n", false);
    }
    if (error) return;
    const auto& request = parser_->get();
    const bool keep = request.keep_alive();
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
      return Write(405, "only GET and HEAD\n", keep);
    }
    const auto target = request.target();
    const std::string path(target.substr(0, target.find('?')));
    const auto handler = handlers_->find(path);
    if (handler == handlers_->end()) return Write(404, "not found\n", keep);
    Write(handler->second(), keep);
  }

  void Write(int code, std::string text, bool keep) {
    Write(HttpAnswer{.code = code, .body = std::move(text)}, keep);
  }

  void Write(HttpAnswer answer, bool keep) {
    response_ = Response(static_cast<http::status>(answer.code), 11);
    response_.set(http::field::content_type, answer.content_type);
    response_.set(http::field::cache_control, "no-store");
    response_.keep_alive(keep);
    response_.body() = std::move(answer.body);
    response_.prepare_payload();
    if (parser_->is_header_done() && parser_->get().method() == http::verb::head)
      response_.body().clear();
    http::async_write(stream_, response_,
                      [self = shared_from_this(), keep](error_code error, size_t) {
                        if (!error && keep) self->Read();
                      });
  }

  beast::tcp_stream stream_;
  const StatusServer::Handlers* handlers_;
  std::shared_ptr<size_t> open_;
  beast::flat_buffer buffer_{StatusServer::kMaxHeaderBytes};
  std::optional<http::request_parser<http::string_body>> parser_;
  Response response_;
};

class Server final : public StatusServer {
 public:
  explicit Server(Handlers handlers) : handlers_(std::move(handlers)), acceptor_(io_) {}
  ~Server() override {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  absl::Status Listen(const Endpoint& endpoint) {
    error_code error;
    const tcp::endpoint address(asio::ip::make_address(endpoint.host, error), endpoint.port);
    if (!error) acceptor_.open(address.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(address, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error)
      return absl::FailedPreconditionError(
          Cat("http ", endpoint.ToString(), ": ", error.message()));
    Endpoint bound = endpoint;
    bound.port = acceptor_.local_endpoint(error).port();
    address_ = bound.ToString();
    Accept();
    thread_ = std::thread([this] { io_.run(); });
    return absl::OkStatus();
  }

  const std::string& address() const override { return address_; }

 private:
  void Accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) return AcceptLater();
      if (*open_ < kMaxConnections)
        std::make_shared<Connection>(std::move(socket), &handlers_, open_)->Read();
      Accept();
    });
  }

  // Out of descriptors, most likely: not in a busy loop.
  void AcceptLater() {
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait([this](error_code error) {
      if (!error) Accept();
    });
  }

  const Handlers handlers_;
  std::shared_ptr<size_t> open_ = std::make_shared<size_t>(0);
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer pause_{io_};
  std::string address_;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<StatusServer>> StatusServer::Start(const Endpoint& endpoint,
                                                                  Handlers handlers) {
  auto server = std::make_unique<Server>(std::move(handlers));
  if (auto status = server->Listen(endpoint); !status.ok()) return status;
  return server;
}

}  // namespace flblk::plugin
