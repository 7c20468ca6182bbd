// Runs seeded schedules of whole nodes in virtual time; see README.md here.
//
// Without --nodes, of every five schedules two have 50 to 80 nodes, the others 4 to 20.
//
//   flblk_sim [--schedules N] [--seed FIRST] [--nodes N] [--threads N] [--seconds LIMIT]
//   flblk_sim --replay SEED [--nodes N]     every step of one schedule, and its shrunk form where
//   it fails
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <string_view>
#include <thread>

#include "tests/sim/world.h"

namespace {

using flblk::sim::MakeSchedule;
using flblk::sim::Run;
using flblk::sim::RunResult;
using flblk::sim::Schedule;

struct Options {
  uint64_t schedules = 1000, seed = 1, seconds = 3600;
  uint32_t nodes = 0, threads = std::max(1u, std::thread::hardware_concurrency());
  uint64_t failures = 10;  // stop after so many
  bool replay = false;
};

bool Parse(int argc, char** argv, Options& o) {
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (i + 1 >= argc) return false;
    const uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
    if (name == "--schedules") {
      o.schedules = value;
    } else if (name == "--seed") {
      o.seed = value;
    } else if (name == "--nodes" && (value == 0 || value >= 4) && value <= 1000) {
      o.nodes = static_cast<uint32_t>(value);
    } else if (name == "--threads" && value >= 1) {
      o.threads = static_cast<uint32_t>(value);
    } else if (name == "--seconds") {
      o.seconds = value;
    } else if (name == "--failures" && value >= 1) {
      o.failures = value;
    } else if (name == "--replay") {
      o.seed = value;
      o.replay = true;
    } else {
      return false;
    }
  }
  return true;
}

int Replay(const Options& o) {
  const Schedule schedule = MakeSchedule(o.seed, o.nodes);
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

int Search(const Options& o) {
  std::atomic<uint64_t> next{0}, events{0}, delivered{0}, handoffs{0}, incomplete{0}, conflicts{0},
      ran{0}, large{0};
  std::atomic<uint64_t> failed{0};
  std::mutex print;
  const auto begin = std::chrono::steady_clock::now();
  const auto end = begin + std::chrono::seconds(o.seconds);
  auto work = [&] {
    for (uint64_t i = next++;
         i < o.schedules && failed < o.failures && std::chrono::steady_clock::now() < end;
         i = next++) {
      const Schedule schedule = MakeSchedule(o.seed + i, o.nodes);
      const RunResult r = Run(schedule);
      ++ran;
      large += schedule.nodes >= 50;
      events += r.events;
      delivered += r.delivered;
      handoffs += r.handoffs;
      incomplete += r.incomplete_blocks;
      conflicts += r.two_builders;
      if (!r.violations.empty()) {
        ++failed;
        const std::lock_guard<std::mutex> lock(print);
        std::cout << "violated: " << r.violations.front() << " (and " << r.violations.size() - 1
                  << " more); replay: flblk_sim --replay " << schedule.seed << " --nodes "
                  << o.nodes << std::endl;
      }
    }
  };
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < o.threads; ++t) threads.emplace_back(work);
  for (std::thread& t : threads) t.join();
  const double took =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf(
      "%llu schedules, %llu of them with 50 nodes or more: %llu events, %llu flashblocks "
      "delivered, "
      "%llu transitions, %llu incomplete blocks (around faults), %llu conflicts seen, %.1f s\n",
      static_cast<unsigned long long>(ran), static_cast<unsigned long long>(large),
      static_cast<unsigned long long>(events), static_cast<unsigned long long>(delivered),
      static_cast<unsigned long long>(handoffs), static_cast<unsigned long long>(incomplete),
      static_cast<unsigned long long>(conflicts), took);
  return failed ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!Parse(argc, argv, options)) {
    std::cerr
        << "usage: flblk_sim [--schedules N] [--seed FIRST] [--nodes 0|4..1000] [--threads N] "
           "[--seconds N] | "
           "--replay SEED [--nodes N]\n";
    return 2;
  }
  return options.replay ? Replay(options) : Search(options);
}
