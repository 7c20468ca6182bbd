#include "p2p/net/inbound_gate.h"

#include "gtest/gtest.h"

namespace flblk::net {
namespace {

using std::chrono::seconds;

MonoTime At(Duration t) { return MonoTime{t.count()}; }

TEST(InboundGateTest, OneAddressGetsAFewPlaces) {
  InboundGate gate(50);
  uint64_t id = 0;
  for (size_t i = 0; i < InboundGate::kMaxPerAddress; ++i) {
    EXPECT_TRUE(gate.Admit(++id, "a", At(seconds(0))).admit);
  }
  EXPECT_FALSE(gate.Admit(++id, "a", At(seconds(0))).admit);
  EXPECT_TRUE(gate.Admit(++id, "b", At(seconds(0))).admit);
  gate.Release(1);
  EXPECT_TRUE(gate.Admit(++id, "a", At(seconds(0))).admit);
}

TEST(InboundGateTest, AnEmptyAddressIsNotLimited) {
  InboundGate gate(50);
  for (uint64_t id = 1; id <= 50; ++id) EXPECT_TRUE(gate.Admit(id, "", At(seconds(0))).admit);
  EXPECT_FALSE(gate.Admit(51, "", At(seconds(0))).admit);
}

TEST(InboundGateTest, WhenFullTheOldestGivesWayAfterItsFairShare) {
  InboundGate gate(2);
  EXPECT_TRUE(gate.Admit(1, "a", At(seconds(0))).admit);
  EXPECT_TRUE(gate.Admit(2, "b", At(seconds(1))).admit);
  EXPECT_FALSE(gate.Admit(3, "c", At(seconds(2))).admit);
  const InboundGate::Verdict verdict = gate.Admit(4, "c", At(seconds(3)));
  EXPECT_TRUE(verdict.admit);
  EXPECT_EQ(verdict.evict, std::optional<uint64_t>(1));
  EXPECT_EQ(gate.pending(), 2u);
  gate.Release(1);  // late, harmless
  EXPECT_EQ(gate.pending(), 2u);
  EXPECT_FALSE(gate.Admit(5, "d", At(seconds(3))).admit) << "2 has had only two seconds";
}

TEST(InboundGateTest, NoPlacesAtAll) {
  InboundGate gate(0);
  EXPECT_FALSE(gate.Admit(1, "a", At(seconds(0))).admit);
}

}  // namespace
}  // namespace flblk::net
