// Any split of the input gives the same events and the same output; and what a session holds in
// memory.
#include <gtest/gtest.h>
#include <malloc.h>

#include <random>

#include "p2p/rlpx/testing/sessions.h"

#if defined(__SANITIZE_ADDRESS__)
extern "C" size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace flblk::rlpx {
namespace {

using std::chrono::seconds;
using testing::At;
using testing::MakeFrame;
using testing::Pair;
using testing::Side;
using testing::Split;
using wire::MessageId;

std::string Describe(const SessionEvent& event) {
  if (const auto* e = std::get_if<Established>(&event)) {
    return "established " + ToHex(e->node_id) + " " + e->client_id;
  }
  if (const auto* e = std::get_if<MessageReceived>(&event)) {
    return "message " + std::to_string(static_cast<int>(e->frame->id)) + " " +
           ToHex(e->frame->body) + " " + ToHex(e->frame->snappy);
  }
  if (const auto* e = std::get_if<EthReady>(&event)) {
    return "eth " + std::to_string(e->network_id);
  }
  return "closed " + std::get<Closed>(event).why;
}

// A whole life: handshake, Status, messages both ways, a Ping, the end.
struct Story {
  std::vector<std::string> events;
  Bytes sent;
};
Story Live(const Split& split) {
  SessionConfig config;
  config.eth.network_id = 480;
  config.eth.genesis = Hash32{7};
  Pair pair(config);
  auto timers = [&](Duration at) {
    pair.a.session.OnTimer(At(at), pair.a.events);
    pair.b.session.OnTimer(At(at), pair.b.events);
    pair.Run(at, split);
  };
  pair.Run({}, split);
  timers(seconds(1));
  for (size_t size : {0, 1, 300, 2500}) {
    Bytes body(size);
    for (size_t i = 0; i < size; ++i) body[i] = static_cast<uint8_t>(i * i >> 3);
    const auto id = size == 0 ? MessageId::kAcceptFlashblocks : MessageId::kAuthorized;
    EXPECT_TRUE(pair.a.session.Send(*MakeFrame(id, body)).ok());
    EXPECT_TRUE(pair.b.session.Send(*MakeFrame(id, body)).ok());
  }
  pair.Run(seconds(2), split);
  timers(seconds(15));
  pair.b.session.Disconnect(DisconnectReason::kRequested, "bye", At(seconds(16)), pair.b.events);
  pair.Run(seconds(16), split);
  Story story;
  for (const Side* side : {&pair.a, &pair.b}) {
    for (const SessionEvent& e : side->events) story.events.push_back(Describe(e));
    story.sent.insert(story.sent.end(), side->sent.begin(), side->sent.end());
  }
  return story;
}

TEST(SessionSplit, EverySizeGivesTheSameStory) {
  const Story whole = Live(testing::Whole());
  ASSERT_EQ(whole.events.size(), 14u);  // both: established, eth, 4 messages, closed
  for (size_t step = 1; step < 700; step = step < 70 ? step + 1 : step + 37) {
    const Story story = Live([step](size_t) { return step; });
    ASSERT_EQ(story.events, whole.events) << step;
    ASSERT_EQ(story.sent, whole.sent) << step;
  }
}

TEST(SessionSplit, RandomSplitsGiveTheSameStory) {
  const Story whole = Live(testing::Whole());
  std::mt19937_64 random(99);
  for (int i = 0; i < 50; ++i) {
    const Story story = Live([&](size_t) { return random() % (size_t{1} << random() % 12) + 1; });
    ASSERT_EQ(story.events, whole.events) << i;
    ASSERT_EQ(story.sent, whole.sent) << i;
  }
}

// Several sessions with the same past are given the same bytes in the same pieces: the MACs of some
// absorb together beforehand. One of them gets a wrong byte.
TEST(SessionSplit, MacsThatAbsorbTogetherGiveTheSameEvents) {
  constexpr size_t kSessions = 5;
  std::mt19937_64 random(7);
  for (int round = 0; round < 60; ++round) {
    std::vector<Pair> together(kSessions), alone(kSessions);
    std::vector<Bytes> wires;
    for (size_t i = 0; i < kSessions; ++i) {
      for (Pair* pair : {&together[i], &alone[i]}) {
        pair->Run();
        pair->b.events.clear();
      }
      for (int k = 0; k < 3; ++k) {
        const Bytes body(random() % (size_t{1} << random() % 16), static_cast<uint8_t>(i));
        ASSERT_TRUE(together[i].a.session.Send(*MakeFrame(MessageId::kAuthorized, body)).ok());
      }
      const ByteView out = together[i].a.session.PendingOutput();
      wires.emplace_back(out.begin(), out.end());
    }
    Bytes& bad = wires[static_cast<size_t>(round) % kSessions];
    bad[random() % bad.size()] ^= 1;
    std::array<size_t, kSessions> at{};
    for (bool more = true; more;) {
      more = false;
      std::vector<KeccakJob> jobs;
      std::array<ByteView, kSessions> reads;
      for (size_t i = 0; i < kSessions; ++i) {
        reads[i] = ByteView(wires[i]).subspan(at[i]);
        reads[i] = reads[i].first(std::min<size_t>(reads[i].size(), random() % 9000));
        at[i] += reads[i].size();
        more |= at[i] < wires[i].size();
        if (random() % 5 == 0) continue;
        const KeccakJob job = together[i].b.session.TakeAhead(reads[i]);
        if (job.state != nullptr) jobs.push_back(job);
      }
      AbsorbAll(jobs);
      for (size_t i = 0; i < kSessions; ++i) {
        together[i].b.session.OnBytes(reads[i], At({}), together[i].b.events);
        alone[i].b.session.OnBytes(reads[i], At({}), alone[i].b.events);
      }
    }
    for (size_t i = 0; i < kSessions; ++i) {
      ASSERT_EQ(together[i].b.events.size(), alone[i].b.events.size());
      for (size_t k = 0; k < alone[i].b.events.size(); ++k) {
        ASSERT_EQ(Describe(together[i].b.events[k]), Describe(alone[i].b.events[k]));
      }
      ASSERT_EQ(together[i].b.session.closed(), i == static_cast<size_t>(round) % kSessions);
    }
  }
}

size_t HeapInUse() {
#if defined(__SANITIZE_ADDRESS__)
  return __sanitizer_get_current_allocated_bytes();
#else
  return mallinfo2().uordblks + mallinfo2().hblkhd;
#endif
}

TEST(SessionMemory, AnIdleSessionHoldsLittle) {
  constexpr size_t kPairs = 50;
  {
    Pair warm_up;
    warm_up.Run();
  }
  std::vector<Pair> pairs;
  pairs.reserve(kPairs);
  const size_t before = HeapInUse();
  const auto frame = MakeFrame(MessageId::kAuthorized, Bytes(200000, 1));
  for (size_t i = 0; i < kPairs; ++i) {
    Pair& pair = pairs.emplace_back();
    pair.Run();
    ASSERT_TRUE(pair.a.session.Send(*frame).ok());
    pair.Run();
    for (int s : {15, 30, 44}) {
      pair.a.session.OnTimer(At(seconds(s)), pair.a.events);
      pair.b.session.OnTimer(At(seconds(s)), pair.b.events);
      pair.Run(seconds(s));
    }
    for (Side* side : {&pair.a, &pair.b}) {
      side->events = std::vector<SessionEvent>();
      side->sent = Bytes();
    }
  }
  const size_t each = (HeapInUse() - before) / (2 * kPairs);
  EXPECT_LT(each, size_t{16} << 10);
  EXPECT_GT(each, size_t{500});  // the measure works
  RecordProperty("bytes_per_idle_session", static_cast<int>(each));
}

}  // namespace
}  // namespace flblk::rlpx
