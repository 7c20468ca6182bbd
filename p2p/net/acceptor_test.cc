// Connections that cannot be accepted. This program has accept() and accept4() of its own in place
// of the C library's, which fail as long as the test wants it.
#include "p2p/net/acceptor.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace {
bool no_descriptors = false;
int calls = 0;

int Accept(int fd, sockaddr* address, socklen_t* size, int flags) {
  ++calls;
  if (!no_descriptors) return static_cast<int>(syscall(SYS_accept4, fd, address, size, flags));
  errno = EMFILE;
  return -1;
}
}  // namespace

extern "C" __attribute__((visibility("default"))) int accept(int fd, sockaddr* address,
                                                             socklen_t* size) {
  return Accept(fd, address, size, 0);
}
extern "C" __attribute__((visibility("default"))) int accept4(int fd, sockaddr* address,
                                                              socklen_t* size, int flags) {
  return Accept(fd, address, size, flags);
}

namespace flblk::net {
namespace {

using boost::asio::ip::tcp;
using ::testing::ElementsAre;

class AcceptorTest : public ::testing::Test {
 protected:
  AcceptorTest() {
    no_descriptors = true;
    calls = 0;
  }

  // A client has connected, and the first attempts to accept it have failed.
  void Begin() {
    ASSERT_EQ(acceptor_.Open("127.0.0.1", 0), absl::OkStatus());
    acceptor_.Start([this](tcp::socket socket) { accepted_.push_back(std::move(socket)); });
    client_.connect({boost::asio::ip::address_v4::loopback(), acceptor_.port()});
    ASSERT_TRUE(RunUntil([] { return calls >= 2; }));
    ASSERT_TRUE(accepted_.empty());
  }
  template <typename Condition>
  bool RunUntil(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition() && std::chrono::steady_clock::now() < end) {
      io_.restart();
      io_.run_for(std::chrono::milliseconds(10));
    }
    return condition();
  }

  boost::asio::io_context io_;
  tcp::socket client_{io_};
  std::vector<tcp::socket> accepted_;
  std::vector<std::string> lines_;
  Acceptor acceptor_{io_, [this](LogLevel level, const std::string& line) {
                       EXPECT_EQ(level, LogLevel::kWarn);
                       lines_.push_back(line);
                     }};
};

// The connection stays in the backlog, and is taken when there are descriptors again.
TEST_F(AcceptorTest, WithoutDescriptorsItSaysSoOnceAndTriesAgain) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  no_descriptors = false;
  EXPECT_TRUE(RunUntil([&] { return accepted_.size() == 1; }));
  EXPECT_THAT(lines_, ElementsAre("event=accept_failed error=\"Too many open files\""));
}

TEST_F(AcceptorTest, ClosedWhileItWaitsItDoesNotTryAgain) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  acceptor_.Close();
  const int before = calls;
  no_descriptors = false;
  io_.restart();
  io_.run();  // returns: nothing is left to wait for
  EXPECT_EQ(calls, before);
  EXPECT_TRUE(accepted_.empty());
}

}  // namespace
}  // namespace flblk::net
