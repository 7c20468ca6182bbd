#include "plugin/hub.h"

#include <gmock/gmock.h>

#include <future>

#include "plugin/callbacks.h"
#include "plugin/health.h"
#include "plugin/testing/fake_node.h"
#include "plugin/testing/samples.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

using testing::ElementsAre;

class Recorder final : public Sink {
 public:
  void OnFlashblock(const core::FlashblockDelivered& event, int64_t) override {
    told.push_back(Cat("flashblock ", event.flashblock->index));
  }
  void OnTransition(const Transition& transition) override {
    told.push_back(Cat("to ", Name(transition.change.to), " with ", transition.flashblocks.size()));
  }
  void OnLost() override { told.push_back("lost"); }

  std::vector<std::string> told;
};

class HubTest : public testing::Test {
 protected:
  HubTest() {
    hub_.AddSink(&recorder_);
    hub_.AddSink(&health_);
    hub_.Start();
    EXPECT_TRUE(node_.Start().ok());
  }
  ~HubTest() override { Finish(); }

  // All that was told so far has arrived.
  void Settle() {
    std::promise<void> done;
    node_.Run([] {});
    ASSERT_TRUE(hub_.Post([&] { done.set_value(); }));
    done.get_future().wait();
  }
  void Finish() {
    node_.Stop({});
    hub_.Stop();
  }

  Recorder recorder_;
  HealthMonitor health_{Duration{}};
  Hub hub_;
  FakeNode node_{&hub_};
  const Authorization a_ = TestAuthorization(100), b_ = TestAuthorization(102);
};

TEST_F(HubTest, TellsInOrderAndKeepsTheBlock) {
  node_.Run([&] {
    node_.Deliver(a_, TestFlashblock(a_, 0));
    node_.Deliver(a_, TestFlashblock(a_, 1));
    node_.Change(core::PublishState::kPublishing, core::Cause::kRivalStopped, a_, 2);
    node_.Deliver(b_, TestFlashblock(b_, 0));
  });
  Settle();
  EXPECT_THAT(recorder_.told,
              ElementsAre("flashblock 0", "flashblock 1", "to publishing with 2", "flashblock 0"));
  ASSERT_EQ(hub_.block().size(), 1u);
  EXPECT_EQ(hub_.block()[0].authorization, b_);
}

TEST_F(HubTest, TheResumePointIsOnlyOfTheAuthorizedPayload) {
  node_.Run([&] {
    node_.Deliver(a_, TestFlashblock(a_, 0));
    node_.Change(core::PublishState::kPublishing, core::Cause::kStarted, b_, 0);
    node_.Change(core::PublishState::kWaiting, core::Cause::kWaitingForRival, a_);
  });
  Settle();
  EXPECT_THAT(recorder_.told,
              ElementsAre("flashblock 0", "to publishing with 0", "to waiting with 0"));
}

TEST_F(HubTest, TheViewIsReadyBeforeTheCallThatMadeItAnswers) {
  PublishView view;
  node_.Run([&] {
    node_.Change(core::PublishState::kPublishing, core::Cause::kStarted, a_, 3);
    view = hub_.view();
  });
  EXPECT_EQ(view.state, core::PublishState::kPublishing);
  EXPECT_EQ(view.next_index, 3u);
  EXPECT_EQ(view.authorization, a_);
  node_.Run([&] {
    node_.Deliver(a_, TestFlashblock(a_, 3), true);
    view = hub_.view();
  });
  EXPECT_EQ(view.next_index, 4u);
  EXPECT_GT(view.last_flashblock_unix_ns, 0);
}

TEST_F(HubTest, AFullQueueLosesFlashblocksAndSaysSoButNeverTransitions) {
  std::promise<void> go;
  ASSERT_TRUE(hub_.Post([future = go.get_future().share()] { future.wait(); }));
  node_.Run([&] {
    for (size_t i = 0; i < Hub::kMaxQueued + 10; ++i) node_.Deliver(a_, TestFlashblock(a_, 0));
    node_.Change(core::PublishState::kIdle, core::Cause::kNotAuthorized, {});
  });
  go.set_value();
  Settle();
  ASSERT_GE(recorder_.told.size(), 2u);
  EXPECT_EQ(recorder_.told.back(), "to idle with 0");
  EXPECT_EQ(recorder_.told[recorder_.told.size() - 2], "lost");
  EXPECT_LE(recorder_.told.size(), Hub::kMaxQueued + 2);
  EXPECT_TRUE(hub_.block().empty());
}

// Health and metrics count peers by these events.
TEST_F(HubTest, AFullQueueNeverLosesThatAPeerCameOrWent) {
  net::PeerInfo first, second;
  second.node_id[0] = 1;
  node_.PeerUp(first);
  Settle();
  EXPECT_EQ(health_.peers(), 1u);
  std::promise<void> go;
  ASSERT_TRUE(hub_.Post([future = go.get_future().share()] { future.wait(); }));
  node_.Run([&] {
    for (size_t i = 0; i < Hub::kMaxQueued + 10; ++i) node_.Deliver(a_, TestFlashblock(a_, 0));
  });
  node_.PeerDown(first);
  node_.PeerUp(second);
  node_.PeerDown(second);
  go.set_value();
  Settle();
  EXPECT_EQ(health_.peers(), 0u);
}

TEST_F(HubTest, StopTellsWhatIsQueuedAndTakesNothingMore) {
  node_.Run([&] { node_.Deliver(a_, TestFlashblock(a_, 0)); });
  Finish();
  EXPECT_THAT(recorder_.told, ElementsAre("flashblock 0"));
  EXPECT_FALSE(hub_.Post([] { FAIL(); }));
}

