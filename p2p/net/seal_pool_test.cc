#include "p2p/net/seal_pool.h"

#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <random>

#include "gtest/gtest.h"
#include "p2p/rlpx/testing/sessions.h"

namespace flblk::net {
namespace {

using rlpx::MessageReceived;
using rlpx::testing::Pair;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{20};

wire::FramePtr FrameOf(size_t size, uint8_t seed) {
  Bytes body(size);
  std::mt19937 random(seed);
  for (uint8_t& b : body) b = static_cast<uint8_t>(random());
  return rlpx::testing::MakeFrame(wire::MessageId::kAuthorized, std::move(body));
}

// Sessions with their other ends.
class Sessions {
 public:
  explicit Sessions(size_t n) {
    for (size_t i = 0; i < n; ++i) {
      pairs_.push_back(std::make_unique<Pair>());
      pairs_.back()->Run();
      pairs_.back()->b.events.clear();
    }
  }
  std::vector<rlpx::Session::Egress> Egress(size_t begin, size_t count) {
    std::vector<rlpx::Session::Egress> out;
    for (size_t i = begin; i < begin + count; ++i) out.push_back(pairs_[i]->a.session.egress());
    return out;
  }
  Pair& operator[](size_t i) { return *pairs_[i]; }

  // What the other ends have received, in their order, is `frames`.
  void ExpectReceived(const std::vector<wire::FramePtr>& frames) {
    for (auto& pair : pairs_) {
      pair->Run();
      const auto got = pair->b.All<MessageReceived>();
      ASSERT_EQ(got.size(), frames.size());
      for (size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i].frame->body, frames[i]->body);
    }
  }

