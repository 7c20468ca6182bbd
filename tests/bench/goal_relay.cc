// Goal 4 with sockets: a relay in this process, fed by a session of its own, feeds its receivers in
// the child. From the last byte in until the slowest receiver has the last byte out, over the
// stages nobody can leave out and a relay that does nothing but pass the same bytes on.
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "glog/logging.h"
#include "p2p/net/node.h"
#include "p2p/rlpx/frame.h"
#include "p2p/rlpx/snappy_block.h"
#include "p2p/wire/limits.h"
#include "signer/blake3.h"
#include "signer/keccak_lanes.h"
#include "tests/bench/feed.h"
#include "tests/bench/goal_list.h"
#include "tests/bench/publisher.h"
#include "tests/bench/raw_sender.h"

namespace flblk::bench {
namespace {

// Until whoever is fed has taken all but the last byte from its socket.
void LetItRead(size_t size) {
  std::this_thread::sleep_for(std::chrono::milliseconds(2 + size / 200'000));
}

// Passes on what one connection brings, once it has all of it.
class PlainRelay {
 public:
  PlainRelay(Receivers& receivers, size_t n) : sender_(receivers, n) {
    PCHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends_) == 0);
    thread_ = std::thread([this] { Serve(); });
  }
  ~PlainRelay() {
    shutdown(ends_[0], SHUT_RDWR);
    thread_.join();
    close(ends_[0]);
    close(ends_[1]);
  }
  PlainRelay(const PlainRelay&) = delete;
  PlainRelay& operator=(const PlainRelay&) = delete;

  // The size, then all but the last byte; Last() ends it.
  void Begin(const Bytes& bytes) {
    const size_t size = bytes.size();
    Write(&size, sizeof size);
    Write(bytes.data(), size - 1);
  }
  void Last() { Write("", 1); }

 private:
  void Write(const void* data, size_t size) {
    PCHECK(send(ends_[0], data, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size));
  }
  bool Read(void* data, size_t size) {
    for (size_t have = 0; have < size;) {
      const ssize_t n = recv(ends_[1], static_cast<uint8_t*>(data) + have, size - have, 0);
      if (n <= 0) return false;
      have += static_cast<size_t>(n);
    }
    return true;
  }
  void Serve() {
    Bytes bytes;
    for (size_t size = 0; Read(&size, sizeof size);) {
      bytes.resize(size);
      if (!Read(bytes.data(), size)) return;
      sender_.Send(bytes);
    }
  }

  RawSender sender_;
  int ends_[2];
  std::thread thread_;
};

// A node that publishes nothing and trusts its one feed.
class Relay final : public net::NodeObserver {
 public:
  Relay(Receivers& receivers, size_t n)
      : key_(*rlpx::NodeKey::Generate()), feed_key_(*rlpx::NodeKey::Generate()) {
    net::NodeConfig config;
    config.listen_address = "127.0.0.1";
    config.listen_port = 0;
    config.authorizer = AuthorizerKey().public_key();
    config.max_inbound_peers = static_cast<uint32_t>(n + 8);
    config.max_pending_sessions = config.max_inbound_peers;
    config.eth.enabled = false;
    config.engine.max_send_peers = config.max_inbound_peers;
    config.engine.max_receive_peers = 1;
    config.engine.rotation_interval = std::chrono::hours(1);
    // It listens nowhere; what counts is its id: what is old is relayed from trusted peers only.
    config.trusted_peers = {{.id = feed_key_.id(), .host = "127.0.0.1", .port = 1}};
    auto node = net::Node::Create(config, &key_, nullptr, nullptr, this);
    CHECK(node.ok()) << node.status();
    node_ = *std::move(node);
    CHECK_EQ(node_->Start(), absl::OkStatus());
    const uint16_t port = node_->Info()->listen_port;
    feed_.emplace(port, key_.id(), feed_key_);
    receivers.Subscribe(port, key_.id(), n);
  }
  ~Relay() override { node_->Stop(); }

  Feed& feed() { return *feed_; }

  void OnFlashblock(const core::FlashblockDelivered&) override {}
  void OnPublishing(const core::PublishingChanged&, Now) override {}
  void OnEquivocation(const core::EquivocationFound&) override {}
  void OnPeerUp(const net::PeerInfo&) override {}
  void OnPeerDown(const net::PeerInfo&, const std::string&) override {}
  void OnPenalty(const net::PeerInfo&, const core::Penalise&) override {}

 private:
  const rlpx::NodeKey key_, feed_key_;
  std::unique_ptr<net::Node> node_;
  std::optional<Feed> feed_;
};

// Uncompress, hash, verify: wall-clock seconds.
double Stages(const wire::Frame& frame) {
  const Signature signature = BuilderKey().Sign(Blake3(frame.body));
  const double begin = WallSeconds();
  const auto body = rlpx::SnappyUncompress(frame.snappy, wire::kMaxMessageBytes);
  const Hash32 digest = Blake3(*body);
  const bool valid = Verify(BuilderKey().public_key(), digest, signature);
  const double end = WallSeconds();
  CHECK(valid);
  return end - begin;
}

class RelayCase {
 public:
  RelayCase(Receivers& receivers, size_t n)
      : receivers_(receivers), relay_(receivers, n), plain_(receivers, n), n_(n) {}

  double Ratio(size_t size) {
    sequence_.Advance(50);
    const wire::FramePtr frame = SerialStages(
        Flashblock(sequence_.authorization(), sequence_.index(), size), sequence_.authorization());
    const double stages = Stages(*frame);
    const Bytes bytes(rlpx::FrameSealer::SealedSize(frame->snappy.size()), 0x5a);

    relay_.feed().Answer();
    relay_.feed().Seal(*frame);
    relay_.feed().WriteBut(1);
    receivers_.Expect(Receivers::Which::kSessions, bytes.size());
    LetItRead(size);
    double begin = WallSeconds();
    relay_.feed().WriteBut(0);
    const double relayed = receivers_.Wait() - begin;

    plain_.Begin(bytes);
    receivers_.Expect(Receivers::Which::kPlain, bytes.size());
    LetItRead(size);
    begin = WallSeconds();
    plain_.Last();
    const double plain = receivers_.Wait() - begin;
    return relayed / (stages + ModelSeconds(n_, bytes.size(), Perm8Seconds()) + plain);
  }

 private:
  Receivers& receivers_;
  Relay relay_;
  PlainRelay plain_;
  Sequence sequence_;
  const size_t n_;
};

}  // namespace

void RelayOverSocketsGoal(const Options& options, Receivers& receivers) {
  const bool lanes8 = BestKeccakLanes() == KeccakLanes::kAvx512;
  for (const size_t n : {1, 10, 50, 200}) {
    if (options.quick && n != 10) continue;
    RelayCase one(receivers, n);
    for (const size_t size : {1'000, 10'000, 100'000, 1'000'000}) {
      if (options.quick && size != 100'000) continue;
      Row row{4, "relay over sockets, " + SizeName(n, size), 1.3, false, {}, "needs AVX-512"};
      if (lanes8) {
        std::vector<double> ratios;
        const double end = WallSeconds() + (options.quick ? 2 : 4);
        for (int i = 0; i < 205 && (i < 15 || WallSeconds() < end); ++i) {
          const double ratio = one.Ratio(size);
          if (i >= 5) ratios.push_back(ratio);  // the first ones grow buffers
        }
        row.note = "";
        row.ratio = Median(ratios);
      }
      Print(row);
    }
    receivers.CloseAll();
  }
}

}  // namespace flblk::bench
