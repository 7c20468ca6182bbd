// The small parts: rates, sets, penalties, freshness, caches and memories.
#include <gtest/gtest.h>

#include "p2p/core/authorization_cache.h"
#include "p2p/core/frame_memory.h"
#include "p2p/core/freshness.h"
#include "p2p/core/marker_memory.h"
#include "p2p/core/peer_set.h"
#include "p2p/core/penalties.h"
#include "p2p/core/sign_once_memory.h"
#include "p2p/core/token_bucket.h"

namespace flblk::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

MonoTime At(Duration d) { return MonoTime{} + d; }

TEST(TokenBucket, BurstThenRate) {
  TokenBucket bucket(3, seconds(1));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.Take(At(seconds(0))));
  EXPECT_FALSE(bucket.Take(At(seconds(0))));
  EXPECT_FALSE(bucket.Take(At(milliseconds(999))));
  EXPECT_TRUE(bucket.Take(At(seconds(1))));
  EXPECT_FALSE(bucket.Take(At(seconds(1))));
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(bucket.Take(At(seconds(100))));  // never more than the burst
  EXPECT_FALSE(bucket.Take(At(seconds(100))));
}

TEST(SlidingLimit, NeverMoreInAnyWindow) {
  SlidingLimit<9> limit{seconds(30)};
  std::vector<Duration> taken;
  for (int ms = 0; ms < 200'000; ms += 100) {
    if (limit.Take(At(milliseconds(ms)))) taken.push_back(milliseconds(ms));
  }
  EXPECT_GT(taken.size(), 50u);
  for (size_t i = 9; i < taken.size(); ++i) EXPECT_GT(taken[i] - taken[i - 9], seconds(30));
}

TEST(PeerSet, AddRemoveBeyondTheInlinePart) {
  PeerSet set;
  for (size_t n : {0u, 63u, 64u, 700u}) {
    EXPECT_FALSE(set.Has(n));
    set.Add(n);
    EXPECT_TRUE(set.Has(n));
  }
  set.Remove(64);
  set.Remove(5000);
  EXPECT_FALSE(set.Has(64));
  EXPECT_TRUE(set.Has(700));
}

TEST(Penalties, LimitFadeAndTrust) {
  PenaltyScore score;
  for (int i = 0; i < 3; ++i)
    EXPECT_FALSE(score.Charge(Offence::kMalformed, false, At(seconds(0))));
  EXPECT_EQ(score.Now(At(seconds(5))), 70);
  EXPECT_EQ(score.Now(At(seconds(500))), 0);
  EXPECT_TRUE(score.Charge(Offence::kMalformed, false, At(seconds(0))));
  PenaltyScore trusted;
  for (int i = 0; i < 33; ++i)
    EXPECT_FALSE(trusted.Charge(Offence::kMalformed, true, At(seconds(0))));
  EXPECT_TRUE(trusted.Charge(Offence::kMalformed, true, At(seconds(0))));
  PenaltyScore clean;
  EXPECT_FALSE(clean.Charge(Offence::kEquivocation, true, At(seconds(0))));
  EXPECT_EQ(clean.Now(At(seconds(0))), 0);
}

