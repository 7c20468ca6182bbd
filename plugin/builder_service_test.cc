// flblk.v1.Builder as a client sees it: a real server on a Unix socket, over a node without a
// network.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>

#include "flblk/v1/builder.grpc.pb.h"
#include "plugin/convert.h"
#include "plugin/event_stream.h"
#include "plugin/testing/samples.h"
#include "plugin/testing/test_runtime.h"

namespace flblk::plugin {
namespace {

using testing::HasSubstr;

class BuilderServiceTest : public testing::Test {
 protected:
  void Start(const std::string& toml = "") {
    test_ = std::make_unique<TestRuntime>(toml);
    ASSERT_TRUE(test_->Start().ok());
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    channel_ =
        grpc::CreateCustomChannel(test_->target(), grpc::InsecureChannelCredentials(), arguments);
    stub_ = v1::Builder::NewStub(channel_);
  }

  struct Reply {
    grpc::Status status;
    v1::ForkchoiceUpdatedResponse response;
  };
  Reply Forkchoice(const std::optional<Authorization>& authorization, bool attributes = true) {
    v1::ForkchoiceUpdatedRequest request;
    if (attributes) request.mutable_attributes()->set_timestamp(100);
    if (authorization) ToProto(*authorization, *request.mutable_authorization());
    grpc::ClientContext context;
    Reply reply;
    reply.status = stub_->ForkchoiceUpdated(&context, request, &reply.response);
    return reply;
  }

  v1::PublishRequest Delta(uint64_t index, uint64_t sequence = 0) {
    v1::PublishRequest request;
    ToProto(TestFlashblock(a_, index), *request.mutable_flashblock());
    request.set_sequence(sequence);
    return request;
  }

  void AwaitState(core::PublishState state) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (test_->runtime->host().view().state != state &&
           std::chrono::steady_clock::now() < limit) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    ASSERT_EQ(test_->runtime->host().view().state, state);
  }