// ------------------------------------------------------------------------------------------------
// health
TEST(Health, FollowsTheRules) {
  constexpr int64_t kSecond = 1'000'000'000, kStart = 1'000 * kSecond;
  HealthMonitor health(std::chrono::seconds(10));
  EXPECT_EQ(health.Now(kStart), (Health{503, "not started"}));
  health.SetRunning(true, kStart);
  EXPECT_EQ(health.Now(kStart), Health{});
  EXPECT_EQ(health.Now(kStart + 6 * kSecond), (Health{206, "no peers"}));
  EXPECT_EQ(health.Now(kStart + 12 * kSecond).reason,
            "no flashblock for 12.0 s (stale_after: 10.0 s), no peers");
  health.OnPeerUp({});
  EXPECT_EQ(health.Now(kStart + 9 * kSecond), Health{});
  EXPECT_EQ(health.Now(kStart + 11 * kSecond).code, 503);
  EXPECT_EQ(health.Now(kStart + 11 * kSecond).reason,
            "no flashblock for 11.0 s (stale_after: 10.0 s)");
  health.OnFlashblock({}, kStart + 11 * kSecond);
  EXPECT_EQ(health.Now(kStart + 12 * kSecond), Health{});
  health.SetRunning(false, kStart + 12 * kSecond);
  EXPECT_EQ(health.Now(kStart + 12 * kSecond), (Health{503, "stopping"}));
}

TEST(Health, NeverStaleWhereTheOperatorSaysSo) {
  HealthMonitor health{Duration{}};
  health.SetRunning(true, 1);
  health.OnPeerUp({});
  EXPECT_EQ(health.Now(int64_t{1} << 60), Health{});
}

// ------------------------------------------------------------------------------------------------
// callbacks
struct HostLog {
  std::promise<void> go;
  std::shared_future<void> gate{go.get_future().share()};
  std::vector<uint64_t> indices, lost, tickets;
  std::vector<uint32_t> codes;
  std::string message;
};

flblk_callbacks Recording() {
  flblk_callbacks out{};
  out.struct_size = sizeof out;
  out.on_flashblock = [](void* user, const flblk_flashblock_event* event) {
    auto* log = static_cast<HostLog*>(user);
    log->gate.wait();
    log->indices.push_back(event->index);
    log->lost.push_back(event->lost);
  };
  out.on_publish_result = [](void* user, uint64_t ticket, const flblk_publish_result* result,
                             flblk_bytes message) {
    auto* log = static_cast<HostLog*>(user);
    log->tickets.push_back(ticket);
    log->codes.push_back(result->code);
    log->message.assign(reinterpret_cast<const char*>(message.data), message.size);
  };
  return out;
}

core::FlashblockDelivered Delivered(uint64_t index) {
  const Authorization authorization = TestAuthorization(100);
  core::FlashblockDelivered out;
  out.authorization = authorization;
  out.flashblock =
      std::make_shared<const wire::FlashblocksPayloadV1>(TestFlashblock(authorization, index));
  return out;
}

TEST(HostCallbacks, ASlowHostLosesFlashblocksAndIsToldHowMany) {
  HostLog log;
  HostCallbacks callbacks(Recording(), &log);
  callbacks.Start();
  constexpr size_t kMore = 5;
  for (size_t i = 0; i < HostCallbacks::kMaxFlashblocks + 1 + kMore; ++i)
    callbacks.OnFlashblock(Delivered(0), 0);
  const uint64_t lost = callbacks.lost();
  EXPECT_GE(lost, kMore);
  EXPECT_LE(lost, kMore + 1);
  log.go.set_value();
  while (callbacks.delivered() + lost < HostCallbacks::kMaxFlashblocks + 1 + kMore)
    std::this_thread::yield();
  callbacks.OnFlashblock(Delivered(7), 0);
  callbacks.Stop();
  EXPECT_EQ(log.indices.back(), 7u);
  EXPECT_EQ(log.lost.back(), lost);
  EXPECT_EQ(log.lost.front(), 0u);
}

TEST(HostCallbacks, ResultsComeInOrderAndAreBounded) {
  HostLog log;
  log.go.set_value();
  HostCallbacks callbacks(Recording(), &log);
  EXPECT_EQ(callbacks.ReserveResult().code(), absl::StatusCode::kUnavailable);
  callbacks.Start();
  for (size_t i = 0; i < HostCallbacks::kMaxPendingResults; ++i)
    ASSERT_TRUE(callbacks.ReserveResult().ok());
  EXPECT_EQ(callbacks.ReserveResult().code(), absl::StatusCode::kResourceExhausted);
  callbacks.Result(1, Verdict{.status = absl::OkStatus()});
  callbacks.Result(2, Verdict{.status = absl::OutOfRangeError("index: 9, expected 1"), .index = 9});
  callbacks.Stop();
  EXPECT_THAT(log.tickets, ElementsAre(1, 2));
  EXPECT_THAT(log.codes, ElementsAre(0, 11));
  EXPECT_EQ(log.message, "index: 9, expected 1");
  EXPECT_EQ(callbacks.ReserveResult().code(), absl::StatusCode::kUnavailable);
}

TEST(HostCallbacks, AReservedResultIsToldThoughStopCameBetween) {
  HostLog log;
  HostCallbacks callbacks(Recording(), &log);
  callbacks.Start();
  ASSERT_TRUE(callbacks.ReserveResult().ok());
  std::thread stopping([&] { callbacks.Stop(); });
  while (callbacks.ReserveResult().ok()) std::this_thread::yield();
  callbacks.Result(7, Verdict{.status = absl::UnavailableError("the node is stopping")});
  stopping.join();
  EXPECT_THAT(log.tickets, ElementsAre(7));
}

}  // namespace
}  // namespace flblk::plugin