 private:
  std::vector<std::unique_ptr<Pair>> pairs_;
};

SealPool::Loan* WaitForOne(SealPool& pool) {
  EXPECT_TRUE(pool.WaitUntil(steady_clock::now() + kPatience));
  return pool.TakeSealed();
}

TEST(SealPool, SealsWhatTheSessionWouldHave) {
  Sessions alone(8), lent(8);  // the same keys and entropy: the same states
  SealPool pool(2);
  for (const size_t size : {1u, 100u, 5000u, 100'000u}) {
    for (const size_t n : {1u, 3u, 8u}) {
      const wire::FramePtr frame = FrameOf(size, static_cast<uint8_t>(n));
      SealForAll(*frame, alone.Egress(0, n));
      ASSERT_TRUE(pool.Lend(frame, lent.Egress(0, n), n));
      SealPool::Loan* const loan = WaitForOne(pool);
      ASSERT_NE(loan, nullptr);
      EXPECT_EQ(loan->tag(), n);
      for (size_t i = 0; i < n; ++i) loan->Adopt(i, lent.Egress(i, 1)[0]);
      pool.Return(loan);
      EXPECT_EQ(pool.lent(), 0u);
    }
  }
  for (size_t i = 0; i < 8; ++i) {
    const ByteView a = alone[i].a.session.PendingOutput(), b = lent[i].a.session.PendingOutput();
    EXPECT_GT(a.size(), 100'000u);
    EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end())) << i;
  }
}

TEST(SealPool, NoThreadsUntilTheFirstLoanAndNoneWhereNoneAreWanted) {
  Sessions sessions(1);
  SealPool none(0);
  EXPECT_FALSE(none.wants());
  EXPECT_FALSE(none.Lend(FrameOf(10, 1), sessions.Egress(0, 1), 0));
  EXPECT_EQ(none.lent(), 0u);
  SealPool unused(4);  // ends at once
  EXPECT_TRUE(unused.wants());
}

TEST(SealPool, WhatIsLateIsTakenAwayAndSealedElsewhere) {
  std::promise<void> go, begun;
  std::shared_future<void> gone = go.get_future().share();
  std::atomic<int> calls = 0;
  Sessions sessions(4);
  SealPool pool(1, [&] {
    if (calls++ > 0) return;
    begun.set_value();
    gone.wait();
  });
  std::vector<wire::FramePtr> frames;
  for (uint8_t i = 0; i < 3; ++i) frames.push_back(FrameOf(1000u * i + 10, i));

  ASSERT_TRUE(pool.Lend(frames[0], sessions.Egress(0, 2), 7));
  begun.get_future().wait();
  ASSERT_TRUE(pool.Lend(frames[0], sessions.Egress(2, 2), 8));
  EXPECT_FALSE(pool.wants());  // one is worked at, one waits
  EXPECT_EQ(pool.TakeSealed(), nullptr);
  EXPECT_EQ(pool.TakeBack(), 8u);
  EXPECT_EQ(pool.TakeBack(), std::nullopt);  // the other one is begun
  EXPECT_FALSE(pool.WaitUntil(steady_clock::now() + milliseconds(5)));
  EXPECT_EQ(pool.TakeAway(), 7u);
  EXPECT_EQ(pool.TakeAway(), std::nullopt);
  EXPECT_EQ(pool.lent(), 0u);
  SealForAll(*frames[0], sessions.Egress(0, 4));  // while the worker is still at its copy
  go.set_value();
  // What the worker made of it is never seen; the next loan goes on where the sessions are.
  for (size_t k = 1; k < frames.size(); ++k) {
    ASSERT_TRUE(pool.Lend(frames[k], sessions.Egress(0, 4), k));
    SealPool::Loan* const loan = WaitForOne(pool);
    ASSERT_NE(loan, nullptr);
    EXPECT_EQ(loan->tag(), k);
    for (size_t i = 0; i < 4; ++i) loan->Adopt(i, sessions.Egress(i, 1)[0]);
    pool.Return(loan);
  }
  sessions.ExpectReceived(frames);
}

TEST(SealPool, AnyFateOfAnyLoanGivesTheSameStream) {
  constexpr size_t kGroups = 5, kPerGroup = 3;
  Sessions sessions(kGroups * kPerGroup);
  std::mt19937 random(3);
  SealPool pool(2);
  std::vector<wire::FramePtr> frames;
  for (uint8_t round = 0; round < 60; ++round) {
    frames.push_back(FrameOf(random() % 20'000, round));
    for (size_t g = 0; g < kGroups; ++g) {
      ASSERT_TRUE(pool.Lend(frames.back(), sessions.Egress(g * kPerGroup, kPerGroup), g));
    }
    while (pool.lent() > 0) {
      std::optional<size_t> ours;
      if (SealPool::Loan* const loan = pool.TakeSealed()) {
        for (size_t i = 0; i < kPerGroup; ++i) {
          loan->Adopt(i, sessions.Egress(loan->tag() * kPerGroup + i, 1)[0]);
        }
        pool.Return(loan);
      } else if (random() % 2 == 0) {
        ours = pool.TakeBack();
      } else if (!pool.WaitUntil(steady_clock::now() + std::chrono::microseconds(random() % 100))) {
        ours = pool.TakeAway();
      }
      if (ours) SealForAll(*frames.back(), sessions.Egress(*ours * kPerGroup, kPerGroup));
    }
  }
  sessions.ExpectReceived(frames);
}

// In a process of its own, whose user (root knows no such limit) may have no more threads.
TEST(SealPool, ThreadsThatCannotBeHadAreSaid) {
  Sessions sessions(1);
  const wire::FramePtr frame = FrameOf(10, 1);
  const auto in_child = [&] {
    SealPool pool(2);
    const rlimit none{0, 0};
    if (getuid() == 0 && setuid(65534) != 0) _exit(2);
    if (setrlimit(RLIMIT_NPROC, &none) != 0) _exit(3);
    const bool lent = pool.Lend(frame, sessions.Egress(0, 1), 0);
    _exit(!lent && pool.threads() == 0 && pool.lent() == 0 && !pool.wants() ? 0 : 1);
  };
  EXPECT_EXIT(in_child(), ::testing::ExitedWithCode(0),
              "event=no_seal_thread error=\"Resource temporarily unavailable\"");
}

}  // namespace
}  // namespace flblk::net
