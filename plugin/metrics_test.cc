#include "plugin/metrics.h"

#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "plugin/testing/samples.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

net::PeerInfo Peer(uint8_t id, bool trusted, uint64_t bytes) {
  net::PeerInfo peer;
  peer.node_id.fill(id);
  peer.trusted = trusted;
  peer.bytes_in = bytes;
  peer.bytes_out = 2 * bytes;
  peer.gossip.missed = 3;
  peer.gossip.receiving_from = true;
  peer.gossip.latency = std::chrono::milliseconds(4);
  return peer;
}

class MetricsTest : public testing::Test {
 protected:
  core::FlashblockDelivered Delivered(uint64_t index, bool own) {
    core::FlashblockDelivered out;
    out.authorization = authorization_;
    out.flashblock =
        std::make_shared<const wire::FlashblocksPayloadV1>(TestFlashblock(authorization_, index));
    auto frame = std::make_shared<wire::Frame>();
    frame->body.resize(500);
    out.frame = frame;
    out.own = own;
    return out;
  }

  template <typename T>
  absl::StatusOr<T> Answer(T of_now) {
    if (no_answer_) return absl::UnavailableError("the node is stopping");
    if (const auto act = std::exchange(while_asked_, nullptr)) act();
    return of_now;
  }

  bool no_answer_ = false;
  std::function<void()> while_asked_;  // once, after the node has given its answer
  const Authorization authorization_ = TestAuthorization(100);
  Hub hub_;
  std::vector<net::PeerInfo> peers_;
  net::NodeStats stats_;
  std::unique_ptr<Metrics> metrics_ = Metrics::Create({.hub = &hub_,
                                                       .peers = [this] { return Answer(peers_); },
                                                       .stats = [this] { return Answer(stats_); },
                                                       .subscribers = [] { return size_t{2}; }});
};

