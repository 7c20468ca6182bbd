// flblkd, the sidecar: a small host of libflblk.so. It reads flags, environment and file, owns the
// process (signals, log), and otherwise only calls the C ABI. SIGTERM and SIGINT end it; SIGHUP
// reads the configuration again.
#include <glog/logging.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "plugin/config.h"
#include "plugin/flblk.h"
#include "plugin/process_log.h"
#include "plugin/process_memory.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

constexpr int kExitUsage = 2, kExitFailure = 1, kExitForced = 130;
constexpr auto kStopLimit = std::chrono::seconds(4);  // the plugin promises 2 s

int Fail(int code, std::string_view what) {
  fprintf(stderr, "flblkd: %.*s\n", static_cast<int>(what.size()), what.data());
  return code;
}

// SIGTERM, SIGINT and SIGHUP are taken by sigwait; blocked before any thread exists, so that all
// inherit it.
sigset_t BlockSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return set;
}

int NextSignal(const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
  return signal;
}

// A second signal, or a stop that takes too long, ends the process as it is.
void ForceLater(const sigset_t& signals) {
  std::thread([signals] {
    while (NextSignal(signals) == SIGHUP) continue;
    _exit(kExitForced);
  }).detach();
  std::thread([] {
    std::this_thread::sleep_for(kStopLimit);
    _exit(kExitFailure);
  }).detach();
}

// The seed of FLBLK_BUILDER_SK for the plugin; wiped by its destructor.
struct Seed {
  FixedBytes<32> bytes{};
  bool set = false;
  ~Seed() { explicit_bzero(bytes.data(), bytes.size()); }

  void Take(std::optional<SecretKey>& key) {
    if (!key) return;
    char hex[64];
    key->ExportSeedHex(hex);
    set = FromHexExact(std::string_view(hex, sizeof hex), "FLBLK_BUILDER_SK", bytes).ok();
    explicit_bzero(hex, sizeof hex);
    key.reset();
    unsetenv("FLBLK_BUILDER_SK");
  }
};

flblk_bytes ToAbi(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

using Arguments = std::span<const char* const>;
absl::StatusOr<CommandLine> ReadConfig(Arguments args) {
  return ConfigFromCommandLine(args, [](const char* name) { return getenv(name); });
}

void LogRefused(const std::string& reason) {
  LOG(ERROR) << "event=reconfigured msg=\"SIGHUP: configuration refused, nothing has changed: "
             << reason << "\"";
}

// The same flags and environment, and the file as it is now.
void Reload(Arguments args, const flblk_api* api, flblk_plugin* plugin) {
  const auto read = ReadConfig(args);
  if (!read.ok()) {
    LogRefused(std::string(read.status().message()));
    return;
  }
  if (api->reconfigure(plugin, ToAbi(ConfigToToml(read->config))) != FLBLK_OK) {
    LogRefused(api->last_error());
    return;
  }
  SetProcessLogLevel(read->config.log_level);
}

int Run(Config config, Arguments args) {
  const sigset_t signals = BlockSignals();
  KeepFreedMemory();
  InitProcessLog(config.log_level, config.log_format);
  for (const std::string& warning : EnvironmentWarnings(environ)) LOG(WARNING) << warning;
  const flblk_api* api = flblk_get_api(FLBLK_ABI_MAJOR);
  if (api == nullptr) return Fail(kExitFailure, "libflblk.so has another major version of the ABI");
  Seed seed;
  seed.Take(config.builder_sk);
  const std::string toml = ConfigToToml(config);
  flblk_options options{};
  options.struct_size = sizeof options;
  options.config = ToAbi(toml);
  options.builder_seed = {seed.bytes.data(), seed.set ? seed.bytes.size() : 0};
  flblk_plugin* plugin = nullptr;
  if (api->create(&options, &plugin) != FLBLK_OK) return Fail(kExitFailure, api->last_error());
  if (api->start(plugin) != FLBLK_OK) {
    Fail(kExitFailure, api->last_error());
    api->destroy(plugin);
    return kExitFailure;
  }
  printf("flblkd %s\nenode %s\ngrpc %s\nhttp %s\n", api->version, api->enode(plugin),
         api->grpc_target(plugin), api->http_address(plugin));
  fflush(stdout);
  while (NextSignal(signals) == SIGHUP) Reload(args, api, plugin);
  ForceLater(signals);
  api->stop(plugin);
  api->destroy(plugin);
  return 0;
}

int Main(Arguments args) {
  auto parsed = ReadConfig(args);
  if (!parsed.ok()) return Fail(kExitUsage, Cat(parsed.status().message()));
  if (parsed->help) {
    fputs(ConfigHelp("flblkd").c_str(), stdout);
  } else if (parsed->version) {
    printf("flblkd %s\n", kVersion.data());
  } else if (parsed->dump_config) {
    for (const std::string& warning : EnvironmentWarnings(environ))
      fprintf(stderr, "flblkd: %s\n", warning.c_str());
    fputs(ConfigToToml(parsed->config).c_str(), stdout);
  } else {
    return Run(std::move(parsed->config), args);
  }
  return 0;
}

}  // namespace
}  // namespace flblk::plugin

int main(int argc, char** argv) {
  return flblk::plugin::Main(
      {argv + std::min(argc, 1), static_cast<size_t>(std::max(argc - 1, 0))});
}
