#include "tests/harness/node.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "p2p/rlpx/node_key.h"
#include "signer/key_file.h"

namespace flblk::harness {
namespace {

constexpr size_t kLogLines = 15;  // of a node's log in an error

std::shared_ptr<grpc::Channel> Connect(const std::string& target) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 20);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Node>> Node::Create(NodeSettings settings) {
  std::error_code error;
  std::filesystem::create_directories(settings.directory, error);
  if (error) {
    return absl::UnavailableError(absl::StrCat(settings.directory, ": ", error.message()));
  }
  std::unique_ptr<Node> node(new Node(std::move(settings)));
  const std::string& directory = node->settings_.directory;
  auto key = rlpx::NodeKey::LoadOrCreate(directory + "/nodekey");
  if (!key.ok()) return key.status();
  auto port = FreePort();
  if (!port.ok()) return port.status();
  node->port_ = *port;
  node->enode_ =
      absl::StrCat("enode://", ToHex(key->id()), "@", node->settings_.address, ":", *port);
  if (node->settings_.builder) {
    auto secret = CreateSecretKeyFile(directory + "/builder.key");
    if (!secret.ok()) return secret.status();
    node->builder_vk_ = secret->public_key();
  }
  auto channel = Connect("unix:" + directory + "/flblk.sock");
  node->builder_ = v1::Builder::NewStub(channel);
  node->admin_ = v1::Admin::NewStub(channel);
  return node;
}

std::vector<std::string> Node::CommandLine() const {
  const std::string& directory = settings_.directory;
  std::vector<std::string> argv = {settings_.program,
                                   "--datadir=" + directory,
                                   "--addr=" + settings_.address,
                                   absl::StrCat("--port=", port_),
                                   "--nodekey=" + directory + "/nodekey",
                                   "--grpc=unix:" + directory + "/flblk.sock",
                                   "--authorizer-vk=" + settings_.authorizer_vk};
  if (settings_.builder) {
    argv.push_back("--builder-sk-file=" + directory + "/builder.key");
    argv.push_back("--sign-once-journal=" + directory + "/journal");
  }
  if (!peers_.empty()) argv.push_back("--trusted-peers=" + absl::StrJoin(peers_, ","));
  argv.insert(argv.end(), settings_.extra_flags.begin(), settings_.extra_flags.end());
  return argv;
}

absl::Status Node::Start() {
  auto child = Child::Spawn(CommandLine(), log_path(), settings_.network_fd);
  if (!child.ok()) return child.status();
  child_ = std::make_unique<Child>(*std::move(child));
  return absl::OkStatus();
}

absl::Status Node::WaitReady(std::chrono::milliseconds limit, size_t peers,
                             const std::function<bool()>& stop) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  std::string last = "no answer";
  while (std::chrono::steady_clock::now() < deadline) {
    if (stop()) return absl::CancelledError("interrupted");
    if (!running()) {
      return absl::UnavailableError(absl::StrCat("node ", name(), " ended with ",
                                                 child_ ? child_->Ending() : "nothing", ":\n",
                                                 Tail(log_path(), kLogLines)));
    }
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(1));
    context.set_wait_for_ready(true);  // without a call that waits, gRPC polls a channel every 5 s
    v1::NodeInfoResponse info;
    const grpc::Status status = admin_->NodeInfo(&context, {}, &info);
    if (status.ok() && info.peers() >= peers) return absl::OkStatus();
    last =
        status.ok() ? absl::StrCat(info.peers(), " of ", peers, " peers") : status.error_message();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return absl::DeadlineExceededError(absl::StrCat("node ", name(), " is not ready after ",
                                                  limit.count(), " ms (", last, "):\n",
                                                  Tail(log_path(), kLogLines)));
}

}  // namespace flblk::harness
