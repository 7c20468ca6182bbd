#include "p2p/net/host_queue.h"

#include <condition_variable>
#include <thread>

#include "gtest/gtest.h"

namespace flblk::net {
namespace {

TEST(HostQueueTest, RunsInOrderAndWakesOncePerBatch) {
  int wakes = 0;
  HostQueue queue(10, [&] { ++wakes; });
  queue.Open();
  std::vector<int> seen;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(queue.Post([&seen, i] { seen.push_back(i); }).ok());
  EXPECT_EQ(wakes, 1);
  queue.RunAll();
  EXPECT_EQ(seen, (std::vector<int>{0, 1, 2}));
  ASSERT_TRUE(queue.Post([] {}).ok());
  EXPECT_EQ(wakes, 2);
}

TEST(HostQueueTest, FullQueueAnswersResourceExhausted) {
  HostQueue queue(2, [] {});
  queue.Open();
  int ran = 0;
  EXPECT_TRUE(queue.Post([&] { ++ran; }).ok());
  EXPECT_TRUE(queue.Post([&] { ++ran; }).ok());
  EXPECT_EQ(queue.Post([&] { ++ran; }),
            absl::ResourceExhaustedError("max_host_queue: 2 calls wait for the network thread"));
  queue.RunAll();
  EXPECT_EQ(ran, 2);
  EXPECT_TRUE(queue.Post([&] { ++ran; }).ok());
}

TEST(HostQueueTest, ClosedQueueAnswersUnavailableButRunsWhatWaits) {
  HostQueue queue(2, [] {});
  queue.Open();
  int ran = 0;
  EXPECT_TRUE(queue.Post([&] { ++ran; }).ok());
  queue.Close();
  EXPECT_EQ(queue.Post([&] { ++ran; }), absl::UnavailableError("the node is not running"));
  queue.RunAll();
  EXPECT_EQ(ran, 1);
}

TEST(HostQueueTest, BeginsClosed) {
  HostQueue queue(2, [] {});
  EXPECT_EQ(queue.Post([] {}).code(), absl::StatusCode::kUnavailable);
}

TEST(HostQueueTest, ATaskMayPostAgain) {
  HostQueue queue(2, [] {});
  queue.Open();
  int ran = 0;
  ASSERT_TRUE(queue.Post([&] { ASSERT_TRUE(queue.Post([&] { ++ran; }).ok()); }).ok());
  queue.RunAll();
  EXPECT_EQ(ran, 0);
  queue.RunAll();
  EXPECT_EQ(ran, 1);
}

TEST(HostQueueTest, ManyProducersLoseNothing) {
  constexpr int kProducers = 4, kEach = 2000;
  std::mutex mutex;
  std::condition_variable woken;
  bool ready = false;
  HostQueue queue(kProducers * kEach, [&] {
    std::lock_guard lock(mutex);
    ready = true;
    woken.notify_one();
  });
  queue.Open();
  std::vector<int> next(kProducers, 0);
  int in_order = 0;
  std::vector<std::thread> producers;
  for (int p = 0; p < kProducers; ++p) {
    producers.emplace_back([&, p] {
      for (int i = 0; i < kEach; ++i) {
        EXPECT_TRUE(queue.Post([&, p, i] { in_order += next[p]++ == i; }).ok());
      }
    });
  }
  while (in_order < kProducers * kEach) {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(woken.wait_for(lock, std::chrono::seconds(20), [&] { return ready; })) << in_order;
    ready = false;
    lock.unlock();
    queue.RunAll();
  }
  for (std::thread& t : producers) t.join();
}

}  // namespace
}  // namespace flblk::net
