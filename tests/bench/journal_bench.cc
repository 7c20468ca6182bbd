// flblk-journal-bench [DIRECTORY]: what the sign-once journal costs on the publish path.
//
// One claim by itself, and a host's publish call (10 KB, no peers, verdict awaited) with and
// without the journal, in turn. DIRECTORY: where the files lie (default: a new one below the
// working directory), for the file system decides.
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "plugin/config.h"
#include "plugin/host.h"
#include "plugin/journal.h"
#include "plugin/runtime.h"
#include "plugin/text.h"
#include "tests/bench/publisher.h"

namespace flblk::bench {
namespace {

constexpr int kClaims = 100'000, kPublishes = 4'000, kPerBlock = 50;
constexpr size_t kBytes = 10'000;

double Microseconds(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin)
      .count();
}

struct Figures {
  double p50 = 0, p99 = 0, p999 = 0, max = 0;
};
Figures Sum(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  const auto at = [&](double q) {
    return samples[static_cast<size_t>(q * static_cast<double>(samples.size() - 1))];
  };
  return {at(0.5), at(0.99), at(0.999), at(1)};
}
Figures Print(const char* what, std::vector<double> samples) {
  const Figures f = Sum(std::move(samples));
  printf("%-34s p50 %8.1f us  p99 %8.1f us  p99.9 %8.1f us  max %8.1f us\n", what, f.p50, f.p99,
         f.p999, f.max);
  return f;
}

// The ring is written over several times.
std::vector<double> Claims(const std::string& path) {
  auto journal = plugin::Journal::Open(path, BuilderKey().public_key());
  if (!journal.ok()) abort();
  std::vector<double> out;
  for (uint64_t n = 0; n < kClaims; ++n) {
    Hash32 digest{};
    digest[0] = static_cast<uint8_t>(n);
    const uint64_t slot = 1'700'000'000 + n / kPerBlock;
    const PayloadId id{3, static_cast<uint8_t>(slot >> 16), static_cast<uint8_t>(slot >> 8),
                       static_cast<uint8_t>(slot)};
    const auto begin = std::chrono::steady_clock::now();
    const auto status = (*journal)->Claim(slot, id, n % kPerBlock, digest);
    out.push_back(Microseconds(begin));
    if (!status.ok()) abort();
  }
  return out;
}

// A plugin's inside, without the C ABI around it.
class Builder {
 public:
  Builder(const std::string& directory, const std::string& journal) {
    auto config = plugin::ConfigFromToml(
        plugin::Cat("datadir = \"", directory, "\"\naddr = \"127.0.0.1\"\nport = 0\n",
                    "grpc = [\"none\"]\nauthorizer_vk = \"",
                    ToHex(AuthorizerKey().public_key().bytes), "\"\n", journal),
        "bench");
    if (!config.ok()) Die(config.status());
    FixedBytes<32> seed;
    seed.fill(kBuilderSeedByte);
    config->builder_sk = *SecretKey::FromSeed(seed);
    auto created = plugin::Runtime::Create({.config = *std::move(config),
                                            .make_node = net::Node::Create,
                                            .log = [](plugin::LogLevel, const std::string&) {},
                                            .sinks = {}});
    if (!created.ok()) Die(created.status());
    runtime_ = *std::move(created);
    if (auto status = runtime_->Start(); !status.ok()) Die(status);
  }

  double Publish() {
    if (sequence_.Advance(kPerBlock)) Authorize();
    auto flashblock = Flashblock(sequence_.authorization(), sequence_.index(), kBytes);
    const auto begin = std::chrono::steady_clock::now();
    Await([&](auto done) {
      runtime_->host().Publish(std::move(flashblock),
                               [done](const plugin::Verdict& v) { done(v.status); });
    });
    return Microseconds(begin);
  }

 private:
  static void Die(const absl::Status& status) {
    fprintf(stderr, "%s\n", std::string(status.message()).c_str());
    exit(1);
  }
  void Authorize() {
    core::ForkchoiceUpdated update;
    update.authorization = sequence_.authorization();
    update.attributes.emplace().timestamp = sequence_.authorization().timestamp;
    Await([&](auto done) {
      runtime_->host().ForkchoiceUpdated(
          update, [done](const absl::Status& s, const plugin::PublishView&) { done(s); });
    });
  }
  template <typename Call>
  void Await(const Call& call) {
    bool done = false;
    absl::Status verdict;
    call([&](const absl::Status& status) {
      const std::lock_guard inner(mutex_);
      verdict = status;
      done = true;
      changed_.notify_one();
    });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return done; });
    if (!verdict.ok()) Die(verdict);
  }

  std::unique_ptr<plugin::Runtime> runtime_;
  Sequence sequence_;
  std::mutex mutex_;
  std::condition_variable changed_;
};

int Main(std::string directory) {
  if (directory.empty()) {
    directory = "journal-bench.XXXXXX";
    if (mkdtemp(directory.data()) == nullptr) return 1;
  }
  const Figures claim = Print("claim", Claims(directory + "/claims"));
  std::vector<double> with, without;
  {
    Builder on(directory + "/on", plugin::Cat("sign_once_journal = \"", directory, "/journal\"\n"));
    Builder off(directory + "/off", "");
    for (int i = 0; i < kPublishes; ++i) {
      with.push_back(on.Publish());
      without.push_back(off.Publish());
    }
  }
  const Figures on = Print("publish 10 KB with the journal", with);
  const Figures off = Print("publish 10 KB without", without);
  printf("claim p99 / publish p50: %.4f   publish with / without, p50: %.3f, p99: %.3f\n",
         claim.p99 / off.p50, on.p50 / off.p50, on.p99 / off.p99);
  for (const char* file : {"/claims", "/journal", "/on", "/off"})
    std::filesystem::remove_all(directory + file);
  std::error_code not_empty;
  std::filesystem::remove(directory, not_empty);
  const bool met = claim.p99 <= 1000;
  printf("goal: p99 of a claim <= 1 ms: %s\n", met ? "met" : "MISSED");
  return met ? 0 : 1;
}

}  // namespace
}  // namespace flblk::bench

int main(int argc, char** argv) { return flblk::bench::Main(argc > 1 ? argv[1] : ""); }