TEST_F(MetricsTest, CountsWhatHappens) {
  metrics_->OnFlashblock(Delivered(0, true), 1'000'000'000);
  metrics_->OnFlashblock(Delivered(1, false), 1'200'000'000);
  Transition transition;
  transition.change.from = core::PublishState::kWaiting;
  transition.change.to = core::PublishState::kPublishing;
  transition.change.cause = core::Cause::kRivalStopped;
  transition.change.in_previous_state = std::chrono::milliseconds(250);
  transition.change.missing = 2;
  metrics_->OnTransition(transition);
  EXPECT_THAT(metrics_->Scrape(), HasSubstr("flblk_transitions_total{cause=\"tie_break\"} 0"));
  transition.change.from = core::PublishState::kPublishing;
  transition.change.to = core::PublishState::kYielded;
  transition.change.cause = core::Cause::kYieldedToRival;
  metrics_->OnTransition(transition);
  metrics_->OnPenalty({}, {1, core::Offence::kBadSignature, ""});
  metrics_->OnEquivocation({}, 0);
  core::EquivocationFound conflict;
  conflict.kind = core::Evidence::kTwoBuilders;
  metrics_->OnEquivocation(conflict, 0);
  metrics_->OnVerdict(Verdict{.status = absl::OkStatus()}, std::chrono::microseconds(30));
  metrics_->OnVerdict(Verdict{.status = absl::OutOfRangeError("")}, std::chrono::microseconds(30));
  metrics_->OnForkchoice(absl::UnauthenticatedError(""));
  metrics_->OnLost();
  const std::string text = metrics_->Scrape();
  for (const char* line : {"reth_flashblocks_p2p_size_count 2",
                           "reth_flashblocks_p2p_size_sum 1000",
                           "reth_flashblocks_p2p_tx_count_sum 4",
                           "reth_flashblocks_p2p_gas_used_sum 63000",
                           "reth_flashblocks_p2p_interval_count 1",
                           "reth_flashblocks_p2p_interval_sum 0.2",
                           "flblk_flashblocks_total{source=\"own\"} 1",
                           "flblk_flashblocks_total{source=\"peer\"} 1",
                           "flblk_publish_state{state=\"yielded\"} 1",
                           "flblk_publish_state{state=\"idle\"} 0",
                           "flblk_transitions_total{cause=\"rival_stopped\"} 1",
                           "flblk_waiting_seconds_sum 0.25",
                           "flblk_penalties_total{offence=\"bad_signature\"} 1",
                           "flblk_signature_failures_total 1",
                           "flblk_transitions_total{cause=\"yielded_to_rival\"} 1",
                           "flblk_yielded_total 1",
                           "flblk_missing_flashblocks_total 2",
                           "flblk_waiting_seconds_count 1",
                           "flblk_equivocations_total{kind=\"two_flashblocks\"} 1",
                           "flblk_equivocations_total{kind=\"two_payloads\"} 0",
                           "flblk_equivocations_total{kind=\"two_builders\"} 1",
                           "flblk_conflicts_total 1",
                           "flblk_publish_total{code=\"OK\"} 1",
                           "flblk_publish_total{code=\"OUT_OF_RANGE\"} 1",
                           "flblk_publish_seconds_count 2",
                           "flblk_forkchoice_total{code=\"UNAUTHENTICATED\"} 1",
                           "flblk_event_overflows_total 1",
                           "flblk_subscribers 2",
                           "flblk_seconds_since_last_flashblock -1",
                           "flblk_build_info{version="}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST_F(MetricsTest, ReplicationShowsWaitAndResult) {
  for (const auto why : {core::LetGo::kConfirmed, core::LetGo::kConfirmed, core::LetGo::kFewer}) {
    core::FlashblockDelivered own = Delivered(0, true);
    own.replicated = core::Replicated{why, std::chrono::milliseconds(2)};
    metrics_->OnFlashblock(own, 1'000'000'000);
  }
  metrics_->OnFlashblock(Delivered(1, false), 1'000'000'000);
  const std::string text = metrics_->Scrape();
  for (const char* line : {"flblk_replicate_seconds_count 3", "flblk_replicate_seconds_sum 0.006",
                           "flblk_replicated_total{result=\"confirmed\"} 2",
                           "flblk_replicated_total{result=\"fewer_standbys\"} 1"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST_F(MetricsTest, TrustedPeersHaveTheirOwnLineTheOthersShareOne) {
  peers_ = {Peer(1, true, 100), Peer(2, false, 10), Peer(3, false, 5)};
  const std::string id = ToHex(peers_[0].node_id);
  const std::string text = metrics_->Scrape();
  EXPECT_THAT(text,
              HasSubstr(Cat("reth_flashblocks_p2p_bandwidth_inbound{peer_id=\"", id, "\"} 100")));
  EXPECT_THAT(text, HasSubstr("reth_flashblocks_p2p_bandwidth_inbound{peer_id=\"untrusted\"} 15"));
  EXPECT_THAT(text, HasSubstr("reth_flashblocks_p2p_bandwidth_outbound{peer_id=\"untrusted\"} 30"));
  EXPECT_THAT(text, HasSubstr("reth_flashblocks_p2p_missed_flashblocks{peer_id=\"untrusted\"} 6"));
  EXPECT_THAT(text,
              HasSubstr(Cat("reth_flashblocks_p2p_peer_score{peer_id=\"", id, "\"} 4000000")));
  EXPECT_THAT(text, Not(HasSubstr(ToHex(peers_[1].node_id))));
}

TEST_F(MetricsTest, LatencyIsObservedWhenAFlashblockComes) {
  const net::PeerInfo trusted = Peer(1, true, 0), stranger = Peer(2, false, 0);
  for (const int ms : {10, 10, 10}) metrics_->OnHeard(trusted, std::chrono::milliseconds(ms));
  metrics_->OnHeard(stranger, std::chrono::milliseconds(50));
  metrics_->Scrape();
  const std::string text = metrics_->Scrape();  // scraping adds nothing
  const std::string label = Cat("{peer_id=\"", ToHex(trusted.node_id), "\"");
  for (const std::string& line :
       {std::string("# TYPE reth_flashblocks_p2p_latency summary"),
        Cat("reth_flashblocks_p2p_latency_count", label, "} 3"),
        Cat("reth_flashblocks_p2p_latency_sum", label, "} 0.03"),
        Cat("reth_flashblocks_p2p_latency", label, ",quantile=\"0.95\"} 0.01"),
        std::string("reth_flashblocks_p2p_latency_count{peer_id=\"untrusted\"} 1")}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST_F(MetricsTest, ABlockThatBeginsBehindANewerOneIsAStaleEpoch) {
  const auto begin = [&](uint64_t block_number) {
    auto event = Delivered(0, false);
    auto flashblock = *event.flashblock;
    flashblock.base.emplace().block_number = block_number;
    event.flashblock = std::make_shared<const wire::FlashblocksPayloadV1>(flashblock);
    metrics_->OnFlashblock(event, 1);
  };
  const std::string name = "\nreth_flashblocks_p2p_event_stream_epochs_stale ";
  begin(7);
  begin(8);
  begin(8);  // the same height again: another payload for it
  EXPECT_THAT(metrics_->Scrape(), HasSubstr(name + "0\n"));
  begin(7);
  EXPECT_THAT(metrics_->Scrape(), HasSubstr(name + "1\n"));
}

TEST_F(MetricsTest, TheNodesOwnCountersAreShown) {
  stats_.engine.duplicates = 5;
  stats_.handshakes_failed = 6;
  stats_.bans = 7;
  const std::string text = metrics_->Scrape();
  EXPECT_THAT(text, HasSubstr("flblk_received_total{verdict=\"duplicate\"} 5"));
  EXPECT_THAT(text, HasSubstr("flblk_connections_failed_total{at=\"handshake\"} 6"));
  EXPECT_THAT(text, HasSubstr("flblk_bans_total 7"));
}

TEST_F(MetricsTest, CountersOfPeersNeverFall) {
  const std::string line = "reth_flashblocks_p2p_bandwidth_inbound{peer_id=\"untrusted\"} ";
  peers_ = {Peer(2, false, 10)};
  EXPECT_THAT(metrics_->Scrape(), HasSubstr(line + "10"));
  peers_.clear();  // gone from the list, not yet told
  EXPECT_THAT(metrics_->Scrape(), HasSubstr(line + "10"));
  metrics_->OnPeerUp(Peer(2, false, 0));
  metrics_->OnPeerDown(Peer(2, false, 12), "test");
  EXPECT_THAT(metrics_->Scrape(), HasSubstr(line + "12"));
  peers_ = {Peer(2, false, 3)};  // back again
  EXPECT_THAT(metrics_->Scrape(), HasSubstr(line + "15"));
}

// The network thread has told its peers, then one of them goes.
TEST_F(MetricsTest, ASessionThatEndsWhileItIsCountedCountsOnce) {
  const std::string line = "reth_flashblocks_p2p_bandwidth_inbound{peer_id=\"untrusted\"} ";
  peers_ = {Peer(2, false, 10)};
  while_asked_ = [this] { metrics_->OnPeerDown(Peer(2, false, 12), "test"); };
  EXPECT_THAT(metrics_->Scrape(), HasSubstr(line + "12"));
  peers_ = {Peer(2, false, 3)};  // a new session of the same node
  EXPECT_THAT(metrics_->Scrape(), HasSubstr(line + "15"));
}

TEST_F(MetricsTest, APageComesAlsoWhereTheNodeDoesNotAnswer) {
  metrics_->OnPeerDown(Peer(2, false, 12), "test");
  no_answer_ = true;
  EXPECT_THAT(metrics_->Scrape(), AllOf(HasSubstr("flblk_signature_failures_total"),
                                        Not(HasSubstr("bandwidth_inbound"))));
  no_answer_ = false;
  EXPECT_THAT(metrics_->Scrape(), HasSubstr("bandwidth_inbound{peer_id=\"untrusted\"} 12"));
}

TEST_F(MetricsTest, TheReadmeNamesEveryMetric) {
  metrics_->OnVerdict(Verdict{.status = absl::OkStatus()}, {});
  metrics_->OnForkchoice(absl::OkStatus());
  peers_ = {Peer(1, true, 100)};
  std::ifstream file(std::string(FLBLK_SOURCE_DIR) + "/README.md");
  const std::string readme((std::istreambuf_iterator<char>(file)), {});
  std::istringstream lines(metrics_->Scrape());
  int found = 0;
  for (std::string line; std::getline(lines, line);) {
    std::string_view name = line;
    if (!ConsumePrefix(name, "# TYPE ")) continue;
    name = name.substr(0, name.find(' '));
    ConsumePrefix(name, "reth_flashblocks_p2p_");
    EXPECT_THAT(readme,
                testing::AnyOf(HasSubstr(Cat("`", name, "`")), HasSubstr(Cat("`", name, "{"))));
    ++found;
  }
  EXPECT_GT(found, 25);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The series named in `text` that begin with `prefix`.
std::set<std::string> SeriesIn(const std::string& text, const std::string& prefix) {
  std::set<std::string> names;
  for (size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at + 1)) {
    const size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_", at);
    names.insert(text.substr(at, end - at));
  }
  return names;
}

// Every series that World Chain's dashboard reads exists here.
TEST_F(MetricsTest, TheWorldChainDashboardFindsItsSeries) {
  metrics_->OnFlashblock(Delivered(0, true), 1);
  peers_ = {Peer(1, true, 100)};
  metrics_->OnHeard(peers_[0], {});
  const std::string text = metrics_->Scrape();
  const std::string dashboard =
      ReadFile(std::string(FLBLK_TEST_DATA) + "/fixtures/world-chain_grafana_flashblocks-p2p.json");
  ASSERT_FALSE(nlohmann::json::parse(dashboard, nullptr, false).is_discarded());
  const auto names = SeriesIn(dashboard, "reth_flashblocks_p2p_");
  for (const std::string& name : names) EXPECT_THAT(text, HasSubstr("\n" + name));
  EXPECT_GT(names.size(), 10u);
}

TEST_F(MetricsTest, TheAlertsFindTheirSeriesBeforeTheFirstEvent) {
  peers_ = {Peer(1, true, 100)};
  const std::string text = metrics_->Scrape();
  const std::string rules =
      ReadFile(std::string(FLBLK_SOURCE_DIR) + "/examples/prometheus/flblk-alerts.yml");
  auto names = SeriesIn(rules, "flblk_");
  names.merge(SeriesIn(rules, "reth_flashblocks_p2p_"));
  for (const std::string& name : names) EXPECT_THAT(text, HasSubstr("\n" + name));
  EXPECT_GT(names.size(), 8u);
  for (const char* series :
       {"flblk_forkchoice_total{code=\"UNAUTHENTICATED\"} 0",
        "flblk_publish_total{code=\"FAILED_PRECONDITION\"} 0",
        "flblk_publish_state{state=\"waiting\"} 0", "flblk_seconds_since_last_flashblock -1"}) {
    EXPECT_THAT(text, HasSubstr(series));
  }
  EXPECT_THAT(rules, HasSubstr("or flblk_seconds_since_last_flashblock == -1"));
}

}  // namespace
}  // namespace flblk::plugin
