#include "tests/harness/run.h"

#include <signal.h>
#include <stdlib.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "tests/harness/sequencer.h"

namespace flblk::harness {
namespace {

constexpr std::chrono::milliseconds kStartLimit{10'000}, kMeetLimit{20'000};
constexpr std::chrono::milliseconds kLead{300};
constexpr std::chrono::milliseconds kExitLimit{2000};  // of flblkd after SIGTERM

// A temporary directory, removed at the end. Short, for the Unix sockets in it.
class Scratch {
 public:
  explicit Scratch(bool keep) : keep_(keep) {
    char path[] = "/tmp/flblk.XXXXXX";
    if (mkdtemp(path) != nullptr) path_ = path;
  }
  ~Scratch() {
    std::error_code ignored;
    if (!keep_ && !path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  const bool keep_;
  std::string path_;
};

uint64_t SlotSeconds(const Timing& timing) {
  return std::max<uint64_t>(
      1, static_cast<uint64_t>((timing.slot_ns + 999 * kNsPerMs) / (1000 * kNsPerMs)));
}

// Slots shorter than the second that timestamps count in would run ahead of the clock: begin
// earlier then.
uint64_t FirstSlot(const Options& options, int64_t unix_begin_ns) {
  const uint64_t begin = static_cast<uint64_t>(unix_begin_ns / (1000 * kNsPerMs)) + 1;
  const uint64_t played =
      options.blocks * static_cast<uint64_t>(options.setup.timing.slot_ns) / (1000 * kNsPerMs);
  const uint64_t counted = options.blocks * SlotSeconds(options.setup.timing);
  return begin - (counted > played ? counted - played : 0);
}

std::vector<std::string> NodeFlags(const Options& options) {
  const RunSetup& setup = options.setup;
  std::vector<std::string> flags = {
      absl::StrCat("--takeover-after=", setup.takeover_ns / kNsPerMs, "ms"),
      absl::StrCat("--flashblock-interval=", setup.timing.interval_ns / kNsPerMs, "ms"),
      absl::StrCat("--block-time=", SlotSeconds(setup.timing), "s")};
  flags.insert(flags.end(), options.node_flags.begin(), options.node_flags.end());
  return flags;
}

absl::StatusOr<std::vector<std::unique_ptr<Node>>> MakeNodes(const Options& options,
                                                             const std::string& directory,
                                                             const PublicKey& authorizer,
                                                             const Network* network) {
  const Shape& shape = options.setup.shape;
  std::vector<std::unique_ptr<Node>> nodes;
  for (size_t i = 0; i < shape.nodes(); ++i) {
    NodeSettings settings;
    settings.name = NodeName(shape, i);
    settings.directory = directory + "/" + settings.name;
    settings.program = options.flblkd;
    settings.builder = shape.IsBuilder(i);
    if (network != nullptr) {
      settings.network_fd = network->fd(i);
      settings.address = Network::Address(i);
    }
    settings.authorizer_vk = ToHex(authorizer.bytes);
    settings.extra_flags = NodeFlags(options);
    auto node = Node::Create(std::move(settings));
    if (!node.ok()) return node.status();
    nodes.push_back(*std::move(node));
  }
  auto links = Links(shape, options.topology);
  if (!links.ok()) return links.status();
  std::vector<std::vector<std::string>> peers(shape.nodes());
  for (const auto& [a, b] : *links) {
    peers[a].push_back(nodes[b]->enode());
    peers[b].push_back(nodes[a]->enode());
  }
  for (size_t i = 0; i < nodes.size(); ++i) nodes[i]->set_peers(std::move(peers[i]));
  return nodes;
}

absl::Status StartNodes(const std::vector<std::unique_ptr<Node>>& nodes,
                        const std::function<bool()>& stop) {
  for (const auto& node : nodes) {
    if (absl::Status status = node->Start(); !status.ok()) return status;
  }
  for (const auto& node : nodes) {
    if (absl::Status status = node->WaitReady(kStartLimit, 0, stop); !status.ok()) return status;
  }
  for (const auto& node : nodes) {
    if (absl::Status status = node->WaitReady(kMeetLimit, node->peers(), stop); !status.ok())
      return status;
  }
  return absl::OkStatus();
}

// SIGTERM must end every sidecar in time and cleanly.
void StopNodes(RunContext& run) {
  for (auto& node : run.nodes) {
    if (node->running()) node->child().Signal(SIGTERM);
  }
  const auto deadline = std::chrono::steady_clock::now() + kExitLimit;
  for (auto& node : run.nodes) {
    if (!node->running()) continue;
    const auto left = deadline - std::chrono::steady_clock::now();
    if (!node->child().WaitFor(std::chrono::duration_cast<std::chrono::milliseconds>(left))) {
      run.Fail(absl::StrCat(node->name(), " still runs ", kExitLimit.count(), " ms after SIGTERM"));
    } else if (!node->child().EndedCleanly()) {
      run.Fail(
          absl::StrCat(node->name(), " ended with ", node->child().Ending(), " after SIGTERM"));
    }
  }
}

}  // namespace

absl::StatusOr<std::vector<Record>> PlayRun(const Options& options, const Observe& observe,
                                            const std::function<bool()>& stop) {
  Scratch scratch(options.keep);
  if (scratch.path().empty()) return absl::UnavailableError("cannot make a directory in /tmp");
  auto authorizer = SecretKey::Generate();
  if (!authorizer.ok()) return authorizer.status();
  std::unique_ptr<Network> network;
  if (options.netns) {
    auto made = Network::Create(options.setup.shape.nodes(), scratch.path());
    if (!made.ok()) return made.status();
    network = *std::move(made);
  }
  auto nodes = MakeNodes(options, scratch.path(), authorizer->public_key(), network.get());
  if (!nodes.ok()) return nodes.status();
  if (absl::Status status = StartNodes(*nodes, stop); !status.ok()) return status;

  const RunClock clock(kLead);
  GeneratorConfig generator = options.generator;
  generator.slot_seconds = SlotSeconds(options.setup.timing);
  generator.first_slot = FirstSlot(options, clock.UnixBegin());
  if (options.recorded)
    generator.first_number = options.recorded->deltas.front().base().block_number();
  const BlockSource source(generator, options.recorded);
  RunContext run(options.setup.shape, options.setup.timing, clock, &source);
  run.network = std::move(network);
  run.nodes = *std::move(nodes);
  bool to_the_end = false;
  {
    std::vector<std::unique_ptr<Receiver>> receivers;
    std::vector<std::unique_ptr<BuilderHost>> hosts;
    for (size_t i = 0; i < run.nodes.size(); ++i)
      receivers.push_back(std::make_unique<Receiver>(run, i));
    for (size_t i = 0; i < run.shape.builders; ++i) {
      hosts.push_back(std::make_unique<BuilderHost>(run, static_cast<int>(i)));
    }
    to_the_end = Sequencer(run, options, *authorizer, hosts, receivers).Play([&] {
      observe(run);
      return !stop();
    });
  }
  StopNodes(run);
  observe(run);
  if (!to_the_end) return absl::CancelledError("interrupted");
  return run.log.Copy();
}

}  // namespace flblk::harness
