// flblk-scale-costs: what one node spends on one flashblock, in CPU time of one thread of this
// machine; the medians as costs.json for flblk-scale. The sessions are real, sockets serve only the
// price of a send().
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "glog/logging.h"
#include "p2p/core/engine.h"
#include "p2p/net/clock.h"
#include "p2p/net/engine_ports.h"
#include "p2p/net/fan_out.h"
#include "p2p/rlpx/testing/sessions.h"
#include "tests/bench/goals.h"

namespace flblk::bench {
namespace {

using rlpx::testing::At;

struct Samples {
  std::vector<double> publish, relay, seal_group, send, duplicate;
  size_t wire_bytes = 0;
};

// Two connected TCP sockets of this machine; what is sent is read and forgotten.
class Loopback {
 public:
  Loopback() {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    PCHECK(bind(listener, raw, size) == 0 && listen(listener, 1) == 0);
    PCHECK(getsockname(listener, raw, &size) == 0);
    from_ = socket(AF_INET, SOCK_STREAM, 0);
    PCHECK(connect(from_, raw, size) == 0);
    to_ = accept(listener, nullptr, nullptr);
    PCHECK(to_ >= 0);
    close(listener);
    const int yes = 1;
    PCHECK(setsockopt(from_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0);
  }
  ~Loopback() {
    close(from_);
    close(to_);
  }

  double SendSeconds(ByteView bytes) {
    double total = 0;
    while (!bytes.empty()) {
      const double begin = ThreadSeconds();
      const ssize_t n = ::send(from_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      total += ThreadSeconds() - begin;
      if (n > 0) bytes = bytes.subspan(static_cast<size_t>(n));
      while (recv(to_, sink_.data(), sink_.size(), MSG_DONTWAIT) > 0) {
      }
    }
    return total;
  }

 private:
  int from_, to_;
  Bytes sink_ = Bytes(1 << 20);
};

// A relay: two sessions that bring the same flashblocks, an engine, and eight sessions it feeds.
class Relay {
 public:
  static constexpr size_t kSources = 2, kFed = net::kFanOutGroup;

  Relay()
      : verifier_(AuthorizerKey().public_key()),
        engine_({}, {.verifier = &verifier_, .compressor = &compressor_}, net::RealNow()),
        slot_(static_cast<uint64_t>(net::RealNow().unix_seconds()) - 1000) {
    for (size_t i = 0; i < kSources + kFed; ++i) {
      pairs_.push_back(std::make_unique<rlpx::testing::Pair>());
      pairs_.back()->Run();
      core::PeerConnected up{.session = i, .node_id = {}, .flblk_version = 1, .trusted = true};
      engine_.Step(up, net::RealNow()).status.IgnoreError();
    }
  }

  void Measure(size_t size, Samples& out) {
    if (++index_ % kPerBlock == 0 || !authorization_) {
      index_ = 0;
      authorization_ = AuthorizationFor(++slot_);
    }
    const wire::FlashblocksPayloadV1 flashblock = Flashblock(*authorization_, index_, size);
    double begin = ThreadSeconds();
    const wire::FramePtr frame = SerialStages(flashblock, *authorization_);
    out.publish.push_back(ThreadSeconds() - begin);
    First(Sealed(0, *frame), out);
    const Bytes copy = Sealed(1, *frame);
    begin = ThreadSeconds();
    CHECK(Take(1, copy).actions.empty()) << "a further copy was not dropped";
    out.duplicate.push_back(ThreadSeconds() - begin);
    out.wire_bytes = copy.size();
    out.send.push_back(loopback_.SendSeconds(copy));
  }

 private:
  static constexpr uint64_t kPerBlock = 10;
  static constexpr size_t kTail = 16384;  // comes with the last read

  Bytes Sealed(size_t source, const wire::Frame& frame) {
    rlpx::Session& sender = pairs_[source]->a.session;
    sender.Send(frame).IgnoreError();
    const Bytes bytes(sender.PendingOutput().begin(), sender.PendingOutput().end());
    sender.ConsumeOutput(bytes.size());
    return bytes;
  }

  core::StepResult Take(size_t source, ByteView bytes) {
    rlpx::testing::Side& receiver = pairs_[source]->b;
    receiver.events.clear();
    receiver.session.OnBytes(bytes, At({}), receiver.events);
    if (receiver.events.empty()) return {};
    auto& message = std::get<rlpx::MessageReceived>(receiver.events.at(0));
    return engine_.Step(core::PeerMessage{source, std::move(message.frame)}, net::RealNow());
  }

  void First(const Bytes& bytes, Samples& out) {
    const ByteView all(bytes);
    const size_t tail = std::min(kTail, all.size() - 1);
    Take(0, all.first(all.size() - tail));
    double begin = ThreadSeconds();
    const core::StepResult result = Take(0, all.last(tail));
    out.relay.push_back(ThreadSeconds() - begin);
    for (const core::Action& action : result.actions) {
      const auto* send = std::get_if<core::Send>(&action);
      if (send == nullptr) continue;
      std::vector<rlpx::Session::Egress> egress;
      for (const core::SessionId to : send->to) {
        if (to >= kSources) egress.push_back(pairs_[to]->a.session.egress());
      }
      CHECK_EQ(egress.size(), kFed);
      begin = ThreadSeconds();
      net::SealForAll(*send->frame, egress);
      out.seal_group.push_back(ThreadSeconds() - begin);
    }
    for (auto& pair : pairs_) {
      pair->a.session.ConsumeOutput(pair->a.session.PendingOutput().size());
    }
  }

  net::NetworkVerifier verifier_;
  net::SnappyCompressor compressor_;
  core::Engine engine_;
  std::vector<std::unique_ptr<rlpx::testing::Pair>> pairs_;  // sources first
  Loopback loopback_;
  uint64_t slot_;
  uint64_t index_ = 0;
  std::optional<Authorization> authorization_;
};

double Us(std::vector<double> seconds) { return std::round(Median(std::move(seconds)) * 1e7) / 10; }

void Print(size_t size, const Samples& s, bool last) {
  std::printf(
      "    {\"size\": %zu, \"wire_bytes\": %zu, \"publish_us\": %.1f, \"relay_us\": %.1f,\n"
      "     \"seal_group_us\": %.1f, \"send_us\": %.1f, \"duplicate_us\": %.1f}%s\n",
      size, s.wire_bytes, Us(s.publish), Us(s.relay), Us(s.seal_group), Us(s.send), Us(s.duplicate),
      last ? "" : ",");
}

}  // namespace
}  // namespace flblk::bench

int main() {
  using namespace flblk::bench;
  constexpr size_t kSizes[] = {1'000, 10'000, 100'000, 1'000'000};
  std::printf(
      "{\n  \"command\": \"build/release/tests/bench/scale/flblk-scale-costs\",\n"
      "  \"unit\": \"microseconds of CPU time of one thread, medians\",\n  \"costs\": [\n");
  for (const size_t size : kSizes) {
    Relay relay;
    Samples samples;
    const int rounds = size >= 1'000'000 ? 101 : 401;
    for (int i = 0; i < rounds; ++i) relay.Measure(size, samples);
    Print(size, samples, size == kSizes[3]);
  }
  std::printf("  ]\n}\n");
}
