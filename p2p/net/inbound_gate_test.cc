#include "p2p/net/inbound_gate.h"

#include "gtest/gtest.h"

namespace flblk::net {
namespace {

using std::chrono::milliseconds;
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

// Each one is over before the next comes, so only the rate can stop it.
bool ComesAndGoes(InboundGate& gate, const std::string& address, Duration at) {
  static uint64_t id = 0;
  const bool admitted = gate.Admit(++id, address, At(at)).admit;
  gate.Release(id);
  return admitted;
}

TEST(InboundGateTest, OneAddressMayNotComeTooFast) {
  InboundGate gate(50);
  uint32_t admitted = 0;
  for (int i = 0; i < 20; ++i) admitted += ComesAndGoes(gate, "a", milliseconds(50 * i));
  EXPECT_EQ(admitted, AddressRate::kBurst);
  EXPECT_TRUE(ComesAndGoes(gate, "b", seconds(1)));
  EXPECT_TRUE(ComesAndGoes(gate, "a", AddressRate::kRefill));
  EXPECT_FALSE(ComesAndGoes(gate, "a", AddressRate::kRefill));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(ComesAndGoes(gate, "", seconds(2)));
}

TEST(InboundGateTest, ManyAddressesTogetherMayNotComeTooFast) {
  InboundGate gate(50);
  uint32_t admitted = 0;
  for (int i = 0; i < 1000; ++i) admitted += ComesAndGoes(gate, std::to_string(i), seconds(0));
  EXPECT_EQ(admitted, AddressRate::kBurstOfAll);
  EXPECT_TRUE(ComesAndGoes(gate, "", seconds(0)));
  EXPECT_TRUE(ComesAndGoes(gate, "late", AddressRate::kRefillOfAll));
}

TEST(AddressRateTest, ForgetsAddressesThatStayAway) {
  AddressRate rate;
  for (int ms = 0; ms < 100'000; ms += 20) rate.Take(std::to_string(ms), At(milliseconds(ms)));
  EXPECT_LE(rate.size(), 1800u);
  EXPECT_TRUE(rate.Take("last", At(seconds(200))));
  EXPECT_EQ(rate.size(), 1u);
}

TEST(InboundGateTest, NoPlacesAtAll) {
  InboundGate gate(0);
  EXPECT_FALSE(gate.Admit(1, "a", At(seconds(0))).admit);
}

}  // namespace
}  // namespace flblk::net
