// What a runtime refuses and says, over a node without a network.
#include "plugin/runtime.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>
#include <future>

#include "plugin/testing/samples.h"
#include "plugin/testing/test_runtime.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;

class RuntimeTest : public testing::Test {
 protected:
  void Start(const std::string& toml = "") {
    test_ = std::make_unique<TestRuntime>(toml);
    const auto status = test_->Start();
    ASSERT_TRUE(status.ok()) << status;
  }
  Verdict Publish(const std::string& metadata) {
    auto flashblock = TestFlashblock(a_, 0);
    flashblock.metadata = metadata;
    std::promise<Verdict> promise;
    test_->runtime->host().Publish(std::move(flashblock),
                                   [&](const Verdict& v) { promise.set_value(v); });
    return promise.get_future().get();
  }
  std::string Get(const std::string& page) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(ParseEndpoint(test_->runtime->http_address())->port);
    const std::string request = Cat("GET ", page, " HTTP/1.1\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    EXPECT_EQ(send(fd, request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    std::string out;
    char buffer[4096];
    for (ssize_t n; (n = recv(fd, buffer, sizeof buffer, 0)) > 0;)
      out.append(buffer, static_cast<size_t>(n));
    close(fd);
    return out;
  }

  const Authorization a_ = TestAuthorization(100);
  std::unique_ptr<TestRuntime> test_;
};

TEST_F(RuntimeTest, StartsOnce) {
  Start();
  EXPECT_EQ(test_->runtime->Start(), absl::FailedPreconditionError("already started"));
  test_->runtime->Stop();
  EXPECT_EQ(test_->runtime->Start(), absl::FailedPreconditionError("already started"));
}

TEST_F(RuntimeTest, OtherUsersMayNotUseTheNodeKey) {
  TestRuntime test;
  const std::string path = test.dir.path() + "/nodekey";
  std::ofstream(path) << std::string(64, '1');
  chmod(path.c_str(), 0644);
  EXPECT_THAT(std::string(test.Start().message()),
              testing::AllOf(StartsWith("nodekey: "), HasSubstr(path),
                             HasSubstr("others may use it (mode 0644)")));
}

TEST_F(RuntimeTest, AJournalThatCannotBeOpenedIsNamed) {
  TestRuntime test("sign_once_journal = \"/nonexistent/journal\"\n");
  EXPECT_EQ(test.Start().message(),
            "sign_once_journal /nonexistent/journal: No such file or directory");
}

TEST_F(RuntimeTest, AJournalThatLostWhatItKnewIsSaid) {
  const TempDir dir;
  const std::string path = dir.path() + "/journal";
  std::ofstream(path) << "";
  TestRuntime test(Cat("sign_once_journal = \"", path, "\"\n"));
  ASSERT_TRUE(test.Start().ok());
  EXPECT_THAT(test.Lines(), Contains(StartsWith("event=sign_once_waits first_safe_slot=")));
}

TEST_F(RuntimeTest, AClientAuthorityThatIsNoneIsNamed) {
  TestRuntime test;
  const std::string path = test.dir.path() + "/authority";
  std::ofstream(path) << "text";
  test.config.grpc_tls_client_ca = path;
  EXPECT_EQ(test.Start(),
            absl::InvalidArgumentError("grpc_tls_client_ca: holds no PEM certificate"));
}

TEST_F(RuntimeTest, MetadataOfWorldChainHasItsForm) {
  Start("metadata = \"world-chain\"\n");
  test_->node->Run(
      [&] { test_->node->Change(core::PublishState::kPublishing, core::Cause::kStarted, a_); });
  const Verdict refused = Publish("{}");
  EXPECT_EQ(refused.status,
            absl::InvalidArgumentError("metadata: not in World Chain's form, "
                                       "{\"fees\":\"0x..\",\"flashblock_timestamp\":ns}"));
  EXPECT_EQ(refused.index, 0u);
  EXPECT_EQ(test_->runtime->host().refused(), 1u);
  EXPECT_TRUE(Publish("{\"fees\":\"0x0\",\"flashblock_timestamp\":1}").status.ok());
}

