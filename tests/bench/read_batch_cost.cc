// What putting the MACs of several feeds together (p2p/net/read_batch.h) changes for the receiving
// node: CPU time of its network thread per flashblock with all its copies, and the time from the
// first byte written to the delivery; together over one by one, in turns within one run.
//
//   flblk-read-batch-cost
//
// Two nodes in this process, each with so many feeds, which write the same flashblock at the same
// time: every socket takes its next 16 KB in turn.
#include <absl/strings/str_format.h>
#include <arpa/inet.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <thread>

#include "glog/logging.h"
#include "p2p/net/clock.h"
#include "plugin/process_memory.h"
#include "tests/bench/ahead.h"
#include "tests/bench/publisher.h"

namespace flblk::bench {
namespace {

// Everything up to feeding the node, then frames sealed in advance.
class Feed {
 public:
  Feed(uint16_t port, const NodeId& node)
      : fd_(socket(AF_INET, SOCK_STREAM, 0)), key_(*rlpx::NodeKey::Generate()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    PCHECK(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    rlpx::SessionConfig config;
    config.role = rlpx::Role::kInitiator;
    config.key = &key_;
    config.remote = node;
    config.eth.enabled = false;
    std::array<uint8_t, 32> entropy;
    PCHECK(getrandom(entropy.data(), entropy.size(), 0) == 32);
    session_.emplace(config, entropy, net::RealNow());
    while (!asked_) Turn();
    CHECK_EQ(session_->Send({wire::MessageId::kAcceptFlashblocks, {}, {0}}), absl::OkStatus());
    Flush();
  }
  ~Feed() { close(fd_); }
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  int fd() const { return fd_; }
  void Seal(const wire::Frame& frame) { CHECK_EQ(session_->Send(frame), absl::OkStatus()); }
  bool done() const { return session_->PendingOutput().empty(); }
  // True: it took something.
  bool WriteSome(size_t limit) {
    const ByteView out = session_->PendingOutput();
    if (out.empty()) return false;
    const ssize_t n =
        send(fd_, out.data(), std::min(out.size(), limit), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return false;
    PCHECK(n > 0);
    session_->ConsumeOutput(static_cast<size_t>(n));
    return true;
  }
  // Answers what the node has asked meanwhile (Pings).
  void Answer() {
    pollfd wait{.fd = fd_, .events = POLLIN, .revents = 0};
    if (poll(&wait, 1, 0) > 0) Turn();
  }

 private:
  void Flush() {
    while (!done()) WriteSome(SIZE_MAX);
  }
  void Turn() {
    Flush();
    std::array<uint8_t, 4096> buffer;
    const ssize_t n = recv(fd_, buffer.data(), buffer.size(), 0);
    PCHECK(n > 0) << "the node closed a connection";
    std::vector<rlpx::SessionEvent> events;
    session_->OnBytes({buffer.data(), static_cast<size_t>(n)}, net::RealNow(), events);
    for (const rlpx::SessionEvent& event : events) {
      const auto* message = std::get_if<rlpx::MessageReceived>(&event);
      asked_ |= message && message->frame->id == wire::MessageId::kRequestFlashblocks;
      CHECK(!std::holds_alternative<rlpx::Closed>(event)) << std::get<rlpx::Closed>(event).why;
    }
    Flush();
  }

  const int fd_;
  const rlpx::NodeKey key_;
  std::optional<rlpx::Session> session_;
  bool asked_ = false;
};

class Receiver final : public net::NodeObserver {
 public:
  Receiver(size_t feeds, bool batch) : key_(*rlpx::NodeKey::Generate()) {
    net::NodeConfig config;
    config.listen_address = "127.0.0.1";
    config.listen_port = 0;
    config.authorizer = AuthorizerKey().public_key();
    config.eth.enabled = false;
    config.batch_reads = batch;
    config.engine.max_receive_peers = static_cast<uint32_t>(feeds);
    config.engine.rotation_interval = std::chrono::hours(1);
    auto node = net::Node::Create(config, &key_, nullptr, nullptr, this);
    CHECK(node.ok()) << node.status();
    node_ = *std::move(node);
    CHECK_EQ(node_->Start(), absl::OkStatus());
    for (size_t i = 0; i < feeds; ++i) {
      feeds_.push_back(std::make_unique<Feed>(node_->Info()->listen_port, key_.id()));
    }
  }
  ~Receiver() override { node_->Stop(); }

  struct Cost {
    double latency = 0, cpu = 0;  // seconds
  };
  Cost One(const wire::Frame& frame) {
    for (auto& feed : feeds_) {
      feed->Answer();
      feed->Seal(frame);
    }
    const double before = NetworkCpu(), begin = WallSeconds();
    ++sent_;
    WriteAll();
    while (copies() < sent_ * (feeds_.size() - 1)) {
    }
    return {delivered_ - begin, NetworkCpu() - before};
  }

  void OnFlashblock(const core::FlashblockDelivered&) override { delivered_ = WallSeconds(); }
  void OnPublishing(const core::PublishingChanged&, Now) override {}
  void OnEquivocation(const core::EquivocationFound&) override {}
  void OnPeerUp(const net::PeerInfo&) override {}
  void OnPeerDown(const net::PeerInfo&, const std::string&) override {}
  void OnPenalty(const net::PeerInfo&, const core::Penalise&) override {}

 private:
  double NetworkCpu() {
    double seconds = 0;
    CHECK_EQ(node_->WithBlock([&](const auto&, const auto&) { seconds = ThreadSeconds(); }),
             absl::OkStatus());
    return seconds;
  }
  // Asked seldom: the answer costs the thread that is measured.
  size_t copies() {
    std::this_thread::sleep_for(pause_);
    const auto stats = node_->Stats();
    CHECK(stats.ok()) << stats.status();
    return stats->engine.flashblocks_new < sent_ ? 0 : stats->engine.duplicates;
  }
  void WriteAll() {
    constexpr size_t kTurn = size_t{16} << 10;
    for (bool done = false; !done;) {
      done = true;
      for (auto& feed : feeds_) {
        feed->WriteSome(kTurn);
        done &= feed->done();
      }
    }
  }

  const rlpx::NodeKey key_;
  std::unique_ptr<net::Node> node_;
  std::vector<std::unique_ptr<Feed>> feeds_;
  const std::chrono::milliseconds pause_{3};
  size_t sent_ = 0;
  std::atomic<double> delivered_ = 0;
};

void Report(Receiver& together, Receiver& one_by_one, Sequence& sequence, size_t feeds,
            size_t size) {
  std::vector<double> latency, cpu;
  const double end = WallSeconds() + 5;
  for (int i = 0; i < 310 && (i < 30 || WallSeconds() < end); ++i) {
    sequence.Advance(50);
    const wire::FramePtr frame = SerialStages(
        Flashblock(sequence.authorization(), sequence.index(), size), sequence.authorization());
    const bool first = i % 2 == 0;
    Receiver::Cost a, b;
    if (first) a = together.One(*frame);
    b = one_by_one.One(*frame);
    if (!first) a = together.One(*frame);
    if (i < 10) continue;  // the first ones grow buffers
    latency.push_back(a.latency / b.latency);
    cpu.push_back(a.cpu / b.cpu);
  }
  std::puts(absl::StrFormat("%d feeds, %7d bytes: CPU time %.2f; latency %.2f", feeds, size,
                            Median(cpu), Median(latency))
                .c_str());
}

void Run() {
  plugin::KeepFreedMemory();
  Sequence sequence;
  const AheadOfOthers while_measuring;
  for (const size_t feeds : {1, 3, 8}) {
    Receiver together(feeds, true), one_by_one(feeds, false);
    for (const size_t size : {1'000, 10'000, 100'000, 1'000'000}) {
      Report(together, one_by_one, sequence, feeds, size);
    }
  }
}

}  // namespace
}  // namespace flblk::bench

int main(int, char** argv) {
  google::InitGoogleLogging(argv[0]);
  FLAGS_logtostderr = true;
  FLAGS_minloglevel = google::GLOG_WARNING;
  flblk::bench::Run();
  return 0;
}
