#include "plugin/reconfigure.h"

#include <gmock/gmock.h>

#include "plugin/testing/fake_node.h"
#include "plugin/testing/samples.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ReconfigureTest : public testing::Test {
 protected:
  // `n`: which node; the address can change.
  static std::string Url(int n, int port = 1) {
    return Cat("enode://", std::string(127, '0'), n, "@127.0.0.1:", port);
  }
  static Config Read(const std::string& toml) {
    return *ConfigFromToml(
        Cat("authorizer_vk = \"", ToHex(TestKey(1).public_key().bytes), "\"\n", toml), "test");
  }
  PeerChanges Apply(const std::string& toml) { return ApplyPeers(Read(toml), running_, node_); }

  void SetUp() override { ASSERT_TRUE(node_.Start().ok()); }

  class Nobody final : public net::NodeObserver {
    void OnFlashblock(const core::FlashblockDelivered&) override {}
    void OnPublishing(const core::PublishingChanged&, Now) override {}
    void OnEquivocation(const core::EquivocationFound&) override {}
    void OnPeerUp(const net::PeerInfo&) override {}
    void OnPeerDown(const net::PeerInfo&, const std::string&) override {}
    void OnPenalty(const net::PeerInfo&, const core::Penalise&) override {}
  } nobody_;
  FakeNode node_{&nobody_};
  Config running_ = Read(Cat("trusted_peers = [\"", Url(1), "\"]\nstatic_nodes = [\"", Url(2),
                             "\", \"", Url(3), "\"]\n"));
};

TEST_F(ReconfigureTest, OnlyWhatChangedIsTouched) {
  const auto changes = Apply(Cat("trusted_peers = [\"", Url(1), "\", \"", Url(2), "\"]\n",
                                 "static_nodes = [\"", Url(4), "\"]\n"));
  EXPECT_THAT(changes.errors, IsEmpty());
  EXPECT_THAT(changes.lines,
              ElementsAre(Cat("msg=\"peer removed\" enode=", Url(3)),
                          Cat("msg=\"peer changed\" enode=", Url(2), " trusted=true"),
                          Cat("msg=\"peer added\" enode=", Url(4), " trusted=false")));
  EXPECT_THAT(node_.removed, ElementsAre(net::ParseEnode(Url(3))->id));
  EXPECT_THAT(node_.added, ElementsAre(*net::ParseEnode(Url(2)), *net::ParseEnode(Url(4))));
  EXPECT_EQ(running_.trusted_peers.size(), 2u);
}

TEST_F(ReconfigureTest, AnotherAddressIsDialled) {
  const auto changes = Apply(Cat("trusted_peers = [\"", Url(1, 2), "\"]\nstatic_nodes = [\"",
                                 Url(2), "\", \"", Url(3), "\"]\n"));
  EXPECT_THAT(changes.lines, ElementsAre(HasSubstr("peer changed")));
  EXPECT_THAT(node_.added, ElementsAre(*net::ParseEnode(Url(1, 2))));
  EXPECT_THAT(node_.removed, IsEmpty());
}

TEST_F(ReconfigureTest, WhatTheNodeRefusesIsSaid) {
  node_.peer_status = absl::UnavailableError("stopping");
  const auto changes =
      Apply(Cat("trusted_peers = [\"", Url(1), "\"]\nstatic_nodes = [\"", Url(2), "\"]\n"));
  EXPECT_THAT(changes.lines, IsEmpty());
  EXPECT_THAT(changes.errors,
              ElementsAre(Cat("msg=\"peer removed\" enode=", Url(3), " error=\"stopping\"")));
}

TEST_F(ReconfigureTest, WhatFailedIsTriedAgainTheNextTime) {
  const std::string wanted = Cat("trusted_peers = [\"", Url(1), "\", \"", Url(2),
                                 "\"]\nstatic_nodes = [\"", Url(4), "\"]\n");
  node_.peer_status = absl::ResourceExhaustedError("max_outbound_peers");
  EXPECT_EQ(Apply(wanted).errors.size(), 3u);  // 2 changed, 3 removed, 4 added
  node_.added.clear();
  node_.removed.clear();
  node_.peer_status = absl::OkStatus();
  EXPECT_THAT(Apply(wanted).errors, IsEmpty());
  EXPECT_THAT(node_.removed, ElementsAre(net::ParseEnode(Url(3))->id));
  EXPECT_THAT(node_.added, ElementsAre(*net::ParseEnode(Url(2)), *net::ParseEnode(Url(4))));
  EXPECT_THAT(Apply(wanted).lines, IsEmpty());
}

TEST_F(ReconfigureTest, APeerThatIsGoneAlreadyIsNoError) {
  node_.peer_status = absl::FailedPreconditionError("no peer has the node id");
  EXPECT_THAT(Apply("").errors, IsEmpty());
}

TEST_F(ReconfigureTest, OtherKeysNeedARestart) {
  EXPECT_THAT(KeysThatNeedARestart(running_, running_), IsEmpty());
  EXPECT_THAT(KeysThatNeedARestart(
                  running_, Read("port = 1\nlog_level = \"debug\"\nmetadata = \"world-chain\"\n")),
              ElementsAre("port", "metadata"));
}

}  // namespace
}  // namespace flblk::plugin
