// Admin, health, reflection, access rules, and what the servers refuse to bind: over a node without
// a network.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>

#include "flblk/v1/admin.grpc.pb.h"
#include "flblk/v1/builder.grpc.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "plugin/testing/samples.h"
#include "plugin/testing/test_runtime.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

using testing::HasSubstr;

std::shared_ptr<grpc::Channel> Dial(const std::string& target) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

class ServersTest : public testing::Test {
 protected:
  void Start(const std::string& toml = "") {
    test_ = std::make_unique<TestRuntime>(toml);
    const auto status = test_->Start();
    ASSERT_TRUE(status.ok()) << status;
    admin_ = v1::Admin::NewStub(Dial(test_->target()));
  }
  std::string StartError(const std::string& toml) {
    TestRuntime test(toml);
    return std::string(test.Start().message());
  }

  std::unique_ptr<TestRuntime> test_;
  std::unique_ptr<v1::Admin::Stub> admin_;
};

// A listening TCP socket on a free loopback port.
class Listener {
 public:
  Listener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(fd_, 1), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    endpoint = Cat("127.0.0.1:", ntohs(address.sin_port));
  }
  ~Listener() { close(fd_); }
  std::string endpoint;

 private:
  int fd_;
};

// A socket file with nobody behind it, as a killed process leaves it.
void BindAndForget(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  EXPECT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  close(fd);
}

// -------------------------------------------------------------------------------------------------
// admin
TEST_F(ServersTest, NodeInfoSaysWhoAndHow) {
  Start("http = \"127.0.0.1:0\"\n");
  grpc::ClientContext context;
  v1::NodeInfoResponse info;
  ASSERT_TRUE(admin_->NodeInfo(&context, {}, &info).ok());
  EXPECT_EQ(info.enode(), "enode://fake@127.0.0.1:30303");
  EXPECT_EQ(info.builder_vk(),
            std::string(reinterpret_cast<const char*>(TestKey(2).public_key().bytes.data()), 32));
  EXPECT_EQ(info.authorizer_vk(),
            std::string(reinterpret_cast<const char*>(TestKey(1).public_key().bytes.data()), 32));
  EXPECT_EQ(info.state(), v1::PUBLISH_STATE_IDLE);
  EXPECT_EQ(info.health(), 200u);
  EXPECT_EQ(info.http_address(), test_->runtime->http_address());
  EXPECT_GT(info.started_unix_ns(), 0);
}

