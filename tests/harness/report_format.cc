// The report as text and as one line of JSON.
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/harness/report.h"

namespace flblk::harness {
namespace {

using Json = nlohmann::ordered_json;

double Ms(int64_t ns) { return static_cast<double>(ns) / kNsPerMs; }
double Rounded(int64_t ns) {
  return static_cast<double>(ns / 1000) / 1000;
}  // ms, microsecond steps

std::string MsOrDash(const std::optional<int64_t>& ns) {
  return ns ? absl::StrFormat("%.1f", Ms(*ns)) : std::string("-");
}

std::string Place(const HandoffReport& handoff) {
  if (!handoff.resumed_block) return "never";
  return absl::StrCat(*handoff.resumed_block, ".", *handoff.resumed_index);
}

std::string BlockLine(const BlockReport& block) {
  std::string line = absl::StrFormat("%5d  %10d  %2d  %-28s", block.block, block.number,
                                     block.publishers.size(), FormatSequence(block.publishers));
  if (block.recorded) absl::StrAppend(&line, "  recorded block");
  if (block.disturbed) absl::StrAppend(&line, "  builder disturbed");
  if (block.excused > 0) absl::StrAppend(&line, "  unsent ", block.excused);
  if (block.lost > 0) absl::StrAppend(&line, "  LOST ", block.lost);
  return absl::StrCat(line, "\n");
}

std::string HandoffTable(const std::vector<HandoffReport>& handoffs) {
  if (handoffs.empty()) return "";
  std::string out = absl::StrFormat("\n%-28s %4s %9s %13s %10s %8s\n", "hand-off", "to", "resumed",
                                    "clearance ms", "first ms", "gap ms");
  for (const HandoffReport& handoff : handoffs) {
    absl::StrAppendFormat(&out, "%-28s %4s %9s %13s %10s %8s\n", handoff.step.text,
                          BuilderName(static_cast<size_t>(handoff.step.successor)), Place(handoff),
                          MsOrDash(handoff.clearance_ns), MsOrDash(handoff.first_ns),
                          MsOrDash(handoff.gap_ns));
  }
  return out;
}

Json Percentiles(const Latencies& latencies) {
  return {{"count", latencies.count()},
          {"p50", Rounded(latencies.Percentile(50))},
          {"p99", Rounded(latencies.Percentile(99))},
          {"max", Rounded(latencies.Max())}};
}

Json OptionalMs(const std::optional<int64_t>& ns) {
  return ns ? Json(Rounded(*ns)) : Json(nullptr);
}

template <typename T>
Json OptionalNumber(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json ToJson(const HandoffReport& handoff) {
  return {{"step", handoff.step.text},
          {"how", Name(handoff.step.how)},
          {"block", handoff.step.block},
          {"from", BuilderName(static_cast<size_t>(handoff.step.victim))},
          {"to", BuilderName(static_cast<size_t>(handoff.step.successor))},
          {"resumed_block", OptionalNumber(handoff.resumed_block)},
          {"resumed_index", OptionalNumber(handoff.resumed_index)},
          {"clearance_ms", OptionalMs(handoff.clearance_ns)},
          {"first_flashblock_ms", OptionalMs(handoff.first_ns)},
          {"gap_ms", OptionalMs(handoff.gap_ns)}};
}

Json ToJson(const BlockReport& block) {
  return {{"block", block.block},       {"number", block.number},
          {"planned", block.planned},   {"sequence", FormatSequence(block.publishers)},
          {"recorded", block.recorded}, {"disturbed", block.disturbed},
          {"unsent", block.excused},    {"lost", block.lost}};
}

std::string CodeName(uint32_t code) {
  return absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
}

std::string Spread(const Latencies& all) {
  return absl::StrFormat("%.0f/%.0f/%.0f", Ms(all.Percentile(50)), Ms(all.Percentile(99)),
                         Ms(all.Max()));
}

Json Samples(const Latencies& all) {
  Json list = Json::array();
  for (int64_t ns : all.samples()) list.push_back(Rounded(ns));
  return list;
}

// With all samples, so that runs can be added up.
Json ToJson(const CaseReport& one) {
  return {{"case", one.label},
          {"count", one.count},
          {"same_block", one.same_block},
          {"next_block", one.next_block},
          {"gap_ms", Samples(one.gap)},
          {"again_ms", Samples(one.first)},
          {"lost", one.lost},
          {"unsent", one.unsent},
          {"duplicates", one.duplicates},
          {"out_of_order", one.out_of_order},
          {"two_publishers_ms", Rounded(one.two_publishers_ns)}};
}

std::string Verdict(const Report& report) {
  std::string out;
  for (const auto& [code, count] : report.refused) {
    absl::StrAppendFormat(&out, "publish refused with %s: %d\n", CodeName(code), count);
  }
  for (const std::string& violation : report.violations)
    absl::StrAppend(&out, "FAILED  ", violation, "\n");
  return out + (report.ok() ? "PASSED: nothing lost, nothing out of order\n" : "FAILED\n");
}

}  // namespace

std::string FormatTable(const Report& report, const RunSetup& setup) {
  std::string out = absl::StrFormat("block      number   n  sequence by publisher\n");
  for (const BlockReport& block : report.blocks) out += BlockLine(block);
  out += HandoffTable(report.handoffs);
  absl::StrAppendFormat(&out, "\n%d nodes, %d blocks, %d flashblocks published, %d delivered\n",
                        setup.shape.nodes(), report.blocks.size(), report.flashblocks,
                        report.received);
  absl::StrAppendFormat(
      &out, "lost %d  gaps %d  duplicates %d  out of order %d  other content %d  ", report.lost,
      report.gaps, report.duplicates, report.out_of_order, report.different_content);
  absl::StrAppendFormat(&out, "unsent by fallen builders %d\n", report.excused);
  absl::StrAppendFormat(&out,
                        "publish to subscriber: p50 %.2f ms  p99 %.2f ms  max %.2f ms  (%d)\n",
                        Ms(report.latency.Percentile(50)), Ms(report.latency.Percentile(99)),
                        Ms(report.latency.Max()), report.latency.count());
  if (report.gap.count() > 0) {
    absl::StrAppendFormat(&out, "silence at hand-off:   p50 %.1f ms  p99 %.1f ms  max %.1f ms\n",
                          Ms(report.gap.Percentile(50)), Ms(report.gap.Percentile(99)),
                          Ms(report.gap.Max()));
  }
  absl::StrAppendFormat(&out, "time with two publishers: %.1f ms\n", Ms(report.two_publishers_ns));
  for (const PendingChecked& pending : report.recorded) {
    absl::StrAppendFormat(&out, "recorded block at %s: hash %s, %d transactions, gas 0x%x\n",
                          NodeName(setup.shape, static_cast<size_t>(pending.node)),
                          pending.block_hash, pending.transactions, pending.gas_used);
  }
  return out + Verdict(report);
}

std::string FormatCases(const Report& report, const RunSetup& setup) {
  std::string out = absl::StrFormat(
      "slots of %.0f ms, a flashblock every %.0f ms, takeover_after %.0f ms\n",
      Ms(setup.timing.slot_ns), Ms(setup.timing.interval_ns), Ms(setup.takeover_ns));
  absl::StrAppendFormat(&out, "%-18s %5s %5s %5s  %22s  %22s  %4s %6s %4s %5s %8s\n", "case", "n",
                        "same", "next", "gap ms p50/p99/max", "again ms p50/p99/max", "lost",
                        "unsent", "dup", "order", "two ms");
  for (const CaseReport& one : report.cases) {
    absl::StrAppendFormat(&out, "%-18s %5d %5d %5d  %22s  %22s  %4d %6d %4d %5d %8.1f\n", one.label,
                          one.count, one.same_block, one.next_block, Spread(one.gap),
                          Spread(one.first), one.lost, one.unsent, one.duplicates, one.out_of_order,
                          Ms(one.two_publishers_ns));
  }
  absl::StrAppendFormat(&out,
                        "%d blocks, %d flashblocks published, %d delivered; publish to "
                        "subscriber p50 %.2f ms  p99 %.2f ms  max %.2f ms\n",
                        report.blocks.size(), report.flashblocks, report.received,
                        Ms(report.latency.Percentile(50)), Ms(report.latency.Percentile(99)),
                        Ms(report.latency.Max()));
  return out + Verdict(report);
}

std::string FormatJson(const Report& report, const RunSetup& setup) {
  Json json = {{"ok", report.ok()},
               {"slot_ms", setup.timing.slot_ns / kNsPerMs},
               {"interval_ms", setup.timing.interval_ns / kNsPerMs},
               {"takeover_after_ms", setup.takeover_ns / kNsPerMs},
               {"nodes", setup.shape.nodes()},
               {"flashblocks", report.flashblocks},
               {"delivered", report.received},
               {"lost", report.lost},
               {"unsent", report.excused},
               {"gaps", report.gaps},
               {"duplicates", report.duplicates},
               {"out_of_order", report.out_of_order},
               {"frozen_halfway", report.frozen_halfway},
               {"different_content", report.different_content},
               {"latency_ms", Percentiles(report.latency)},
               {"clearance_ms", Percentiles(report.clearance)},
               {"handoff_gap_ms", Percentiles(report.gap)},
               {"two_publishers_ms", Rounded(report.two_publishers_ns)}};
  json["refused"] = Json::object();
  for (const auto& [code, count] : report.refused) json["refused"][CodeName(code)] = count;
  json["handoffs"] = Json::array();
  for (const HandoffReport& handoff : report.handoffs) json["handoffs"].push_back(ToJson(handoff));
  json["cases"] = Json::array();
  for (const CaseReport& one : report.cases) json["cases"].push_back(ToJson(one));
  json["blocks"] = Json::array();
  for (const BlockReport& block : report.blocks) json["blocks"].push_back(ToJson(block));
  json["recorded"] = Json::array();
  for (const PendingChecked& pending : report.recorded) {
    json["recorded"].push_back({{"node", NodeName(setup.shape, static_cast<size_t>(pending.node))},
                                {"block_hash", pending.block_hash},
                                {"transactions", pending.transactions},
                                {"gas_used", pending.gas_used}});
  }
  json["violations"] = report.violations;
  return json.dump();
}

}  // namespace flblk::harness
