#include "plugin/status_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plugin/text.h"

namespace flblk::plugin {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// A raw client: sends bytes, reads until the server closes.
class Client {
 public:
  explicit Client(const std::string& address)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(ParseEndpoint(address)->port);
    const timeval limit{20, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  }
  ~Client() { close(fd_); }
  Client(const Client&) = delete;

  void Send(const std::string& bytes) {
    EXPECT_EQ(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  std::string ReadToEnd() {
    std::string out;
    char buffer[4096];
    for (ssize_t n; (n = recv(fd_, buffer, sizeof buffer, 0)) > 0;)
      out.append(buffer, static_cast<size_t>(n));
    return out;
  }

 private:
  int fd_;
};

class StatusServerTest : public testing::Test {
 protected:
  StatusServerTest() {
    auto started = StatusServer::Start(*ParseEndpoint("127.0.0.1:0"),
                                       {{"/healthz",
                                         [] {
                                           return HttpAnswer{206, "application/json", "{}\n"};
                                         }},
                                        {"/metrics", [] { return HttpAnswer{.body = "m 1\n"}; }}});
    EXPECT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
  }
  std::string Ask(const std::string& request) {
    Client client(server_->address());
    client.Send(request);
    return client.ReadToEnd();
  }
  std::string Get(const std::string& target) {
    return Ask(Cat("GET ", target, " HTTP/1.1\r\nConnection: close\r\n\r\n"));
  }

  std::unique_ptr<StatusServer> server_;
};

TEST_F(StatusServerTest, AnswersItsPaths) {
  EXPECT_THAT(Get("/metrics"),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\n\r\nm 1\n")));
  EXPECT_THAT(Get("/metrics?x=1"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Get("/healthz"),
              AllOf(StartsWith("HTTP/1.1 206 "), HasSubstr("application/json"), HasSubstr("{}\n")));
  EXPECT_THAT(Get("/"), StartsWith("HTTP/1.1 404 "));
}

TEST_F(StatusServerTest, KeepsConnectionsOpenAndAnswersHead) {
  Client client(server_->address());
  client.Send("HEAD /metrics HTTP/1.1\r\n\r\nGET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n");
  const std::string both = client.ReadToEnd();
  EXPECT_EQ(both.find("m 1"), both.rfind("m 1"));
  EXPECT_NE(both.find("HTTP/1.1 200"), both.rfind("HTTP/1.1 200"));
}

TEST_F(StatusServerTest, RefusesWhatItIsNotFor) {
  EXPECT_THAT(Ask("POST /metrics HTTP/1.1\r\nConnection: close\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 405 "), EndsWith("only GET and HEAD\n")));
  EXPECT_THAT(Ask("POST /metrics HTTP/1.1\r\nContent-Length: 5\r\n\r\n12345"),
              AllOf(StartsWith("HTTP/1.1 413 "), EndsWith("a request has no body here\n")));
  EXPECT_THAT(Ask("GET /metrics HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 431 "), EndsWith("the header is above 8192 bytes\n")));
  EXPECT_THAT(Ask("nonsense\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 400 "), EndsWith("this is no HTTP request\n")));
  EXPECT_THAT(Get("/metric"), AllOf(StartsWith("HTTP/1.1 404 "), EndsWith("not found\n")));
}

TEST_F(StatusServerTest, AClientThatSaysNothingIsClosed) {
  Client client(server_->address());
  client.Send("GET /me");
  EXPECT_EQ(client.ReadToEnd(), "");
}

TEST_F(StatusServerTest, ConnectionsAreBounded) {
  std::vector<std::unique_ptr<Client>> idle;
  for (size_t i = 0; i < StatusServer::kMaxConnections; ++i)
    idle.push_back(std::make_unique<Client>(server_->address()));
  Client surplus(server_->address());
  EXPECT_EQ(surplus.ReadToEnd(), "");
  idle.clear();
  EXPECT_THAT(Get("/metrics"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(StatusServerTest, APortInUseIsNamed) {
  const auto second = StatusServer::Start(*ParseEndpoint(server_->address()), {});
  EXPECT_EQ(second.status(), absl::FailedPreconditionError(
                                 Cat("http ", server_->address(), ": Address already in use")));
}

}  // namespace
}  // namespace flblk::plugin
