// Random schedules over whole engines: authorizations, flashblocks, links that come and go,
// crashes. After each: the invariants the mesh checks, nobody honest was charged anything, and once
// all is calm the block reaches everyone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "p2p/core/testing/mesh.h"

namespace flblk::core {
namespace {

using std::chrono::milliseconds;
using testing::Mesh;

constexpr int kBuilders = 3, kNodes = 7;
constexpr uint64_t kCalmSlot = 6;

class Schedule {
 public:
  // `feeds`: how many feed a node; 0: chance decides. `replicate`: replicate_before_publish.
  explicit Schedule(uint64_t seed, uint32_t feeds = 0, uint32_t replicate = 0) : random_(seed) {
    EngineConfig config;
    if (random_() % 2 == 0) config.takeover_after = milliseconds(300 + random_() % 500);
    config.max_receive_peers = 1 + random_() % 3;
    if (feeds != 0) config.max_receive_peers = feeds;
    config.replicate_before_publish = replicate;
    for (int i = 0; i < kNodes; ++i) mesh_.Add(i < kBuilders ? 21 + i : 0, config);
    for (int a = 0; a < kNodes; ++a) {
      for (int b = a + 1; b < kNodes; ++b) {
        const bool builders = b < kBuilders;
        if (builders || random_() % 2 == 0 || b == a + 1) Link(a, b, builders);
      }
    }
    mesh_.Run(milliseconds(500));
  }

  void Run() {
    for (uint64_t slot = 0; slot < kCalmSlot; ++slot) Slot(slot, slot + 1 < kCalmSlot);
    Slot(kCalmSlot, false);
  }
  Mesh& mesh() { return mesh_; }

 private:
  bool Chance(int percent) { return static_cast<int>(random_() % 100) < percent; }
  void Link(int a, int b, bool trusted) {
    links_.push_back(
        {a, b, trusted,
         mesh_.Connect(a, b, trusted, Chance(20) ? 1 : 2, milliseconds(1 + random_() % 60))});
  }
  void Slot(uint64_t slot, bool faults) {
    if (!faults) Mend();
    // The first calm slot may be lost to waiting for a crashed rival, the next one not (I5).
    if (slot < kCalmSlot) chosen_ = static_cast<int>(random_() % kBuilders);
    for (int i = 0; i < kBuilders; ++i) {
      if (i == chosen_) {
        mesh_.Fcu(i, slot).IgnoreError();
      } else {
        mesh_.NoAuth(i, slot).IgnoreError();
      }
      if (Chance(30)) mesh_.Run(milliseconds(random_() % 40));
    }
    for (int step = 0; step < 9; ++step) {
      mesh_.Run(milliseconds(200));
      for (int i = 0; i < kBuilders; ++i) mesh_.PublishNext(i, slot).IgnoreError();
      if (!faults) continue;
      if (Chance(15)) mesh_.Fcu(static_cast<int>(random_() % kBuilders), slot).IgnoreError();
      if (Chance(10)) Flap();
      if (Chance(5)) CrashAndRestart();
    }
    mesh_.Run(milliseconds(200));
  }
  void Flap() {
    auto& link = links_[random_() % links_.size()];
    if (mesh_.IsUp(link.session)) {
      mesh_.Disconnect(link.session);
    } else {
      link.session = mesh_.Connect(link.a, link.b, link.trusted);
    }
  }
  void CrashAndRestart() {
    const int node = static_cast<int>(random_() % kNodes);
    mesh_.Crash(node);
    mesh_.Run(milliseconds(random_() % 300));
    mesh_.Restart(node);
    Mend();
  }
  void Mend() {
    for (auto& link : links_) {
      if (!mesh_.IsUp(link.session)) link.session = mesh_.Connect(link.a, link.b, link.trusted);
    }
  }

  struct Edge {
    int a, b;
    bool trusted;
    SessionId session;
  };
  std::mt19937_64 random_;
  Mesh mesh_;
  std::vector<Edge> links_;
  int chosen_ = 0;
};

void Check(Schedule schedule) {
  schedule.Run();
  Mesh& mesh = schedule.mesh();
  EXPECT_THAT(mesh.violations(), ::testing::IsEmpty());
  const std::string whole = mesh[0].Sequence(kCalmSlot);
  EXPECT_FALSE(whole.empty());
  for (int i = 0; i < kNodes; ++i) {
    EXPECT_EQ(mesh[i].Sequence(kCalmSlot), whole) << "node " << i;
    for (const Penalise& p : mesh[i].penalties) {
      ADD_FAILURE() << "node " << i << " charged " << Name(p.offence) << ": " << p.why;
    }
    for (const EquivocationFound& e : mesh[i].evidence) {
      EXPECT_EQ(e.kind, Evidence::kTwoBuilders) << "an honest builder equivocated";
    }
  }
}

TEST(EngineRandom, InvariantsHoldAndNobodyHonestIsCharged) {
  for (uint64_t seed = 1; seed <= 60 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Check(Schedule(seed));
  }
}

// With one feed each, those who feed one another must find out of their circle. 1160: a builder
// resumed where all had turned to its rival.
TEST(EngineRandom, OneFeedIsEnough) {
  for (uint64_t seed = 1156; seed <= 1163 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Check(Schedule(seed, 1));
  }
}

TEST(EngineRandom, TheSameWithReplicateBeforePublish) {
  for (uint64_t seed = 1; seed <= 16 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Check(Schedule(seed, 0, 1 + seed % 2));
  }
}

}  // namespace
}  // namespace flblk::core