TEST_F(ServersTest, PeersAreAddedListedAndRemoved) {
  Start();
  net::PeerInfo peer;
  peer.node_id[0] = 7;
  peer.client_id = "other/1";
  test_->node->PeerUp(peer);
  grpc::ClientContext c1, c2, c3, c4;
  v1::ListPeersResponse peers;
  ASSERT_TRUE(admin_->ListPeers(&c1, {}, &peers).ok());
  ASSERT_EQ(peers.peers_size(), 1);
  EXPECT_EQ(peers.peers(0).client_id(), "other/1");
  v1::AddPeerRequest add;
  v1::AddPeerResponse added;
  add.set_enode("enode://zz@1.2.3.4:1");
  const auto refused = admin_->AddPeer(&c2, add, &added);
  EXPECT_EQ(refused.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(refused.error_message(), HasSubstr("enode"));
  v1::RemovePeerRequest remove;
  v1::RemovePeerResponse removed;
  remove.set_node_id("short");
  EXPECT_EQ(admin_->RemovePeer(&c3, remove, &removed).error_message(),
            "node_id: 5 bytes, expected 64");
  remove.set_node_id(std::string(64, '\0'));
  EXPECT_EQ(admin_->RemovePeer(&c4, remove, &removed).error_code(), grpc::NOT_FOUND);
}

TEST_F(ServersTest, HistoryGivesTheNewest) {
  Start();
  const Authorization a = TestAuthorization(100);
  test_->node->Run([&] {
    test_->node->Change(core::PublishState::kWaiting, core::Cause::kWaitingForRival, a);
    test_->node->Change(core::PublishState::kPublishing, core::Cause::kRivalStopped, a, 4);
  });
  v1::HandoffHistoryRequest request;
  v1::HandoffHistoryResponse response;
  grpc::ClientContext c1, c2;
  ASSERT_TRUE(admin_->HandoffHistory(&c1, request, &response).ok());
  EXPECT_EQ(response.entries_size(), 2);
  request.set_limit(1);
  ASSERT_TRUE(admin_->HandoffHistory(&c2, request, &response).ok());
  ASSERT_EQ(response.entries_size(), 1);
  EXPECT_EQ(response.entries(0).cause(), v1::CAUSE_RIVAL_STOPPED);
  EXPECT_EQ(response.entries(0).next_index(), 4u);
}

TEST_F(ServersTest, EquivocationsAreKeptAsEvidenceAndBounded) {
  Start();
  auto first = std::make_shared<wire::Frame>(), second = std::make_shared<wire::Frame>();
  first->body = {1, 2};
  second->body = {3, 4};
  test_->node->Run([&] {
    for (uint64_t slot = 0; slot < 70; ++slot) {
      test_->node->observer().OnEquivocation(
          {core::Evidence::kTwoFlashblocks, TestKey(3).public_key(), slot, first, second});
    }
  });
  test_->Settle();
  grpc::ClientContext context;
  v1::EquivocationsResponse response;
  ASSERT_TRUE(admin_->Equivocations(&context, {}, &response).ok());
  ASSERT_EQ(response.equivocations_size(), 64);
  EXPECT_EQ(response.equivocations(63).slot(), 69u);
  EXPECT_EQ(response.equivocations(0).kind(), v1::Equivocation::KIND_TWO_FLASHBLOCKS);
  EXPECT_EQ(response.equivocations(0).first_rlp(), "\x01\x02");
  EXPECT_EQ(response.equivocations(0).second_rlp(), "\x03\x04");
}

// ------------------------------------------------------------------------------------------------
// probes
TEST_F(ServersTest, HealthIsCheckedAndWatched) {
  Start();
  const auto stub = grpc::health::v1::Health::NewStub(Dial(test_->target()));
  grpc::health::v1::HealthCheckRequest request;
  grpc::health::v1::HealthCheckResponse response;
  for (const char* service : {"", "flblk.v1.Builder", "flblk.v1.Admin"}) {
    grpc::ClientContext context;
    request.set_service(service);
    ASSERT_TRUE(stub->Check(&context, request, &response).ok());
    EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::SERVING);
  }
  grpc::ClientContext unknown, watching;
  const auto watch = stub->Watch(&watching, request);
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::SERVING);
  request.set_service("nothing");
  EXPECT_EQ(stub->Check(&unknown, request, &response).error_code(), grpc::NOT_FOUND);
  test_->runtime->Stop();
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  EXPECT_FALSE(watch->Read(&response));
  EXPECT_EQ(watch->Finish().error_code(), grpc::UNAVAILABLE);
}

