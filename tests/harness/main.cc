// flblk-harness: see HelpText().
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>

#include "tests/harness/live.h"
#include "tests/harness/report.h"
#include "tests/harness/run.h"

namespace flblk::harness {
namespace {

constexpr int kFailed = 1, kUsage = 2, kSetUp = 3;
constexpr int64_t kRedrawNs = 200 * kNsPerMs;

std::atomic<int> caught_signal = 0;

void OnSignal(int signal) { caught_signal = signal; }

void CatchSignals() {
  struct sigaction action {};
  action.sa_handler = OnSignal;
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

// Prints news as they come; on a terminal the table below them is redrawn in place.
class Screen {
 public:
  explicit Screen(const Options& options)
      : live_(options.setup.shape), on_(!options.quiet), terminal_(isatty(STDOUT_FILENO) == 1) {}

  void Update(const RunContext& run) {
    if (!on_) return;
    for (const Record& record : run.log.CopyFrom(seen_)) {
      live_.Apply(record);
      ++seen_;
    }
    const std::vector<std::string> news = live_.TakeNews();
    const bool redraw = terminal_ && (run.clock.Now() - drawn_ns_ > kRedrawNs || !news.empty());
    if (news.empty() && !redraw) return;
    Erase();
    for (const std::string& line : news) std::printf("%s\n", line.c_str());
    if (redraw) Draw(run.clock.Now());
    std::fflush(stdout);
  }

  // The last line; nothing is redrawn any more.
  void Finish() {
    Erase();
    live_.Finish();
    for (const std::string& line : live_.TakeNews()) {
      if (on_) std::printf("%s\n", line.c_str());
    }
  }

 private:
  void Erase() {
    if (drawn_lines_ > 0) std::printf("\x1b[%zuA\x1b[J", drawn_lines_);
    drawn_lines_ = 0;
  }

  void Draw(int64_t now_ns) {
    const std::string table = live_.Table(now_ns);
    std::fputs(table.c_str(), stdout);
    drawn_lines_ = static_cast<size_t>(std::count(table.begin(), table.end(), '\n'));
    drawn_ns_ = now_ns;
  }

  LiveView live_;
  const bool on_, terminal_;
  size_t seen_ = 0, drawn_lines_ = 0;
  int64_t drawn_ns_ = INT64_MIN / 2;
};

// Settles what depends on the machine.
absl::Status Prepare(Options& options) {
  if (options.netns_if_possible) {
    const absl::Status possible = Network::Try();
    options.netns = possible.ok();
    if (!possible.ok()) {
      std::printf("SKIPPED partitions: %s\n", std::string(possible.message()).c_str());
    }
  }
  if (!options.campaign) return absl::OkStatus();
  options.campaign->partitions = options.netns;
  auto campaign = MakeCampaign(*options.campaign, options.setup);
  if (!campaign.ok()) return campaign.status();
  options.script = std::move(campaign->script);
  options.blocks = campaign->blocks;
  return absl::OkStatus();
}

int Main(const std::vector<std::string>& args) {
  auto options = ParseOptions(args);
  if (!options.ok()) {
    std::fprintf(stderr, "flblk-harness: %s\n", std::string(options.status().message()).c_str());
    return kUsage;
  }
  if (options->help) {
    std::fputs(HelpText().c_str(), stdout);
    return 0;
  }
  if (absl::Status ready = Prepare(*options); !ready.ok()) {
    std::fprintf(stderr, "flblk-harness: %s\n", std::string(ready.message()).c_str());
    return kSetUp;
  }
  CatchSignals();
  Screen screen(*options);
  auto records = PlayRun(
      *options, [&](const RunContext& run) { screen.Update(run); },
      [] { return caught_signal != 0; });
  screen.Finish();
  if (!records.ok()) {
    std::fprintf(stderr, "flblk-harness: %s\n", std::string(records.status().message()).c_str());
    return caught_signal != 0 ? 128 + caught_signal : kSetUp;
  }
  const Report report = MakeReport(MakeView(options->setup, *std::move(records)));
  const std::string table =
      options->campaign ? FormatCases(report, options->setup) : FormatTable(report, options->setup);
  std::printf("\n%s", table.c_str());
  const std::string json = FormatJson(report, options->setup) + "\n";
  if (options->json) std::fputs(json.c_str(), stdout);
  if (!options->report_file.empty() && !(std::ofstream(options->report_file) << json)) {
    std::fprintf(stderr, "flblk-harness: %s: cannot be written\n", options->report_file.c_str());
    return kSetUp;
  }
  return report.ok() ? 0 : kFailed;
}

}  // namespace
}  // namespace flblk::harness

int main(int argc, char** argv) { return flblk::harness::Main({argv + 1, argv + argc}); }
