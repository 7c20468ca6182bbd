#include "plugin/peer_metrics.h"

#include <utility>

namespace flblk::plugin {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

std::string Label(const net::PeerInfo& peer) {
  return peer.trusted || peer.is_static ? ToHex(peer.node_id) : "untrusted";
}

MetricFamily Family(std::string name, std::string help, MetricType type) {
  MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(help);
  family.type = type;
  return family;
}

void Add(MetricFamily& family, const std::string& label, double value) {
  ClientMetric& metric = family.metric.emplace_back();
  if (!label.empty()) metric.label.push_back({"peer_id", label});
  (family.type == MetricType::Gauge ? metric.gauge.value : metric.counter.value) = value;
}

}  // namespace

PeerMetrics::PeerMetrics(prometheus::Registry& registry)
    : latency_(prometheus::BuildSummary()
                   .Name("reth_flashblocks_p2p_latency")
                   .Help("Seconds behind the first copy, of each flashblock a peer sent")
                   .Register(registry)) {}

void PeerMetrics::Counters::Add(const net::PeerInfo& peer) {
  bytes_in += peer.bytes_in;
  bytes_out += peer.bytes_out;
  missed += peer.gossip.missed;
  dropped += peer.dropped_flashblocks;
  duplicates += peer.gossip.duplicates;
}

void PeerMetrics::Counters::KeepMaximum(const Counters& other) {
  bytes_in = std::max(bytes_in, other.bytes_in);
  bytes_out = std::max(bytes_out, other.bytes_out);
  missed = std::max(missed, other.missed);
  dropped = std::max(dropped, other.dropped);
  duplicates = std::max(duplicates, other.duplicates);
}

void PeerMetrics::Heard(const net::PeerInfo& peer, Duration behind) {
  static const prometheus::Summary::Quantiles kQuantiles = {
      {0.5, 0.05}, {0.9, 0.01}, {0.95, 0.005}, {0.99, 0.001}};
  latency_.Add({{"peer_id", Label(peer)}}, kQuantiles)
      .Observe(std::chrono::duration<double>(behind).count());
}

void PeerMetrics::Remember(const net::PeerInfo& gone) {
  const std::lock_guard lock(mutex_);
  gone_[Label(gone)].Add(gone);
  if (ended_) ended_->insert(SessionOf(gone));
}

PeerMetrics::Session PeerMetrics::SessionOf(const net::PeerInfo& peer) {
  return {peer.node_id, peer.connected_unix_ns};
}

absl::StatusOr<std::vector<net::PeerInfo>> PeerMetrics::Ask(const PeerList& peers) {
  {
    const std::lock_guard lock(mutex_);
    ended_.emplace();
  }
  return peers();
}

std::vector<MetricFamily> PeerMetrics::Collect(const PeerList& list) {
  const std::lock_guard one(collecting_);
  const auto peers = Ask(list);
  const std::lock_guard lock(mutex_);
  const std::set<Session> counted = *std::exchange(ended_, std::nullopt);
  if (!peers.ok()) return {};
  MetricFamily in =
      Family("reth_flashblocks_p2p_bandwidth_inbound", "Bytes received", MetricType::Counter);
  MetricFamily out =
      Family("reth_flashblocks_p2p_bandwidth_outbound", "Bytes sent", MetricType::Counter);
  MetricFamily missed = Family("reth_flashblocks_p2p_missed_flashblocks",
                               "Flashblocks a feeding peer did not send", MetricType::Counter);
  MetricFamily score = Family("reth_flashblocks_p2p_peer_score",
                              "Moving average latency, nanoseconds", MetricType::Gauge);
  MetricFamily dropped =
      Family("flblk_dropped_flashblocks_total", "Flashblocks not sent to a peer that was too slow",
             MetricType::Counter);
  MetricFamily duplicates =
      Family("flblk_duplicate_flashblocks_total", "Further copies received", MetricType::Counter);
  MetricFamily queued = Family("flblk_queued_bytes", "Bytes waiting to be sent", MetricType::Gauge);
  std::map<std::string, Counters> sums = gone_;
  std::map<std::string, uint64_t> waiting;
  for (const net::PeerInfo& peer : *peers) {
    if (counted.contains(SessionOf(peer))) continue;
    const std::string label = Label(peer);
    sums[label].Add(peer);
    waiting[label] += peer.queued_bytes;
    if (!peer.gossip.latency || !peer.gossip.receiving_from) continue;
    if (label == "untrusted") continue;
    Add(score, label, static_cast<double>(peer.gossip.latency->count()));
  }
  for (const auto& [label, bytes] : waiting) Add(queued, label, static_cast<double>(bytes));
  for (const auto& [label, now] : sums) reported_[label].KeepMaximum(now);
  for (const auto& [label, sum] : reported_) {
    Add(in, label, static_cast<double>(sum.bytes_in));
    Add(out, label, static_cast<double>(sum.bytes_out));
    Add(missed, label, static_cast<double>(sum.missed));
    Add(dropped, label, static_cast<double>(sum.dropped));
    Add(duplicates, label, static_cast<double>(sum.duplicates));
  }
  return {in, out, missed, score, dropped, duplicates, queued};
}

}  // namespace flblk::plugin
