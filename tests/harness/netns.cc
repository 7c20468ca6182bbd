#include "tests/harness/netns.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/harness/child.h"

namespace flblk::harness {
namespace {

constexpr char kBridge[] = "br0";
constexpr std::chrono::milliseconds kIpLimit{5000};

absl::Status Failed(absl::string_view what) {
  return absl::UnavailableError(
      absl::StrCat("network namespaces: ", what, ": ", std::strerror(errno)));
}

std::string PortName(size_t node) { return absl::StrCat("port", node); }

// A new network namespace for the calling thread.
absl::StatusOr<int> EnterNew() {
  if (unshare(CLONE_NEWNET) != 0) return Failed("unshare(CLONE_NEWNET)");
  const int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Failed("/proc/thread-self/ns/net");
  return fd;
}

// Runs the commands in the calling thread's namespace.
absl::Status Ip(const std::string& commands, const std::string& directory) {
  std::string program;
  for (const char* path : {"/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"}) {
    if (program.empty() && access(path, X_OK) == 0) program = path;
  }
  if (program.empty()) {
    return absl::UnavailableError("network namespaces: no ip program; install iproute2");
  }
  const std::string batch = directory + "/ip.batch", log = directory + "/ip.log";
  std::ofstream(batch) << commands;
  auto child = Child::Spawn({program, "-batch", batch}, log);
  if (!child.ok()) return child.status();
  if (!child->WaitFor(kIpLimit) || !child->EndedCleanly()) {
    return absl::UnavailableError(
        absl::StrCat("network namespaces: ip ended with ", child->Ending(), ":\n", Tail(log, 5)));
  }
  return absl::OkStatus();
}

}  // namespace

std::string Network::Address(size_t node) { return absl::StrCat("10.77.0.", node + 1); }

absl::StatusOr<std::unique_ptr<Network>> Network::Create(size_t nodes,
                                                         const std::string& directory) {
  if (nodes > kMaxNodes) {
    return absl::InvalidArgumentError(
        absl::StrCat("network namespaces: ", nodes, " nodes, the limit is ", kMaxNodes));
  }
  std::unique_ptr<Network> network(new Network);
  absl::Status status;
  // The namespace of a thread is its own: ours stays as it is.
  std::thread([&] { status = network->Build(nodes, directory); }).join();
  if (!status.ok()) return status;
  return network;
}

absl::Status Network::Try() {
  char directory[] = "/tmp/flblk.XXXXXX";
  if (mkdtemp(directory) == nullptr) return Failed("a directory in /tmp");
  const absl::Status status = Create(1, directory).status();
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  return status;
}

absl::Status Network::Build(size_t nodes, const std::string& directory) {
  for (size_t node = 0; node < nodes; ++node) {
    auto fd = EnterNew();
    if (!fd.ok()) return fd.status();
    node_fds_.push_back(*fd);
  }
  auto middle = EnterNew();
  if (!middle.ok()) return middle.status();
  std::string commands =
      absl::StrCat("link add ", kBridge, " type bridge stp_state 0 forward_delay 0\nlink set ",
                   kBridge, " up\n");
  for (size_t node = 0; node < nodes; ++node) {
    absl::StrAppend(&commands, "link add ", PortName(node),
                    " type veth peer name eth0 netns /proc/", getpid(), "/fd/", node_fds_[node],
                    "\nlink set ", PortName(node), " master ", kBridge, " up\n");
  }
  absl::Status status = Ip(commands, directory);
  control_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  for (size_t node = 0; node < nodes; ++node) {
    ports_.push_back(static_cast<int>(if_nametoindex(PortName(node).c_str())));
  }
  close(*middle);
  for (size_t node = 0; node < nodes && status.ok(); ++node) {
    if (setns(node_fds_[node], CLONE_NEWNET) != 0) return Failed("setns");
    status = Ip(absl::StrCat("link set lo up\naddr add ", Address(node),
                             "/24 dev eth0\nlink set eth0 up\n"),
                directory);
  }
  return status;
}

Network::~Network() {
  if (control_ >= 0) close(control_);
  for (int fd : node_fds_) close(fd);
}

absl::Status Network::Port(size_t node, bool member) {
  ifreq request{};
  std::strncpy(request.ifr_name, kBridge, IFNAMSIZ - 1);
  request.ifr_ifindex = ports_[node];
  if (ioctl(control_, member ? SIOCBRADDIF : SIOCBRDELIF, &request) != 0) {
    return Failed(absl::StrCat(member ? "joining" : "cutting", " port ", node));
  }
  return absl::OkStatus();
}

}  // namespace flblk::harness