TEST(Freshness, GraceAndFuture) {
  Freshness f;
  using V = Freshness::Verdict;
  EXPECT_EQ(f.Check(1, 1'000'000), V::kFresh);  // nothing newer known: a chain may be catching up
  EXPECT_EQ(f.Check(999'940, 1'000'000, Freshness::From::kStranger), V::kFresh);
  EXPECT_EQ(f.Check(999'939, 1'000'000, Freshness::From::kStranger), V::kOld);
  f.Vouch(900'000);  // the chain catches up: around there, not everything
  EXPECT_EQ(f.Check(900'060, 1'000'000, Freshness::From::kStranger), V::kFresh);
  EXPECT_EQ(f.Check(900'061, 1'000'000, Freshness::From::kStranger), V::kOld);
  EXPECT_EQ(f.Check(1'000'012, 1'000'000), V::kFresh);
  EXPECT_EQ(f.Check(1'000'013, 1'000'000), V::kFuture);
  EXPECT_EQ(f.Check(UINT64_MAX, 1'000'000), V::kFuture);
  EXPECT_EQ(f.Check(13, -5), V::kFuture);
  f.Raise(1'000'000, 1'000'000);
  f.Raise(5, 1'000'000);  // never back
  EXPECT_EQ(f.Check(999'990, 1'000'000), V::kFresh);
  EXPECT_EQ(f.Check(999'989, 1'000'000), V::kStale);
}

TEST(Freshness, WhatOthersMayHoldForStaleIsNotRelayed) {
  Freshness f;
  using enum Freshness::From;
  const int64_t start = 1'000'000;
  const auto slot = static_cast<uint64_t>(start);
  f.Raise(slot - 20, start);
  EXPECT_FALSE(f.MayRelay(slot - 11, start, kStranger));
  EXPECT_TRUE(f.MayRelay(slot - 10, start, kStranger));
  EXPECT_TRUE(f.MayRelay(slot - 11, start, kNamed));
  f.Raise(slot + 20, start + 40);
  EXPECT_FALSE(f.MayRelay(slot + 20, start + 59, kStranger));
  EXPECT_TRUE(f.MayRelay(slot + 20, start + 60, kStranger));  // the chain is behind, and we with it
  f.Raise(slot + 60, start + 101);                            // after a silence: as at the start
  EXPECT_FALSE(f.MayRelay(slot + 60, start + 101, kStranger));
  f.Vouch(slot);
  EXPECT_TRUE(f.MayRelay(slot + 60, start + 101, kStranger));
}

struct ScriptedVerifier final : Verifier {
  bool AuthorizationValid(const Authorization&) override {
    ++asked;
    return valid;
  }
  bool ActorValid(const PublicKey&, const Hash32&, const Signature&) override { return true; }
  int asked = 0;
  bool valid = true;
};

TEST(AuthorizationCache, AsksOncePerValidValue) {
  AuthorizationCache cache;
  ScriptedVerifier verifier;
  Authorization a;
  a.timestamp = 1;
  verifier.valid = false;
  EXPECT_FALSE(cache.Valid(a, verifier));
  EXPECT_FALSE(cache.Valid(a, verifier));
  EXPECT_EQ(verifier.asked, 2);  // a bad one is never kept
  verifier.valid = true;
  EXPECT_TRUE(cache.Valid(a, verifier));
  EXPECT_TRUE(cache.Valid(a, verifier));
  EXPECT_EQ(verifier.asked, 3);
  Authorization b = a;
  b.authorizer_sig.bytes[0] = 1;  // every field counts
  verifier.valid = false;
  EXPECT_FALSE(cache.Valid(b, verifier));
  EXPECT_TRUE(cache.Valid(a, verifier));
  verifier.valid = true;
  for (uint64_t i = 0; i < 16; ++i) {
    b.timestamp = 10 + i;
    EXPECT_TRUE(cache.Valid(b, verifier));
  }
  const int before = verifier.asked;
  EXPECT_TRUE(cache.Valid(a, verifier));  // made room
  EXPECT_EQ(verifier.asked, before + 1);
}

TEST(AuthorizationCache, ADefaultValueIsNotKnownFromTheStart) {
  AuthorizationCache cache;
  ScriptedVerifier verifier;
  verifier.valid = false;
  EXPECT_FALSE(cache.Valid(Authorization{}, verifier));
}

TEST(AuthorizationCache, NamesTheBuilderOfTheLastValidOne) {
  AuthorizationCache cache;
  ScriptedVerifier verifier;
  EXPECT_EQ(cache.last_builder(), nullptr);
  Authorization a, b;
  a.builder_vk.bytes[0] = 1;
  b.builder_vk.bytes[0] = 2;
  for (const Authorization& each : {a, b, a}) {
    ASSERT_TRUE(cache.Valid(each, verifier));
    EXPECT_EQ(*cache.last_builder(), each.builder_vk);
  }
  verifier.valid = false;
  b.timestamp = 1;
  EXPECT_FALSE(cache.Valid(b, verifier));
  EXPECT_EQ(*cache.last_builder(), a.builder_vk);
}

FrameKey KeyOf(uint64_t index) { return {PublicKey{}, 10, PayloadId{3}, index}; }
Signature Sig(uint8_t n) {
  Signature sig;
  sig.bytes.fill(n);
  return sig;
}

TEST(FrameMemory, FindsByEveryPartOfTheKey) {
  FrameMemory memory;
  memory.Insert(KeyOf(1), Sig(1), At(seconds(0))).have.Add(3);
  ASSERT_NE(memory.Find(KeyOf(1)), nullptr);
  EXPECT_TRUE(memory.Find(KeyOf(1))->HasSignature(Sig(1)));
  EXPECT_FALSE(memory.Find(KeyOf(1))->HasSignature(Sig(2)));
  FrameKey other = KeyOf(1);
  other.slot = 11;
  EXPECT_EQ(memory.Find(other), nullptr);
  other = KeyOf(1);
  other.builder.bytes[31] = 1;
  EXPECT_EQ(memory.Find(other), nullptr);
  other = KeyOf(1);
  other.payload_id[0] = 4;
  EXPECT_EQ(memory.Find(other), nullptr);
  memory.ForgetPeer(3);
  EXPECT_FALSE(memory.Find(KeyOf(1))->have.Has(3));
}

TEST(FrameMemory, IsBoundedByTimeNotByTraffic) {
  FrameMemory memory;
  for (uint64_t i = 0; i < 2000; ++i) memory.Insert(KeyOf(i), Sig(1), At(milliseconds(10 * i)));
  EXPECT_EQ(memory.size(), 2000u);
  memory.Insert(KeyOf(5000), Sig(1), At(FrameMemory::kRetention + milliseconds(1)));
  EXPECT_EQ(memory.Find(KeyOf(0)), nullptr);
  EXPECT_NE(memory.Find(KeyOf(1)), nullptr);
  EXPECT_EQ(memory.size(), 2000u);
}

TEST(FrameMemory, AKeyThatCameAgainOutlivesItsFirstCopy) {
  FrameMemory memory;
  memory.Insert(KeyOf(1), Sig(1), At(seconds(0)));
  memory.Insert(KeyOf(1), Sig(1), At(seconds(20)));
  memory.Expire(At(seconds(31)));
  EXPECT_EQ(memory.size(), 1u);
  EXPECT_NE(memory.Find(KeyOf(1)), nullptr);
  memory.Expire(At(seconds(51)));
  EXPECT_EQ(memory.Find(KeyOf(1)), nullptr);
}

TEST(FrameMemory, CapacityDropsTheOldest) {
  FrameMemory memory;
  for (uint64_t i = 0; i <= FrameMemory::kCapacity; ++i)
    memory.Insert(KeyOf(i), Sig(1), MonoTime{});
  EXPECT_EQ(memory.size(), FrameMemory::kCapacity);
  EXPECT_EQ(memory.Find(KeyOf(0)), nullptr);
}

TEST(FrameMemory, TakeOlderThanVisitsEachOnce) {
  FrameMemory memory;
  for (uint64_t i = 0; i < 3; ++i) memory.Insert(KeyOf(i), Sig(1), At(seconds(i)));
  std::vector<uint64_t> visited;
  const auto visit = [&](const SeenFrame& frame) { visited.push_back(frame.key.index); };
  memory.TakeOlderThan(seconds(1), At(milliseconds(2500)), visit);
  EXPECT_EQ(visited, (std::vector<uint64_t>{0, 1}));
  EXPECT_EQ(memory.NextFirstCopy(), At(seconds(2)));
  memory.TakeOlderThan(seconds(1), At(seconds(3)), visit);
  EXPECT_EQ(visited.size(), 3u);
  EXPECT_EQ(memory.NextFirstCopy(), std::nullopt);
}

TEST(FrameMemory, ACopyIsIndependent) {
  FrameMemory memory;
  memory.Insert(KeyOf(1), Sig(1), MonoTime{});
  FrameMemory copy = memory;
  copy.Find(KeyOf(1))->accepted = true;
  copy.Insert(KeyOf(2), Sig(1), MonoTime{});
  EXPECT_FALSE(memory.Find(KeyOf(1))->accepted);
  EXPECT_EQ(memory.Find(KeyOf(2)), nullptr);
}

TEST(MarkerMemory, KnowsSameAndOtherBytes) {
  MarkerMemory memory;
  using K = MarkerMemory::Known;
  const auto start = wire::MessageKind::kStartPublish, stop = wire::MessageKind::kStopPublish;
  Authorization a;
  a.timestamp = 10;
  EXPECT_EQ(memory.Check(start, a, Sig(1)), K::kNew);
  memory.Insert(start, a, Sig(1));
  EXPECT_EQ(memory.Check(start, a, Sig(1)), K::kSame);
  EXPECT_EQ(memory.Check(start, a, Sig(2)), K::kOtherBytes);
  EXPECT_EQ(memory.Check(stop, a, Sig(1)), K::kNew);
  Authorization b = a;
  b.payload_id[1] = 1;
  EXPECT_EQ(memory.Check(start, b, Sig(1)), K::kOtherBytes);
  b.timestamp = 12;
  EXPECT_EQ(memory.Check(start, b, Sig(1)), K::kNew);
  for (uint64_t i = 0; i < 300; ++i) {
    b.timestamp = 100 + i;
    memory.Insert(stop, b, Sig(1));
  }
  EXPECT_EQ(memory.size(), MarkerMemory::kCapacity);
  EXPECT_EQ(memory.Check(start, a, Sig(1)), K::kNew);  // made room
}

TEST(SignOnceMemory, SecondContentIsRefused) {
  SignOnceMemory claims;
  EXPECT_TRUE(claims.Claim(10, PayloadId{3, 1}, 0, Hash32{1}).ok());
  EXPECT_TRUE(claims.Claim(10, PayloadId{3, 1}, 0, Hash32{1}).ok());
  EXPECT_TRUE(claims.Claim(10, PayloadId{3, 1}, 1, Hash32{2}).ok());
  EXPECT_TRUE(claims.Claim(10, PayloadId{3, 2}, 0, Hash32{2}).ok());
  EXPECT_EQ(claims.Claim(10, PayloadId{3, 1}, 0, Hash32{2}).code(),
            absl::StatusCode::kAlreadyExists);
}

TEST(SignOnceMemory, OldestSlotMakesRoom) {
  SignOnceMemory claims;
  EXPECT_TRUE(claims.Claim(5, PayloadId{9}, 0, Hash32{1}).ok());
  for (uint64_t i = 0; i < SignOnceMemory::kCapacity - 1; ++i) {
    EXPECT_TRUE(claims.Claim(10, PayloadId{3}, i, Hash32{1}).ok());
  }
  EXPECT_FALSE(claims.Claim(5, PayloadId{9}, 0, Hash32{2}).ok());
  EXPECT_TRUE(claims.Claim(11, PayloadId{4}, 0, Hash32{1}).ok());
  EXPECT_TRUE(claims.Claim(5, PayloadId{9}, 0, Hash32{2}).ok());  // forgotten
  EXPECT_FALSE(claims.Claim(10, PayloadId{3}, 1, Hash32{2}).ok());
}

}  // namespace
}  // namespace flblk::core
