#include "p2p/net/fan_out.h"

#include <array>

#include "gtest/gtest.h"

namespace flblk::net {
namespace {

using rlpx::Role;
using rlpx::Session;

constexpr Now kNow{.mono = {1'000'000'000}, .unix_ns = 1'700'000'000'000'000'000};

Session Make(Role role, const rlpx::NodeKey& key, std::optional<NodeId> remote, uint8_t seed) {
  rlpx::SessionConfig config;
  config.role = role;
  config.key = &key;
  config.remote = remote;
  std::array<uint8_t, 32> entropy;
  entropy.fill(seed);
  return Session(config, entropy, kNow);
}

// An established initiator; its output has been taken. The same seed gives the same state.
Session Established(const rlpx::NodeKey& ours, const rlpx::NodeKey& theirs, uint8_t seed) {
  Session a = Make(Role::kInitiator, ours, theirs.id(), seed);
  Session b = Make(Role::kRecipient, theirs, std::nullopt, static_cast<uint8_t>(seed + 100));
  std::vector<rlpx::SessionEvent> events;
  for (int round = 0; round < 6; ++round) {
    for (auto [from, to] : {std::pair(&a, &b), std::pair(&b, &a)}) {
      const ByteView out = from->PendingOutput();
      const Bytes bytes(out.begin(), out.end());
      from->ConsumeOutput(bytes.size());
      to->OnBytes(bytes, kNow, events);
    }
  }
  EXPECT_NE(a.egress().sealer, nullptr);
  return a;
}

class FanOutTest : public ::testing::Test {
 protected:
  static rlpx::NodeKey Key(uint8_t seed) {
    std::array<uint8_t, 32> secret;
    secret.fill(seed);
    return *rlpx::NodeKey::FromSecret(secret);
  }
  const rlpx::NodeKey ours_ = Key(3);
  const rlpx::NodeKey theirs_ = Key(4);
};

wire::Frame FrameOf(size_t size) {
  wire::Frame frame;
  frame.snappy.resize(size);
  for (size_t i = 0; i < size; ++i) frame.snappy[i] = static_cast<uint8_t>(i * 31 + size);
  return frame;
}

TEST_F(FanOutTest, WritesWhatSendWrites) {
  for (const size_t receivers : {1u, 2u, 7u, 8u}) {
    std::vector<Session> alone, together;
    for (size_t i = 0; i < receivers; ++i) {
      alone.push_back(Established(ours_, theirs_, static_cast<uint8_t>(i + 1)));
      together.push_back(Established(ours_, theirs_, static_cast<uint8_t>(i + 1)));
    }
    for (const size_t size : {1u, 14u, 15u, 16u, 136u, 1000u, 100'000u}) {
      const wire::Frame frame = FrameOf(size);
      std::vector<Session::Egress> egress;
      for (size_t i = 0; i < receivers; ++i) {
        ASSERT_TRUE(alone[i].Send(frame).ok());
        egress.push_back(together[i].egress());
        ASSERT_TRUE(CanSeal(frame, egress.back()));
      }
      SealForAll(frame, egress);
    }
    for (size_t i = 0; i < receivers; ++i) {
      const ByteView a = alone[i].PendingOutput(), b = together[i].PendingOutput();
      EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end())) << i << " of " << receivers;
      EXPECT_GT(a.size(), 100'000u);
    }
  }
}

TEST_F(FanOutTest, KnowsWhatSendWouldRefuse) {
  Session session = Established(ours_, theirs_, 1);
  const Session::Egress egress = session.egress();
  EXPECT_TRUE(CanSeal(FrameOf(1), egress));
  EXPECT_FALSE(CanSeal(FrameOf(0), egress));
  EXPECT_FALSE(CanSeal(FrameOf((size_t{1} << 24) - 1), egress));
  EXPECT_FALSE(CanSeal(FrameOf(1), {}));
  Session::Egress version1 = egress;
  version1.flblk_length = 1;
  wire::Frame control = FrameOf(1);
  control.id = wire::MessageId::kRequestFlashblocks;
  EXPECT_TRUE(CanSeal(control, egress));
  EXPECT_FALSE(CanSeal(control, version1));
}

}  // namespace
}  // namespace flblk::net
