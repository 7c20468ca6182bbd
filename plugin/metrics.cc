#include "plugin/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>
#include <prometheus/text_serializer.h>

#include "absl/status/status.h"
#include "plugin/config.h"
#include "plugin/peer_metrics.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Registry;
using prometheus::Summary;

const Summary::Quantiles kQuantiles = {
    {0.5, 0.05}, {0.9, 0.01}, {0.95, 0.005}, {0.99, 0.001}, {0.999, 0.0001}};

Summary& AddSummary(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildSummary().Name(name).Help(help).Register(registry).Add({}, kQuantiles);
}
prometheus::Family<Counter>& AddCounters(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
prometheus::Family<Gauge>& AddGauges(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

const char* StatusName(absl::StatusCode code) {
  static thread_local std::string name;
  name = absl::StatusCodeToString(code);
  return name.c_str();
}

class Impl final : public Metrics {
 public:
  explicit Impl(Sources sources) : sources_(std::move(sources)) {
    AddGauges(registry_, "flblk_build_info", "Always 1")
        .Add({{"version", std::string(kVersion)}})
        .Set(1);
    SetState(core::PublishState::kIdle);
    // Series that exist from the start have a rate when their first event comes.
    for (int cause = 0; cause <= static_cast<int>(core::Cause::kHostStopped); ++cause)
      handoffs_.Add({{"cause", Word(Name(static_cast<core::Cause>(cause)))}});
    for (int kind = 0; kind <= static_cast<int>(core::Evidence::kTwoBuilders); ++kind)
      equivocations_.Add({{"kind", Word(Name(static_cast<core::Evidence>(kind)))}});
    for (int code = 0; code <= static_cast<int>(absl::StatusCode::kUnauthenticated); ++code) {
      const std::string name = absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
      forkchoices_.Add({{"code", name}});
      published_.Add({{"code", name}});
    }
  }

  std::string Scrape() override;

  void OnFlashblock(const core::FlashblockDelivered& event, int64_t unix_ns) override;
  void OnTransition(const Transition& transition) override;
  void OnEquivocation(const core::EquivocationFound& event, int64_t) override {
    equivocations_.Add({{"kind", Word(Name(event.kind))}}).Increment();
    if (event.kind == core::Evidence::kTwoBuilders) conflicts_.Increment();
  }
  void OnPeerUp(const net::PeerInfo&) override { peers_.Increment(); }
  void OnPeerDown(const net::PeerInfo& peer, const std::string&) override {
    peers_.Decrement();
    peer_metrics_.Remember(peer);
  }
  void OnPenalty(const net::PeerInfo&, const core::Penalise& event) override {
    penalties_.Add({{"offence", Word(Name(event.offence))}}).Increment();
    if (event.offence == core::Offence::kBadSignature) signature_failures_.Increment();
  }
  void OnHeard(const net::PeerInfo& peer, Duration behind) override {
    peer_metrics_.Heard(peer, behind);
  }
  void OnLost() override { lost_.Increment(); }

  void OnForkchoice(const absl::Status& status) override {
    forkchoices_.Add({{"code", StatusName(status.code())}}).Increment();
  }
  void OnVerdict(const Verdict& verdict, Duration took) override {
    published_.Add({{"code", StatusName(verdict.status.code())}}).Increment();
    publish_seconds_.Observe(Seconds(took));
  }

 private:
  void SetState(core::PublishState state) {
    for (const auto each : {core::PublishState::kIdle, core::PublishState::kWaiting,
                            core::PublishState::kPublishing, core::PublishState::kYielded}) {
      state_.Add({{"state", Name(each)}}).Set(each == state ? 1 : 0);
    }
  }

  const Sources sources_;
  Registry registry_;
  PeerMetrics peer_metrics_{registry_};
  int64_t last_flashblock_ = 0;  // hub's thread
  uint64_t newest_block_ = 0;    // likewise: highest base.block_number

  Gauge& peers_ = AddGauges(registry_, "reth_flashblocks_p2p_peers", "Connected peers").Add({});
  Summary& size_ =
      AddSummary(registry_, "reth_flashblocks_p2p_size", "Bytes of a flashblock message");
  Summary& gas_used_ =
      AddSummary(registry_, "reth_flashblocks_p2p_gas_used", "Gas used by the block so far");
  Summary& tx_count_ =
      AddSummary(registry_, "reth_flashblocks_p2p_tx_count", "Transactions of a flashblock");
  Summary& interval_ =
      AddSummary(registry_, "reth_flashblocks_p2p_interval", "Seconds between flashblocks");

  Counter& stale_epochs_ =
      AddCounters(registry_, "reth_flashblocks_p2p_event_stream_epochs_stale",
                  "Blocks that began with a block number below the highest one seen")
          .Add({});

  prometheus::Family<Gauge>& state_ =
      AddGauges(registry_, "flblk_publish_state", "1 for the state the hand-off is in");
  prometheus::Family<Counter>& handoffs_ =
      AddCounters(registry_, "flblk_transitions_total", "Transitions of the hand-off by cause");
  Summary& waiting_ =
      AddSummary(registry_, "flblk_waiting_seconds", "Time spent waiting for a rival");
  Counter& yielded_ =
      AddCounters(registry_, "flblk_yielded_total", "Times another builder took over from us")
          .Add({});
  Counter& missing_ = AddCounters(registry_, "flblk_missing_flashblocks_total",
                                  "Flashblocks before our resume points that never reached us")
                          .Add({});
  Summary& publish_seconds_ =
      AddSummary(registry_, "flblk_publish_seconds", "From the host's call to its verdict");
  prometheus::Family<Counter>& forkchoices_ = AddCounters(
      registry_, "flblk_forkchoice_total", "Forkchoice updates from the host by verdict");
  prometheus::Family<Counter>& published_ =
      AddCounters(registry_, "flblk_publish_total", "Deltas from the host by verdict");
  prometheus::Family<Counter>& flashblocks_ =
      AddCounters(registry_, "flblk_flashblocks_total", "Verified flashblocks in order, by source");
  Summary& replicate_seconds_ = AddSummary(registry_, "flblk_replicate_seconds",
                                           "How long own flashblocks were held for the standbys");
  prometheus::Family<Counter>& replicated_ = AddCounters(
      registry_, "flblk_replicated_total", "Own flashblocks let go to everyone, by reason");
  prometheus::Family<Counter>& penalties_ =
      AddCounters(registry_, "flblk_penalties_total", "Offences of peers");
  Counter& signature_failures_ =
      AddCounters(registry_, "flblk_signature_failures_total", "Messages with a wrong signature")
          .Add({});
  prometheus::Family<Counter>& equivocations_ =
      AddCounters(registry_, "flblk_equivocations_total",
                  "Signed flashblocks that exclude each other, by kind");
  Counter& conflicts_ =
      AddCounters(registry_, "flblk_conflicts_total",
                  "Two builders signed one payload id and index; also in flblk_equivocations_total")
          .Add({});
  Counter& lost_ =
      AddCounters(registry_, "flblk_event_overflows_total", "Times the event queue overflowed")
          .Add({});
  Gauge& subscribers_ =
      AddGauges(registry_, "flblk_subscribers", "Open flashblock subscriptions").Add({});
  Gauge& quiet_ = AddGauges(registry_, "flblk_seconds_since_last_flashblock",
                            "Seconds since the newest verified flashblock; -1 before the first")
                      .Add({});
};

void Impl::OnFlashblock(const core::FlashblockDelivered& event, int64_t unix_ns) {
  flashblocks_.Add({{"source", event.own ? "own" : "peer"}}).Increment();
  if (event.frame) size_.Observe(static_cast<double>(event.frame->body.size()));
  gas_used_.Observe(static_cast<double>(event.flashblock->diff.gas_used));
  tx_count_.Observe(static_cast<double>(event.flashblock->diff.transactions.size()));
  if (last_flashblock_ != 0) interval_.Observe(Seconds(Duration(unix_ns - last_flashblock_)));
  last_flashblock_ = unix_ns;
  if (const auto& base = event.flashblock->base; base && event.flashblock->index == 0) {
    if (base->block_number < newest_block_) stale_epochs_.Increment();
    newest_block_ = std::max(newest_block_, base->block_number);
  }
  if (!event.replicated) return;
  replicate_seconds_.Observe(Seconds(event.replicated->waited));
  replicated_.Add({{"result", Word(Name(event.replicated->why))}}).Increment();
}

void Impl::OnTransition(const Transition& transition) {
  const core::PublishingChanged& change = transition.change;
  SetState(change.to);
  handoffs_.Add({{"cause", Word(Name(change.cause))}}).Increment();
  if (change.to == core::PublishState::kYielded && change.from != change.to) yielded_.Increment();
  const bool waited =
      change.from == core::PublishState::kWaiting && change.to != core::PublishState::kWaiting;
  if (waited) waiting_.Observe(Seconds(change.in_previous_state));
  if (change.to == core::PublishState::kPublishing)
    missing_.Increment(static_cast<double>(change.missing));
}

prometheus::MetricFamily CounterFamily(const char* name, const char* help) {
  prometheus::MetricFamily out;
  out.name = name;
  out.help = help;
  out.type = prometheus::MetricType::Counter;
  return out;
}

void AddValue(prometheus::MetricFamily& family, const char* label, const char* value,
              uint64_t count) {
  prometheus::ClientMetric& metric = family.metric.emplace_back();
  metric.label.push_back({label, value});
  metric.counter.value = static_cast<double>(count);
}

// The counters the node keeps itself.
std::vector<prometheus::MetricFamily> Families(const net::NodeStats& stats) {
  auto received = CounterFamily("flblk_received_total", "What became of the messages received");
  const core::EngineStats& engine = stats.engine;
  const std::pair<const char*, uint64_t> kinds[] = {{"new", engine.flashblocks_new},
                                                    {"duplicate", engine.duplicates},
                                                    {"own_echo", engine.own_echoes},
                                                    {"late", engine.late},
                                                    {"stale", engine.stale},
                                                    {"future", engine.future},
                                                    {"bad_signature", engine.bad_signature},
                                                    {"malformed", engine.malformed},
                                                    {"invalid", engine.invalid},
                                                    {"unsolicited", engine.unsolicited},
                                                    {"flood", engine.flood},
                                                    {"conflict", engine.conflicts},
                                                    {"equivocation", engine.equivocations}};
  for (const auto& [kind, count] : kinds) AddValue(received, "verdict", kind, count);
  auto refused =
      CounterFamily("flblk_connections_failed_total", "Connections that did not become sessions");
  AddValue(refused, "at", "dial", stats.dials_failed);
  AddValue(refused, "at", "handshake", stats.handshakes_failed);
  AddValue(refused, "at", "door", stats.inbound_refused);
  auto bans = CounterFamily("flblk_bans_total", "Peers banned for what they did");
  bans.metric.emplace_back().counter.value = static_cast<double>(stats.bans);
  return {received, refused, bans};
}

std::string Impl::Scrape() {
  const int64_t last = sources_.hub->view().last_flashblock_unix_ns;
  quiet_.Set(last == 0 ? -1 : Seconds(Duration(UnixNow() - last)));
  if (sources_.subscribers) subscribers_.Set(static_cast<double>(sources_.subscribers()));
  std::vector<prometheus::MetricFamily> extra;
  if (sources_.peers) extra = peer_metrics_.Collect(sources_.peers);
  if (sources_.stats) {
    if (const auto stats = sources_.stats(); stats.ok()) {
      for (auto& family : Families(*stats)) extra.push_back(std::move(family));
    }
  }
  std::vector<prometheus::MetricFamily> families = registry_.Collect();
  families.insert(families.end(), extra.begin(), extra.end());
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace

std::unique_ptr<Metrics> Metrics::Create(Sources sources) {
  return std::make_unique<Impl>(std::move(sources));
}

}  // namespace flblk::plugin
