// Runs seeded schedules of whole nodes in virtual time; see README.md here.
//
// Without --nodes, of every five schedules two have 50 to 80 nodes, the others 4 to 20.
//
// Of every four schedules one has hostile nodes, without --hostile.
//
//   flblk_sim [--schedules N] [--seed FIRST] [--nodes N] [--hostile N] [--threads N]
//             [--seconds LIMIT] [--failures N]
//   flblk_sim --replay SEED [--nodes N] [--hostile N]
//       every step of one schedule, and its shrunk form where it fails
#include <algorithm>
#include <atomic>
#include <chrono>
#include <iomanip>
#include <iostream>
#include <mutex>
#include <optional>
#include <thread>

#include "tests/sim/options.h"
#include "tests/sim/world.h"

namespace {

using flblk::sim::Fault;
using flblk::sim::FaultKind;
using flblk::sim::MakeSchedule;
using flblk::sim::NumberOption;
using flblk::sim::Run;
using flblk::sim::RunResult;
using flblk::sim::Schedule;
using flblk::sim::TakeNumber;

struct Options {
  uint64_t schedules = 1000, seed = 1, seconds = 3600;
  uint32_t nodes = 0, threads = std::max(1u, std::thread::hardware_concurrency());
  std::optional<uint32_t> hostile;
  uint64_t failures = 10;  // stop after so many
  bool replay = false;
};

// What is wrong with the command line; empty: nothing.
std::string Parse(int argc, char** argv, Options& o) {
  const auto narrow = [](auto& to) { return [&to](uint64_t n) { to = static_cast<uint32_t>(n); }; };
  const auto wide = [](uint64_t& to) { return [&to](uint64_t n) { to = n; }; };
  const std::vector<NumberOption> numbers = {
      {.name = "--schedules", .set = wide(o.schedules)},
      {.name = "--seed", .set = wide(o.seed)},
      {.name = "--nodes", .least = 4, .most = 1000, .set = narrow(o.nodes), .zero_too = true},
      {.name = "--hostile", .most = 10, .set = narrow(o.hostile)},
      {.name = "--threads", .least = 1, .most = 1000, .set = narrow(o.threads)},
      {.name = "--seconds", .most = 1'000'000, .set = wide(o.seconds)},
      {.name = "--failures", .least = 1, .set = wide(o.failures)},
      {.name = "--replay", .set = [&o](uint64_t n) { o.seed = n, o.replay = true; }}};
  for (int i = 1; i < argc; i += 2) {
    const std::string wrong = TakeNumber(numbers, argv[i], i + 1 < argc ? argv[i + 1] : nullptr);
    if (!wrong.empty()) return wrong;
  }
  return {};
}

Schedule ScheduleOf(uint64_t seed, const Options& o) {
  Schedule schedule = MakeSchedule(seed, o.nodes);
  schedule.hostile = o.hostile.value_or(schedule.hostile);
  return schedule;
}

int Replay(const Options& o) {
  const Schedule schedule = ScheduleOf(o.seed, o);
  std::cout << Describe(schedule);
  const RunResult result = Run(schedule, &std::cout);
  if (result.trace != Run(schedule).trace) {
    std::cout << "the second run of the same schedule differed\n";
    return 1;
  }
  if (result.violations.empty()) {
    std::cout << "nothing was violated in " << result.events << " events\n";
    return 0;
  }
  const Schedule small = flblk::sim::Shrink(schedule);
  std::cout << "\nshrunk to:\n" << Describe(small);
  for (const std::string& v : Run(small, &std::cout).violations)
    std::cout << "violated: " << v << "\n";
  return 1;
}

struct Totals {
  std::atomic<uint64_t> ran{0}, large{0}, hostile{0}, freezing{0}, events{0}, delivered{0},
      handoffs{0}, incomplete{0}, conflicts{0}, banned{0}, failed{0};

  void Add(const Schedule& schedule, const RunResult& r) {
    ++ran;
    large += schedule.nodes >= 50;
    hostile += schedule.hostile > 0;
    freezing += std::any_of(schedule.faults.begin(), schedule.faults.end(),
                            [](const Fault& f) { return f.kind == FaultKind::kFreeze; });
    events += r.events;
    delivered += r.delivered;
    handoffs += r.handoffs;
    incomplete += r.incomplete_blocks;
    conflicts += r.two_builders;
    banned += r.banned;
    failed += !r.violations.empty();
  }
  void Print(double seconds) const {
    std::cout << ran << " schedules, " << large << " of them with 50 nodes or more, " << hostile
              << " with hostile ones, " << freezing << " with frozen builders: " << events
              << " events, " << delivered << " flashblocks delivered, " << handoffs
              << " transitions, " << incomplete << " incomplete blocks (around faults), "
              << conflicts << " conflicts seen, " << banned
              << " sessions with hostile nodes ended, " << std::fixed << std::setprecision(1)
              << seconds << " s\n";
  }
};

void PrintFailure(const Options& o, uint64_t seed, const std::vector<std::string>& violations) {
  std::cout << "violated: " << violations.front() << " (and " << violations.size() - 1
            << " more); replay: flblk_sim --replay " << seed << " --nodes " << o.nodes;
  if (o.hostile) std::cout << " --hostile " << *o.hostile;
  std::cout << std::endl;
}

int Search(const Options& o) {
  std::atomic<uint64_t> next{0};
  Totals totals;
  std::mutex print;
  const auto begin = std::chrono::steady_clock::now();
  const auto end = begin + std::chrono::seconds(o.seconds);
  auto work = [&] {
    for (uint64_t i = next++;
         i < o.schedules && totals.failed < o.failures && std::chrono::steady_clock::now() < end;
         i = next++) {
      const Schedule schedule = ScheduleOf(o.seed + i, o);
      const RunResult r = Run(schedule);
      totals.Add(schedule, r);
      if (r.violations.empty()) continue;
      const std::lock_guard<std::mutex> lock(print);
      PrintFailure(o, schedule.seed, r.violations);
    }
  };
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < o.threads; ++t) threads.emplace_back(work);
  for (std::thread& t : threads) t.join();
  totals.Print(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  if (totals.failed > 0) return 1;
  if (totals.ran >= o.schedules) return 0;
  std::cout << "only " << totals.ran << " of " << o.schedules << " schedules ran within "
            << o.seconds << " s (--seconds)\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const std::string wrong = Parse(argc, argv, options); !wrong.empty()) {
    std::cerr << "flblk_sim: " << wrong
              << "; usage: flblk_sim [--schedules N] [--seed FIRST] [--nodes 0|4..1000] [--hostile "
                 "0..10] [--threads N] [--seconds N] [--failures N] | --replay SEED [--nodes N] "
                 "[--hostile N]\n";
    return 2;
  }
  return options.replay ? Replay(options) : Search(options);
}
