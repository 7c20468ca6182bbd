#include "tests/harness/options.h"

#include <fstream>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace flblk::harness {
namespace {

struct Option {
  const char* name;
  const char* value;  // "": a switch
  const char* help;
};

constexpr Option kOptions[] = {
    {"flblkd", "PATH", "the sidecar to run (required)"},
    {"builders", "N", "nodes with a builder host (2)"},
    {"relays", "N", "nodes that only relay (1)"},
    {"subscribers", "N", "nodes at the edge (2)"},
    {"topology", "ha|star|mesh|line", "who is connected to whom (ha)"},
    {"slot-ms", "T", "time between blocks (2000)"},
    {"interval-ms", "I", "time between flashblocks (200)"},
    {"blocks", "N", "blocks to play (15)"},
    {"seed", "N", "of the generated blocks (1)"},
    {"transactions", "N", "per flashblock, on average (12)"},
    {"transaction-bytes", "N", "call data per transaction, on average (180)"},
    {"recorded", "FILE", "the first block is this recorded one, byte for byte"},
    {"script", "STEPS", "failover script, such as \"3.4 active graceful; 7.5 active kill\""},
    {"script-file", "FILE", "the same from a file"},
    {"takeover-after-ms", "T", "the sidecars' takeover_after; 0: off (0)"},
    {"detect-ms", "T", "from a crash to the successor's Authorization (50)"},
    {"netns", "on|off|auto", "nodes in network namespaces, which \"cut\" needs; root only (off)"},
    {"campaign", "N", "instead of a script: every way to fail, each N times"},
    {"cases", "TEXT", "only the campaign's cases whose name contains this"},
    {"node-flag", "FLAG", "handed to every flblkd; may be repeated"},
    {"json", "", "the report as one line of JSON at the end"},
    {"report", "FILE", "write the report's line of JSON there"},
    {"quiet", "", "only the report"},
    {"keep", "", "keep the nodes' directories and logs"},
    {"help", "", "this text"},
};

// From a crash to the successor's first flashblock, where takeover is on.
constexpr int64_t kCrashLimitNs = 400 * kNsPerMs;

const Option* Find(absl::string_view name) {
  for (const Option& option : kOptions) {
    if (name == option.name) return &option;
  }
  return nullptr;
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::InvalidArgumentError(absl::StrCat(path, ": cannot be read"));
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class Parser {
 public:
  absl::StatusOr<Options> Parse(const std::vector<std::string>& args) {
    options_.setup.detect_ns = 50 * kNsPerMs;
    for (size_t i = 0; i < args.size(); ++i) {
      absl::string_view text = args[i];
      if (!absl::ConsumePrefix(&text, "--")) return Wrong(args[i], "is no option");
      const size_t equals = text.find('=');
      const Option* option = Find(text.substr(0, equals));
      if (option == nullptr) return Wrong(args[i], "is no option (--help lists them)");
      const bool has_value = equals != absl::string_view::npos;
      const bool is_switch = option->value[0] == '\0';
      if (is_switch && has_value) return Wrong(option->name, "takes no value");
      if (!is_switch && !has_value && ++i == args.size())
        return Wrong(option->name, "needs a value");
      Set(option->name, is_switch   ? ""
                        : has_value ? std::string(text.substr(equals + 1))
                                    : args[i]);
      if (!status_.ok()) return status_;
    }
    if (options_.help) return options_;
    Finish();
    if (!status_.ok()) return status_;
    return std::move(options_);
  }

 private:
  absl::Status Wrong(absl::string_view name, absl::string_view problem) {
    return absl::InvalidArgumentError(
        absl::StrCat(absl::StartsWith(name, "--") ? "" : "--", name, " ", problem));
  }

  void Fail(absl::string_view name, absl::string_view problem) {
    if (status_.ok()) status_ = Wrong(name, problem);
  }

  template <typename T>
  void Number(const std::string& name, const std::string& value, uint64_t min, uint64_t max,
              T& out) {
    uint64_t number = 0;
    if (!absl::SimpleAtoi(value, &number) || number < min || number > max) {
      return Fail(name, absl::StrCat("is not a number from ", min, " to ", max));
    }
    out = static_cast<T>(number);
  }
  void Ms(const std::string& name, const std::string& value, uint64_t min, int64_t& out_ns) {
    Number(name, value, min, 60'000, out_ns);
    out_ns *= kNsPerMs;
  }

  void Set(const std::string& name, const std::string& value) {
    Shape& shape = options_.setup.shape;
    Timing& timing = options_.setup.timing;
    if (name == "flblkd") options_.flblkd = value;
    if (name == "builders") Number(name, value, 1, 26, shape.builders);
    if (name == "relays") Number(name, value, 0, 100, shape.relays);
    if (name == "subscribers") Number(name, value, 0, 100, shape.subscribers);
    if (name == "topology") topology_ = value;
    if (name == "slot-ms") Ms(name, value, 200, timing.slot_ns);
    if (name == "interval-ms") Ms(name, value, 10, timing.interval_ns);
    if (name == "blocks") Number(name, value, 1, 100'000, options_.blocks);
    if (name == "seed") Number(name, value, 0, UINT64_MAX, options_.generator.seed);
    if (name == "transactions") Number(name, value, 0, 10'000, options_.generator.transactions);
    if (name == "transaction-bytes") {
      Number(name, value, 0, 1'000'000, options_.generator.transaction_bytes);
    }
    if (name == "recorded") Load(value, recorded_);
    if (name == "script") script_ += value + "\n";
    if (name == "script-file") Load(value, script_);
    if (name == "takeover-after-ms") Ms(name, value, 0, options_.setup.takeover_ns);
    if (name == "detect-ms") Ms(name, value, 0, options_.setup.detect_ns);
    if (name == "netns") {
      options_.netns = value == "on";
      options_.netns_if_possible = value == "auto";
      if (value != "on" && value != "off" && value != "auto") Fail(name, "is not on, off or auto");
    }
    if (name == "campaign") {
      Number(name, value, 1, 1000, options_.campaign.emplace().repeats);
    }
    if (name == "cases") cases_ = value;
    if (name == "node-flag") options_.node_flags.push_back(value);
    if (name == "report") options_.report_file = value;
    options_.json |= name == "json";
    options_.quiet |= name == "quiet";
    options_.keep |= name == "keep";
    options_.help |= name == "help";
  }

  void Load(const std::string& path, std::string& out) {
    auto text = ReadFile(path);
    if (!text.ok()) {
      status_ = text.status();
    } else {
      out += *text;
    }
  }

  void Finish() {
    Timing& timing = options_.setup.timing;
    if (options_.flblkd.empty()) Fail("flblkd", "is required");
    timing.flashblocks = Timing::FlashblocksIn(timing.slot_ns, timing.interval_ns);
    options_.generator.flashblocks = timing.flashblocks;
    if (timing.slot_ns < timing.interval_ns) Fail("interval-ms", "is above --slot-ms");
    if (timing.flashblocks > 100) Fail("interval-ms", "gives more than 100 flashblocks per slot");
    auto topology = ParseTopology(topology_);
    auto script = ParseScript(script_, options_.setup.shape.builders);
    if (!topology.ok()) return Adopt(topology.status());
    if (!script.ok()) return Adopt(script.status());
    if (auto links = Links(options_.setup.shape, *topology); !links.ok())
      return Adopt(links.status());
    options_.topology = *topology;
    options_.script = *std::move(script);
    if (options_.campaign) {
      if (!script_.empty()) Fail("campaign", "brings its own --script");
      options_.setup.crash_limit_ns = kCrashLimitNs;
      options_.campaign->only = cases_;
      options_.campaign->seed = options_.generator.seed;
    } else if (!cases_.empty()) {
      Fail("cases", "needs --campaign");
    }
    if (recorded_.empty()) return;
    auto recorded = ParseRecordedBlock(recorded_);
    if (!recorded.ok()) return Adopt(recorded.status());
    if (recorded->deltas.size() > timing.flashblocks) {
      Fail("recorded", absl::StrCat("has ", recorded->deltas.size(), " flashblocks, a slot holds ",
                                    timing.flashblocks));
    }
    options_.recorded = *std::move(recorded);
  }

  void Adopt(const absl::Status& status) {
    if (status_.ok()) status_ = status;
  }

  Options options_;
  std::string topology_ = "ha", script_, recorded_, cases_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& args) {
  return Parser().Parse(args);
}

std::string HelpText() {
  std::string text =
      "flblk-harness: plays sequencer, authorizer and builder hosts against sidecars it starts on "
      "loopback.\n"
      "Ends with 0 only where nothing was lost, doubled or out of order.\n\n";
  for (const Option& option : kOptions) {
    std::string flag =
        absl::StrCat("  --", option.name, option.value[0] == '\0' ? "" : " ", option.value);
    flag.resize(std::max<size_t>(flag.size() + 1, 32), ' ');
    absl::StrAppend(&text, flag, option.help, "\n");
  }
  return text;
}

}  // namespace flblk::harness
