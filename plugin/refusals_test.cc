// What the gRPC services refuse and how their streams end, as a client sees it: over a node without
// a network.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>

#include <future>

#include "flblk/v1/builder.grpc.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "plugin/testing/samples.h"
#include "plugin/testing/test_runtime.h"

namespace flblk::plugin {
namespace {

namespace health = grpc::health::v1;
namespace reflection = grpc::reflection::v1alpha;

class RefusalsTest : public testing::Test {
 protected:
  RefusalsTest() {
    const auto status = test_.Start();
    EXPECT_TRUE(status.ok()) << status;
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    channel_ =
        grpc::CreateCustomChannel(test_.target(), grpc::InsecureChannelCredentials(), arguments);
    builder_ = v1::Builder::NewStub(channel_);
  }

  // How a stream ends that answers nothing.
  template <typename Message>
  static std::string EndOf(grpc::ClientReader<Message>& reader) {
    Message message;
    EXPECT_FALSE(reader.Read(&message));
    const grpc::Status status = reader.Finish();
    EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
    return status.error_message();
  }

  const Authorization a_ = TestAuthorization(100);
  TestRuntime test_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Builder::Stub> builder_;
};

TEST_F(RefusalsTest, AnUnknownServiceIsWatchedAsUnknown) {
  const auto stub = health::Health::NewStub(channel_);
  grpc::ClientContext context;
  health::HealthCheckRequest request;
  request.set_service("flblk.v1.Bilder");
  const auto watch = stub->Watch(&context, request);
  health::HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), health::HealthCheckResponse::SERVICE_UNKNOWN);
  context.TryCancel();
  EXPECT_EQ(watch->Finish().error_code(), grpc::CANCELLED);
}

TEST_F(RefusalsTest, ReflectionNamesWhatItDoesNotKnow) {
  const auto stub = reflection::ServerReflection::NewStub(channel_);
  grpc::ClientContext context;
  const auto stream = stub->ServerReflectionInfo(&context);
  const auto error = [&](const reflection::ServerReflectionRequest& request) {
    reflection::ServerReflectionResponse response;
    EXPECT_TRUE(stream->Write(request) && stream->Read(&response));
    return std::pair(response.error_response().error_code(),
                     response.error_response().error_message());
  };
  reflection::ServerReflectionRequest request;
  EXPECT_EQ(error(request), std::pair(static_cast<int>(grpc::INVALID_ARGUMENT),
                                      std::string("message_request: missing")));
  const int not_found = grpc::NOT_FOUND;
  request.set_file_containing_symbol("flblk.v1.Bilder");
  EXPECT_EQ(error(request), std::pair(not_found, std::string("unknown: flblk.v1.Bilder")));
  request.set_file_by_filename("flblk/v1/none.proto");
  EXPECT_EQ(error(request), std::pair(not_found, std::string("unknown: flblk/v1/none.proto")));
  request.set_all_extension_numbers_of_type("flblk.v1.Diff");
  EXPECT_EQ(error(request),
            std::pair(not_found, std::string("unknown: no message here has extensions")));
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(RefusalsTest, ADeltaThatIsNoneIsAnsweredInItsPlace) {
  grpc::ClientContext context;
  const auto stream = builder_->Publish(&context);
  v1::PublishRequest request;
  request.set_sequence(7);
  v1::PublishResponse response;
  ASSERT_TRUE(stream->Write(request) && stream->Read(&response));
  EXPECT_EQ(response.sequence(), 7u);
  EXPECT_EQ(response.code(), static_cast<uint32_t>(grpc::INVALID_ARGUMENT));
  EXPECT_EQ(response.message(),
            "delta: missing; give flashblock, flashblock_rlp or flashblock_json");
  request.mutable_flashblock()->set_index(3);
  request.mutable_flashblock()->set_payload_id("short");
  ASSERT_TRUE(stream->Write(request) && stream->Read(&response));
  EXPECT_EQ(response.index(), 3u);
  EXPECT_EQ(response.message(), "flashblock.payload_id: 5 bytes, expected 8 or none");
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(RefusalsTest, SubscribersAreToldThatTheEventQueueOverflowed) {
  grpc::ClientContext contexts[2];
  v1::SubscribeFlashblocksRequest with_rlp;
  with_rlp.set_include_rlp(true);
  const auto plain = builder_->SubscribeFlashblocks(&contexts[0], {});
  const auto rlp = builder_->SubscribeFlashblocks(&contexts[1], with_rlp);
  v1::VerifiedFlashblock flashblock;
  test_.node->Run([&] { test_.node->Deliver(a_, TestFlashblock(a_, 0)); });
  ASSERT_TRUE(plain->Read(&flashblock) && rlp->Read(&flashblock));  // both have joined
  std::promise<void> go;
  ASSERT_TRUE(test_.runtime->hub().Post([held = go.get_future().share()] { held.wait(); }));
  for (size_t i = 0; i < Hub::kMaxQueued; ++i) ASSERT_TRUE(test_.runtime->hub().Post([] {}));
  test_.node->Run([&] { test_.node->Deliver(a_, TestFlashblock(a_, 1)); });
  go.set_value();
  for (const auto& stream : {plain.get(), rlp.get()}) {
    while (stream->Read(&flashblock)) continue;
    const grpc::Status status = stream->Finish();
    EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
    EXPECT_EQ(status.error_message(), "event queue: flashblocks were lost; subscribe again");
  }
}

// Calls that come between the end of the events and the end of the servers.
TEST_F(RefusalsTest, AStoppingNodeOpensNoStream) {
  test_.runtime->hub().Stop();
  grpc::ClientContext c1, c2, c3;
  EXPECT_EQ(EndOf(*builder_->WatchPublishing(&c1, {})), "the node is stopping");
  EXPECT_EQ(EndOf(*builder_->SubscribeFlashblocks(&c2, {})), "the node is stopping");
  const auto stub = health::Health::NewStub(channel_);
  EXPECT_EQ(EndOf(*stub->Watch(&c3, {})), "the node is stopping");
}

}  // namespace
}  // namespace flblk::plugin
