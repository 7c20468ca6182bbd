// flblk-goals [--quick] [GOAL ...]: measures goals 1, 2, 3, 4, 6 and 8, and 0, what no goal
// asks for (all of them, or those named) and prints one line of JSON per case. run.sh turns them
// into a table.
#include <sys/resource.h>

#include <cstdlib>
#include <cstring>
#include <set>

#include "glog/logging.h"
#include "plugin/process_memory.h"
#include "tests/bench/ahead.h"
#include "tests/bench/goal_list.h"

namespace flblk::bench {
namespace {

void AllowManySockets() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void Run(const Options& options, const std::set<int>& goals) {
  AllowManySockets();
  plugin::KeepFreedMemory();
  std::optional<AheadOfOthers> ahead(std::in_place);
  Receivers receivers;
  ahead.reset();
  const auto wanted = [&](int goal) { return goals.empty() || goals.contains(goal); };
  if (wanted(8)) SessionGoal(options);
  if (wanted(8)) PeerGoal(options, receivers);
  if (wanted(1)) KeccakGoal(options);
  if (wanted(2)) FanOutGoal(options);
  if (wanted(3)) {
    const AheadOfOthers while_measuring;
    PublishGoal(options, receivers);
  }
  if (wanted(0)) {
    const AheadOfOthers while_measuring;
    ThreadsReport(options, receivers);
    HopsReport(options);
  }
  if (wanted(4)) {
    RelayGoal(options);
    const AheadOfOthers while_measuring;
    RelayOverSocketsGoal(options, receivers);
  }
  if (wanted(6)) SteadyGoal(options, receivers);
}

}  // namespace
}  // namespace flblk::bench

int main(int argc, char** argv) {
  google::InitGoogleLogging(argv[0]);
  FLAGS_logtostderr = true;
  FLAGS_minloglevel = google::GLOG_WARNING;
  flblk::bench::Options options;
  std::set<int> goals;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0) {
      options.quick = true;
    } else {
      goals.insert(std::atoi(argv[i]));
    }
  }
  flblk::bench::Run(options, goals);
}