TEST_F(RuntimeTest, ReadyOnlyWhileTheNetworkThreadAnswers) {
  Start("http = \"127.0.0.1:0\"\n");
  EXPECT_THAT(Get("/readyz"), StartsWith("HTTP/1.1 200 "));
  test_->node->AnswerInfo(absl::DeadlineExceededError("test"));
  const std::string answer = Get("/readyz");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer, HasSubstr("{\"status\":\"not ready\",\"reason\":\"the network thread does "
                                "not answer\"}"));
  EXPECT_EQ(test_->runtime->Reconfigure(test_->config).code(), absl::StatusCode::kDeadlineExceeded);
}

// While one lives the process gets no descriptor: 0 to 2 are in use.
class NoDescriptors {
 public:
  NoDescriptors() {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    const rlimit none{3, before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

// Whether `fd` becomes readable within `limit`.
bool IsAnswered(int fd, timeval limit) {
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  char first = 0;
  return recv(fd, &first, 1, 0) == 1;
}

// Connects without a free descriptor and asks; the answer comes once there is one.
void ExpectAnsweredLater(int fd, const sockaddr* to, socklen_t size, const std::string& request) {
  {
    const NoDescriptors none;
    EXPECT_EQ(connect(fd, to, size), 0);
    EXPECT_EQ(send(fd, request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    EXPECT_FALSE(IsAnswered(fd, {0, 200'000}));
    EXPECT_EQ(errno, EAGAIN);
  }
  EXPECT_TRUE(IsAnswered(fd, {20, 0}));
  close(fd);
}

TEST_F(RuntimeTest, WithoutDescriptorsTheStatusPageAnswersLater) {
  Start("http = \"127.0.0.1:0\"\n");
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(ParseEndpoint(test_->runtime->http_address())->port);
  ExpectAnsweredLater(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                      reinterpret_cast<const sockaddr*>(&to), sizeof to,
                      "GET /livez HTTP/1.1\r\n\r\n");
}

TEST_F(RuntimeTest, WithoutDescriptorsGrpcAnswersLater) {
  Start();
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  (test_->dir.path() + "/flblk.sock").copy(to.sun_path, sizeof to.sun_path - 1);
  const std::string empty_settings("\0\0\0\4\0\0\0\0\0", 9);  // of HTTP/2
  ExpectAnsweredLater(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
                      reinterpret_cast<const sockaddr*>(&to), sizeof to,
                      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + empty_settings);
}

TEST_F(RuntimeTest, ANodeThatDoesNotAnswerIsNotStarted) {
  TestRuntime test;
  test.node_info_status = absl::DeadlineExceededError("test");
  EXPECT_EQ(test.Start(), test.node_info_status);
}

TEST_F(RuntimeTest, AnOverflowOfTheEventQueueIsLogged) {
  Start();
  std::promise<void> go;
  ASSERT_TRUE(test_->runtime->hub().Post([held = go.get_future().share()] { held.wait(); }));
  test_->node->Run([&] {
    for (size_t i = 0; i <= Hub::kMaxQueued; ++i) test_->node->Deliver(a_, TestFlashblock(a_, 0));
  });
  go.set_value();
  test_->Settle();
  EXPECT_THAT(test_->Lines(), Contains("event=overflow msg=\"event queue overflowed: flashblocks "
                                       "were lost for subscribers\""));
}

TEST_F(RuntimeTest, PeersThatCannotBeChangedAreLogged) {
  Start();
  Config wanted;
  wanted.static_nodes.push_back({.id = {7}, .host = "127.0.0.1", .port = 1});
  test_->node->peer_status = absl::ResourceExhaustedError("max_outbound_peers: 1 peers");
  EXPECT_TRUE(test_->runtime->Reconfigure(wanted).ok());
  EXPECT_THAT(test_->Lines(),
              Contains(testing::AllOf(StartsWith("event=reconfigured msg=\"peer added\" enode="),
                                      HasSubstr("error=\"max_outbound_peers: 1 peers\""))));
}

}  // namespace
}  // namespace flblk::plugin
