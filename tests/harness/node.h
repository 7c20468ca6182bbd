// One flblkd of the run: its directory, keys, command line, process and gRPC stubs.
#pragma once

#include <grpcpp/channel.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "flblk/v1/admin.grpc.pb.h"
#include "flblk/v1/builder.grpc.pb.h"
#include "signer/ed25519.h"
#include "tests/harness/child.h"

namespace flblk::harness {

struct NodeSettings {
  std::string name;       // "A", "R1", ...
  std::string directory;  // its own; short: it holds a Unix socket
  std::string program;    // path of flblkd
  std::string address = "127.0.0.1";
  int network_fd = -1;  // network namespace; -1: ours
  bool builder = false;
  std::string authorizer_vk;             // hex
  std::vector<std::string> extra_flags;  // for every start
};

class Node {
 public:
  // Makes directory and keys and picks the devp2p port; nothing runs yet.
  static absl::StatusOr<std::unique_ptr<Node>> Create(NodeSettings settings);

  const std::string& name() const { return settings_.name; }
  const std::string& enode() const { return enode_; }
  const PublicKey& builder_vk() const { return builder_vk_; }  // builders only
  std::string log_path() const { return settings_.directory + "/log"; }
  void set_peers(std::vector<std::string> enodes) { peers_ = std::move(enodes); }
  size_t peers() const { return peers_.size(); }

  // Starts the process; on the thread that lives longest (see Child).
  absl::Status Start();
  // Waits until gRPC answers and `peers` are connected. DEADLINE_EXCEEDED and UNAVAILABLE hold the
  // end of its log; CANCELLED where `stop` says so.
  absl::Status WaitReady(std::chrono::milliseconds limit, size_t peers,
                         const std::function<bool()>& stop);

  Child& child() { return *child_; }
  bool running() { return child_ && child_->running(); }

  v1::Builder::Stub& builder() { return *builder_; }
  v1::Admin::Stub& admin() { return *admin_; }

 private:
  explicit Node(NodeSettings settings) : settings_(std::move(settings)) {}
  std::vector<std::string> CommandLine() const;

  const NodeSettings settings_;
  std::string enode_;
  uint16_t port_ = 0;
  PublicKey builder_vk_;
  std::vector<std::string> peers_;
  std::unique_ptr<Child> child_;
  std::unique_ptr<v1::Builder::Stub> builder_;
  std::unique_ptr<v1::Admin::Stub> admin_;
};

}  // namespace flblk::harness
