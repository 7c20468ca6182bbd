#include "tests/harness/child.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <random>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace flblk::harness {
namespace {

// Between fork and exec: async-signal-safe calls only.
[[noreturn]] void BecomeProgram(char* const* argv, int log_fd, int network_fd, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // the parent ended before the line above
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  setpgid(0, 0);  // a Ctrl-C in the terminal is for us; we end the child
  const int null_fd = open("/dev/null", O_RDONLY);
  dup2(null_fd, 0);
  dup2(log_fd, 1);
  dup2(log_fd, 2);
  if (network_fd >= 0 && setns(network_fd, CLONE_NEWNET) != 0) _exit(127);
  execv(argv[0], argv);
  _exit(127);
}

bool PortIsFree(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool free = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return free;
}

}  // namespace

absl::StatusOr<Child> Child::Spawn(const std::vector<std::string>& argv,
                                   const std::string& log_path, int network_fd) {
  if (access(argv.at(0).c_str(), X_OK) != 0) {
    return absl::NotFoundError(absl::StrCat(argv[0], ": ", std::strerror(errno)));
  }
  const int log_fd = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log_fd < 0) {
    return absl::UnavailableError(absl::StrCat(log_path, ": ", std::strerror(errno)));
  }
  std::vector<char*> raw;
  for (const std::string& argument : argv) raw.push_back(const_cast<char*>(argument.c_str()));
  raw.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) BecomeProgram(raw.data(), log_fd, network_fd, parent);
  close(log_fd);
  if (pid < 0) return absl::ResourceExhaustedError(absl::StrCat("fork: ", std::strerror(errno)));
  return Child(pid);
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), status_(std::exchange(other.status_, std::nullopt)) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    End();
    pid_ = std::exchange(other.pid_, -1);
    status_ = std::exchange(other.status_, std::nullopt);
  }
  return *this;
}

Child::~Child() { End(); }

void Child::End() {
  if (pid_ < 0 || !running()) return;
  kill(pid_, SIGKILL);
  int status = 0;
  if (waitpid(pid_, &status, 0) == pid_) status_ = status;
}

bool Child::running() {
  if (pid_ < 0 || status_) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  return !status_;
}

void Child::Signal(int signal) {
  if (running()) kill(pid_, signal);
}

void Child::Freeze() {
  if (!running()) return;
  kill(pid_, SIGSTOP);
  for (int tries = 0; tries < 1000; ++tries) {
    siginfo_t info{};
    const int result =
        waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WEXITED | WNOHANG | WNOWAIT);
    if (result != 0 || info.si_pid == pid_) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

bool Child::WaitFor(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (running()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

std::string Child::Ending() const {
  if (!status_) return "running";
  if (WIFSIGNALED(*status_)) return absl::StrCat("signal ", WTERMSIG(*status_));
  return absl::StrCat("exit code ", WEXITSTATUS(*status_));
}

bool Child::EndedCleanly() const {
  return status_ && WIFEXITED(*status_) && WEXITSTATUS(*status_) == 0;
}

absl::StatusOr<uint16_t> FreePort() {
  std::random_device entropy;
  std::uniform_int_distribution<uint16_t> range(20'000, 32'000);
  for (int attempt = 0; attempt < 200; ++attempt) {
    const uint16_t port = range(entropy);
    if (PortIsFree(port)) return port;
  }
  return absl::ResourceExhaustedError("no free TCP port between 20000 and 32000 on 127.0.0.1");
}

std::string Tail(const std::string& path, size_t lines) {
  std::ifstream file(path);
  std::vector<std::string> last;
  for (std::string line; std::getline(file, line);) {
    last.push_back(line);
    if (last.size() > lines) last.erase(last.begin());
  }
  std::string out;
  for (const std::string& line : last) absl::StrAppend(&out, line, "\n");
  return out;
}

}  // namespace flblk::harness