  const Authorization a_ = TestAuthorization(100), b_ = TestAuthorization(102);
  std::unique_ptr<TestRuntime> test_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Builder::Stub> stub_;
};

TEST_F(BuilderServiceTest, ForkchoiceAnswersWithTheState) {
  Start();
  EXPECT_EQ(Forkchoice({}, false).response.state(), v1::PUBLISH_STATE_IDLE);
  const Reply cleared = Forkchoice(a_);
  ASSERT_TRUE(cleared.status.ok()) << cleared.status.error_message();
  EXPECT_EQ(cleared.response.state(), v1::PUBLISH_STATE_PUBLISHING);
  EXPECT_EQ(cleared.response.next_index(), 0u);
  EXPECT_EQ(Forkchoice({}).response.state(), v1::PUBLISH_STATE_IDLE);
}

TEST_F(BuilderServiceTest, ForkchoiceErrorsAreTyped) {
  Start();
  const Reply without = Forkchoice(a_, false);
  EXPECT_EQ(without.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(without.status.error_message(), "authorization: given without attributes");
  const Reply other = Forkchoice(TestAuthorization(100, 9));
  EXPECT_EQ(other.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(BuilderServiceTest, PublishAnswersInOrderAndARefusalEndsNothing) {
  Start();
  ASSERT_TRUE(Forkchoice(a_).status.ok());
  grpc::ClientContext context;
  const auto stream = stub_->Publish(&context);
  v1::PublishRequest bad = Delta(1, 12);
  bad.mutable_flashblock()->mutable_diff()->set_state_root("short");
  for (const auto& request :
       {Delta(0, 10), Delta(5, 11), bad, v1::PublishRequest(), Delta(1, 13)}) {
    ASSERT_TRUE(stream->Write(request));
  }
  stream->WritesDone();
  struct Expected {
    uint64_t sequence;
    grpc::StatusCode code;
    std::string message;
    uint64_t next;
  };
  for (const Expected& expected :
       {Expected{10, grpc::OK, "", 1}, Expected{11, grpc::OUT_OF_RANGE, "index: 5, expected 1", 1},
        Expected{12, grpc::INVALID_ARGUMENT, "flashblock.diff.state_root: 5 bytes, expected 32", 1},
        Expected{0, grpc::INVALID_ARGUMENT, "delta: missing", 1}, Expected{13, grpc::OK, "", 2}}) {
    v1::PublishResponse response;
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.sequence(), expected.sequence);
    EXPECT_EQ(response.code(), static_cast<uint32_t>(expected.code)) << response.message();
    EXPECT_THAT(response.message(), HasSubstr(expected.message));
    EXPECT_LE(response.next_index(), 2u);
    if (expected.code == grpc::OK) {
      EXPECT_EQ(response.next_index(), expected.next);
      EXPECT_EQ(response.payload_id(), std::string(a_.payload_id.begin(), a_.payload_id.end()));
    }
  }
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(test_->runtime->host().view().state,
            core::PublishState::kPublishing);  // a clean end stops nothing
}

TEST_F(BuilderServiceTest, PublishWithoutClearanceNamesTheState) {
  Start();
  grpc::ClientContext context;
  const auto stream = stub_->Publish(&context);
  stream->Write(Delta(0));
  v1::PublishResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.code(), static_cast<uint32_t>(grpc::FAILED_PRECONDITION));
  EXPECT_THAT(response.message(), HasSubstr("idle"));
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(BuilderServiceTest, ManyDeltasWithoutReadingAreHeldBackNotLost) {
  Start();
  ASSERT_TRUE(Forkchoice(a_).status.ok());
  grpc::ClientContext context;
  const auto stream = stub_->Publish(&context);
  constexpr uint64_t kCount = 500;
  std::thread writer([&] {
    for (uint64_t i = 0; i < kCount; ++i) stream->Write(Delta(std::min<uint64_t>(i, 100), i));
    stream->WritesDone();
  });
  v1::PublishResponse response;
  for (uint64_t i = 0; i < kCount; ++i) {
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.sequence(), i);
  }
  writer.join();
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(BuilderServiceTest, ABrokenPublisherStopsPublishing) {
  Start();
  ASSERT_TRUE(Forkchoice(a_).status.ok());
  grpc::ClientContext context;
  const auto stream = stub_->Publish(&context);
  v1::PublishResponse response;
  ASSERT_TRUE(stream->Write(Delta(0)) && stream->Read(&response));
  ASSERT_EQ(response.code(), 0u);
  context.TryCancel();
  EXPECT_FALSE(stream->Finish().ok());
  AwaitState(core::PublishState::kIdle);
  EXPECT_THAT(test_->node->stop_reasons, testing::ElementsAre("the publishing stream broke"));
}

TEST_F(BuilderServiceTest, AStreamThatBreaksBeforeItsFirstVerdictStopsPublishing) {
  Start();
  ASSERT_TRUE(Forkchoice(a_).status.ok());
  const auto release = test_->node->Hold();
  {
    grpc::ClientContext context;
    const auto stream = stub_->Publish(&context);
    ASSERT_TRUE(stream->Write(Delta(0)));
    while (test_->node->waiting() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    context.TryCancel();
    stream->Finish();
  }
  // Enough for the server to end the stream; were it not, the verdict would come before the end.
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  release();
  AwaitState(core::PublishState::kIdle);
  EXPECT_THAT(test_->node->stop_reasons, testing::ElementsAre("the publishing stream broke"));
}

TEST_F(BuilderServiceTest, AnotherStreamThatBreaksStopsNothing) {
  Start();
  ASSERT_TRUE(Forkchoice(a_).status.ok());
  grpc::ClientContext publisher_context, other_context;
  const auto publisher = stub_->Publish(&publisher_context);
  const auto other = stub_->Publish(&other_context);
  v1::PublishResponse response;
  ASSERT_TRUE(other->Write(Delta(7)) && other->Read(&response));  // refused: it published nothing
  ASSERT_TRUE(publisher->Write(Delta(0)) && publisher->Read(&response));
  other_context.TryCancel();
  other->Finish();
  ASSERT_TRUE(publisher->Write(Delta(1)) && publisher->Read(&response));
  EXPECT_EQ(response.code(), 0u) << response.message();
  EXPECT_TRUE(test_->node->stop_reasons.empty());
  publisher->WritesDone();
  EXPECT_TRUE(publisher->Finish().ok());
}

TEST_F(BuilderServiceTest, TheDisconnectRuleCanBeSwitchedOff) {
  Start("stop_on_publisher_disconnect = false\n");
  ASSERT_TRUE(Forkchoice(a_).status.ok());
  v1::PublishResponse response;
  {
    grpc::ClientContext context;
    const auto stream = stub_->Publish(&context);
    ASSERT_TRUE(stream->Write(Delta(0)) && stream->Read(&response));
    context.TryCancel();
    stream->Finish();
  }
  grpc::ClientContext context;
  const auto stream = stub_->Publish(&context);
  ASSERT_TRUE(stream->Write(Delta(1)) && stream->Read(&response));
  EXPECT_EQ(response.code(), 0u) << response.message();
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(BuilderServiceTest, WatchersSeeTheStateThenEachTransition) {
  Start();
  grpc::ClientContext context;
  const auto watch = stub_->WatchPublishing(&context, {});
  v1::PublishingEvent event;
  ASSERT_TRUE(watch->Read(&event));
  EXPECT_EQ(event.state(), v1::PUBLISH_STATE_IDLE);
  EXPECT_EQ(event.cause(), v1::CAUSE_UNSPECIFIED);
  test_->node->Run([&] {
    test_->node->Deliver(a_, TestFlashblock(a_, 0));
    test_->node->Change(core::PublishState::kWaiting, core::Cause::kWaitingForRival, a_);
    test_->node->Deliver(a_, TestFlashblock(a_, 1));
    test_->node->Change(core::PublishState::kPublishing, core::Cause::kRivalStopped, a_, 2);
  });
  ASSERT_TRUE(watch->Read(&event));
  EXPECT_EQ(event.state(), v1::PUBLISH_STATE_WAITING);
  ASSERT_TRUE(watch->Read(&event));
  EXPECT_EQ(event.state(), v1::PUBLISH_STATE_PUBLISHING);
  EXPECT_EQ(event.cause(), v1::CAUSE_RIVAL_STOPPED);
  EXPECT_EQ(event.next_index(), 2u);
  ASSERT_EQ(event.flashblocks_size(), 2);
  EXPECT_EQ(event.flashblocks(1).index(), 1u);
  EXPECT_TRUE(event.flashblocks(0).has_base());
  test_->runtime->Stop();
  ASSERT_TRUE(watch->Read(&event));
  EXPECT_EQ(event.cause(), v1::CAUSE_HOST_STOPPED);
  EXPECT_FALSE(watch->Read(&event));
  EXPECT_EQ(watch->Finish().error_code(), grpc::UNAVAILABLE);
}

TEST_F(BuilderServiceTest, ALateWatcherGetsTheResumePointAsOfNow) {
  Start();
  ASSERT_TRUE(Forkchoice(a_).status.ok());
  test_->node->Run([&] {
    test_->node->Deliver(a_, TestFlashblock(a_, 0), true);
    test_->node->Deliver(a_, TestFlashblock(a_, 1), true);
  });
  test_->Settle();
  grpc::ClientContext context;
  const auto watch = stub_->WatchPublishing(&context, {});
  v1::PublishingEvent event;
  ASSERT_TRUE(watch->Read(&event));
  EXPECT_EQ(event.state(), v1::PUBLISH_STATE_PUBLISHING);
  EXPECT_EQ(event.next_index(), 2u);
  EXPECT_EQ(event.flashblocks_size(), 2);
  context.TryCancel();
  watch->Finish();
}

TEST_F(BuilderServiceTest, SubscribersStartWithTheCurrentBlockWithoutGapOrDuplicate) {
  Start();
  std::atomic<bool> go_on = true;
  std::thread traffic([&] {
    for (uint64_t i = 0; i <= 100 && go_on; ++i) {
      test_->node->Run([&] { test_->node->Deliver(a_, TestFlashblock(a_, i)); });
      std::this_thread::sleep_for(std::chrono::microseconds(300));
    }
  });
  for (int subscriber = 0; subscriber < 5; ++subscriber) {
    grpc::ClientContext context;
    v1::SubscribeFlashblocksRequest request;
    request.set_include_rlp(subscriber % 2 == 0);
    const auto stream = stub_->SubscribeFlashblocks(&context, request);
    v1::VerifiedFlashblock flashblock;
    for (uint64_t i = 0; i < 20; ++i) {
      ASSERT_TRUE(stream->Read(&flashblock));
      EXPECT_EQ(flashblock.flashblock().index(), i);
      EXPECT_EQ(flashblock.authorized_rlp().empty(), !request.include_rlp());
      EXPECT_EQ(flashblock.authorization().timestamp(), 100u);
    }
    context.TryCancel();
    stream->Finish();
  }
  go_on = false;
  traffic.join();
}

TEST_F(BuilderServiceTest, ASubscriberThatDoesNotReadIsEndedAndOthersAreNot) {
  Start();
  grpc::ClientContext slow_context, fast_context;
  const auto slow = stub_->SubscribeFlashblocks(&slow_context, {});
  const auto fast = stub_->SubscribeFlashblocks(&fast_context, {});
  v1::VerifiedFlashblock flashblock;
  wire::FlashblocksPayloadV1 big = TestFlashblock(a_, 0);
  big.diff.transactions = {Bytes(64 << 10, 7)};  // so that the transport's buffers fill up
  test_->node->Run([&] { test_->node->Deliver(a_, big); });
  ASSERT_TRUE(slow->Read(&flashblock));
  ASSERT_TRUE(fast->Read(&flashblock));
  constexpr int kCount = 2 * EventStream<v1::VerifiedFlashblock>::kMaxQueued;
  for (int i = 0; i < kCount; ++i) {
    test_->node->Run([&] { test_->node->Deliver(a_, big); });
    ASSERT_TRUE(fast->Read(&flashblock)) << i;
  }
  int read = 0;
  while (slow->Read(&flashblock)) ++read;
  EXPECT_LT(read, kCount);
  const grpc::Status status = slow->Finish();
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("1024 messages behind"));
  fast_context.TryCancel();
  fast->Finish();
}

TEST_F(BuilderServiceTest, ThePendingBlockIsReducedFromItsFlashblocks) {
  Start();
  grpc::ClientContext none;
  v1::PendingBlock block;
  EXPECT_EQ(stub_->GetPendingBlock(&none, {}, &block).error_code(), grpc::NOT_FOUND);
  test_->node->Run([&] {
    for (uint64_t i = 0; i < 3; ++i) test_->node->Deliver(a_, TestFlashblock(a_, i));
  });
  test_->Settle();
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->GetPendingBlock(&context, {}, &block).ok());
  EXPECT_EQ(block.flashblocks(), 3u);
  EXPECT_EQ(block.base().block_number(), 50u);
  EXPECT_EQ(block.diff().transactions_size(), 6);
  EXPECT_EQ(block.diff().gas_used(), 63000u);
  EXPECT_EQ(block.authorization().timestamp(), 100u);
  EXPECT_EQ(block.newest_metadata_json(), "{\"fees\":\"0x0\"}");
}

TEST_F(BuilderServiceTest, SealedAndStopCheckTheirArguments) {
  Start();
  v1::PayloadSealedRequest sealed;
  v1::PayloadSealedResponse sealed_response;
  grpc::ClientContext c1, c2, c3, c4;
  sealed.set_payload_id("short");
  EXPECT_EQ(stub_->PayloadSealed(&c1, sealed, &sealed_response).error_message(),
            "payload_id: 5 bytes, expected 8");
  sealed.set_payload_id("12345678");
  EXPECT_TRUE(stub_->PayloadSealed(&c2, sealed, &sealed_response).ok());
  v1::StopRequest stop;
  v1::StopResponse stop_response;
  stop.set_reason(std::string(257, 'x'));
  EXPECT_EQ(stub_->Stop(&c3, stop, &stop_response).error_message(),
            "reason: 257 bytes, at most 256");
  stop.set_reason("maintenance");
  EXPECT_TRUE(stub_->Stop(&c4, stop, &stop_response).ok());
  test_->Settle();
  EXPECT_THAT(test_->node->stop_reasons, testing::ElementsAre("maintenance"));
}

TEST_F(BuilderServiceTest, StopEndsEveryCallInTime) {
  Start();
  grpc::ClientContext c1, c2, c3;
  const auto publish = stub_->Publish(&c1);
  const auto watch = stub_->WatchPublishing(&c2, {});
  const auto subscribe = stub_->SubscribeFlashblocks(&c3, {});
  v1::PublishingEvent event;
  ASSERT_TRUE(watch->Read(&event));
  const auto begin = std::chrono::steady_clock::now();
  test_->runtime->Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  v1::PublishResponse response;
  v1::VerifiedFlashblock flashblock;
  EXPECT_FALSE(publish->Read(&response));
  EXPECT_FALSE(subscribe->Read(&flashblock));
  EXPECT_EQ(publish->Finish().error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(subscribe->Finish().error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(Forkchoice(a_).status.error_code(), grpc::UNAVAILABLE);
}

}  // namespace
}  // namespace flblk::plugin