TEST_F(ServersTest, ReflectionAnswers) {
  Start();
  const auto stub = grpc::reflection::v1alpha::ServerReflection::NewStub(Dial(test_->target()));
  grpc::ClientContext context;
  const auto stream = stub->ServerReflectionInfo(&context);
  grpc::reflection::v1alpha::ServerReflectionRequest request;
  grpc::reflection::v1alpha::ServerReflectionResponse response;
  request.set_list_services("*");
  ASSERT_TRUE(stream->Write(request) && stream->Read(&response));
  EXPECT_EQ(response.list_services_response().service_size(), 4);
  request.set_file_containing_symbol("flblk.v1.Builder");
  ASSERT_TRUE(stream->Write(request) && stream->Read(&response));
  EXPECT_EQ(response.file_descriptor_response().file_descriptor_proto_size(), 2);
  request.set_file_by_filename("none.proto");
  ASSERT_TRUE(stream->Write(request) && stream->Read(&response));
  EXPECT_EQ(response.error_response().error_code(), grpc::NOT_FOUND);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

// ------------------------------------------------------------------------------------------------
// access
TEST_F(ServersTest, TcpCallersNeedTheTokenUnixCallersDoNot) {
  TempDir keys;
  const std::string token_file = keys.path() + "/token", token = "0123456789abcdef-token";
  std::ofstream(token_file) << token << "\n";
  chmod(token_file.c_str(), 0600);
  test_ = std::make_unique<TestRuntime>(Cat("grpc_token_file = \"", token_file, "\"\n"));
  test_->config.grpc = {*ParseEndpoint(test_->target()), *ParseEndpoint("127.0.0.1:0")};
  ASSERT_TRUE(test_->Start().ok());
  const std::string targets = test_->runtime->grpc_targets();
  const std::string tcp = targets.substr(targets.find(',') + 1);
  const auto channel = Dial(tcp);
  const auto call = [&](const std::string& authorization,
                        const std::shared_ptr<grpc::Channel>& through) {
    grpc::ClientContext context;
    if (!authorization.empty()) context.AddMetadata("authorization", authorization);
    v1::NodeInfoResponse response;
    return v1::Admin::NewStub(through)->NodeInfo(&context, {}, &response).error_code();
  };
  EXPECT_EQ(call("", channel), grpc::UNAUTHENTICATED);
  EXPECT_EQ(call("Bearer wrong", channel), grpc::UNAUTHENTICATED);
  EXPECT_EQ(call(token, channel), grpc::UNAUTHENTICATED);
  EXPECT_EQ(call("Bearer " + token, channel), grpc::OK);
  EXPECT_EQ(call("", Dial(test_->target())), grpc::OK);
}

TEST_F(ServersTest, NoMethodForgetsToAskForTheToken) {
  TempDir keys;
  const std::string token_file = keys.path() + "/token";
  std::ofstream(token_file) << "0123456789abcdef";
  chmod(token_file.c_str(), 0600);
  test_ = std::make_unique<TestRuntime>(Cat("grpc_token_file = \"", token_file, "\"\n"));
  test_->config.grpc = {*ParseEndpoint("127.0.0.1:0")};
  ASSERT_TRUE(test_->Start().ok());
  const auto channel = Dial(test_->runtime->grpc_targets());
  const auto builder = v1::Builder::NewStub(channel);
  const auto admin = v1::Admin::NewStub(channel);
  const auto health = grpc::health::v1::Health::NewStub(channel);
  const auto reflection = grpc::reflection::v1alpha::ServerReflection::NewStub(channel);
  const auto unary = [](const auto& call) {
    grpc::ClientContext context;
    return call(&context).error_code();
  };
  v1::ForkchoiceUpdatedResponse r1;
  v1::PayloadSealedResponse r2;
  v1::StopResponse r3;
  v1::PendingBlock r4;
  v1::NodeInfoResponse r5;
  v1::ListPeersResponse r6;
  v1::AddPeerResponse r7;
  v1::RemovePeerResponse r8;
  v1::HandoffHistoryResponse r9;
  v1::EquivocationsResponse r10;
  grpc::health::v1::HealthCheckResponse r11;
  const grpc::StatusCode codes[] = {
      unary([&](auto* c) { return builder->ForkchoiceUpdated(c, {}, &r1); }),
      unary([&](auto* c) { return builder->PayloadSealed(c, {}, &r2); }),
      unary([&](auto* c) { return builder->Stop(c, {}, &r3); }),
      unary([&](auto* c) { return builder->GetPendingBlock(c, {}, &r4); }),
      unary([&](auto* c) { return builder->Publish(c)->Finish(); }),
      unary([&](auto* c) { return builder->WatchPublishing(c, {})->Finish(); }),
      unary([&](auto* c) { return builder->SubscribeFlashblocks(c, {})->Finish(); }),
      unary([&](auto* c) { return admin->NodeInfo(c, {}, &r5); }),
      unary([&](auto* c) { return admin->ListPeers(c, {}, &r6); }),
      unary([&](auto* c) { return admin->AddPeer(c, {}, &r7); }),
      unary([&](auto* c) { return admin->RemovePeer(c, {}, &r8); }),
      unary([&](auto* c) { return admin->HandoffHistory(c, {}, &r9); }),
      unary([&](auto* c) { return admin->Equivocations(c, {}, &r10); }),
      unary([&](auto* c) { return health->Check(c, {}, &r11); }),
      unary([&](auto* c) { return health->Watch(c, {})->Finish(); }),
      unary([&](auto* c) { return reflection->ServerReflectionInfo(c)->Finish(); }),
  };
  for (const grpc::StatusCode code : codes) EXPECT_EQ(code, grpc::UNAUTHENTICATED);
}

TEST_F(ServersTest, BadTokenFilesAreRefused) {
  TempDir keys;
  const std::string path = keys.path() + "/token";
  const std::string setting = Cat("grpc_token_file = \"", path, "\"\n");
  EXPECT_THAT(StartError(setting), HasSubstr("grpc_token_file"));
  std::ofstream(path) << "0123456789abcdef";
  chmod(path.c_str(), 0644);
  EXPECT_EQ(StartError(setting),
            Cat("grpc_token_file ", path, ": others may use it (mode 0644), want mode 0600"));
  std::ofstream(path) << "short";
  chmod(path.c_str(), 0600);
  EXPECT_THAT(StartError(setting), HasSubstr("want one line of 16..1024 printable characters"));
}

// -----------------------------------------------------------------------------------------------
// binding
TEST_F(ServersTest, TheSocketFileHasItsMode) {
  Start("grpc_socket_mode = \"0660\"\n");
  struct stat info;
  ASSERT_EQ(stat((test_->dir.path() + "/flblk.sock").c_str(), &info), 0);
  EXPECT_TRUE(S_ISSOCK(info.st_mode));
  EXPECT_EQ(info.st_mode & 07777, 0660u);
  test_->runtime->Stop();
  EXPECT_NE(stat((test_->dir.path() + "/flblk.sock").c_str(), &info), 0);
}

TEST_F(ServersTest, AStaleSocketIsReplacedALiveOneIsNot) {
  Start();
  TestRuntime second;
  second.config.grpc = {*ParseEndpoint(test_->target())};
  EXPECT_EQ(second.Start(), absl::FailedPreconditionError(
                                Cat("grpc: ", test_->target(), ": another process listens there")));
  grpc::ClientContext context;
  v1::NodeInfoResponse info;
  EXPECT_TRUE(admin_->NodeInfo(&context, {}, &info).ok());  // the first one was not disturbed

  TempDir dir;
  const std::string path = dir.path() + "/stale";
  BindAndForget(path);
  TestRuntime third;
  third.config.grpc = {*ParseEndpoint("unix:" + path)};
  EXPECT_TRUE(third.Start().ok());

  TestRuntime fourth;
  std::ofstream(dir.path() + "/file") << "precious";
  fourth.config.grpc = {*ParseEndpoint("unix:" + dir.path() + "/file")};
  EXPECT_THAT(std::string(fourth.Start().message()),
              HasSubstr("exists and is no socket; it is left alone"));
}

TEST_F(ServersTest, APortInUseIsNamed) {
  const Listener taken;
  EXPECT_EQ(StartError(Cat("grpc = \"", taken.endpoint, "\"\n")),
            Cat("grpc ", taken.endpoint, ": Address already in use"));
  EXPECT_EQ(StartError(Cat("http = \"", taken.endpoint, "\"\n")),
            Cat("http ", taken.endpoint, ": Address already in use"));
}

TEST_F(ServersTest, TwoNodesDoNotShareADirectory) {
  Start();
  TestRuntime second;
  second.config.datadir = test_->dir.path();
  EXPECT_EQ(second.Start(), absl::FailedPreconditionError(
                                Cat("datadir ", test_->dir.path(), ": another node uses it")));
}

TEST_F(ServersTest, KeyFilesAreChecked) {
  TempDir keys;
  const std::string path = keys.path() + "/builder";
  TestRuntime test(Cat("builder_sk_file = \"", path, "\"\n"));
  test.config.builder_sk.reset();
  EXPECT_THAT(std::string(test.Start().message()),
              testing::AllOf(HasSubstr("builder_sk_file"), HasSubstr(path)));
  std::ofstream(path) << std::string(64, '1');
  chmod(path.c_str(), 0640);
  TestRuntime readable(Cat("builder_sk_file = \"", path, "\"\n"));
  readable.config.builder_sk.reset();
  EXPECT_THAT(std::string(readable.Start().message()), HasSubstr("others may use it (mode 0640)"));
  chmod(path.c_str(), 0600);
  TestRuntime good(Cat("builder_sk_file = \"", path, "\"\n"));
  good.config.builder_sk.reset();
  EXPECT_TRUE(good.Start().ok());
}

TEST_F(ServersTest, WhatTheNodeCannotBindIsReportedAndNothingIsLeft) {
  TestRuntime test;
  test.node_start_status =
      absl::FailedPreconditionError("listen 0.0.0.0:30303: Address already in use");
  EXPECT_EQ(test.Start(), test.node_start_status);
  struct stat info;
  EXPECT_NE(stat((test.dir.path() + "/flblk.sock").c_str(), &info), 0);
}

TEST_F(ServersTest, WhatShouldBeKnownOfTheConfigurationIsLogged) {
  TestRuntime test;
  const std::string file = test.dir.path() + "/token";
  std::ofstream(file) << "0123456789abcdef";
  chmod(file.c_str(), 0600);
  test.config.grpc_token_file = file;
  test.config.grpc = {{*ParseEndpoint("192.0.2.1:1")}};
  test.node_start_status = absl::UnavailableError("nothing is bound in this test");
  EXPECT_FALSE(test.Start().ok());
  EXPECT_THAT(test.Lines(), testing::ElementsAre(
                                HasSubstr("event=configuration msg=\"grpc_token_file: 192.0.2.1:1 "
                                          "is without TLS")));
}

}  // namespace
}  // namespace flblk::plugin
