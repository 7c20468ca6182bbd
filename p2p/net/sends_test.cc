// How often the network thread enters the kernel to write: one send per frame and peer. This
// program has a send() of its own in place of the C library's, which counts.
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <random>

#include "gtest/gtest.h"
#include "p2p/net/flush_list.h"
#include "p2p/net/testing/raw_peer.h"
#include "p2p/net/testing/test_node.h"
#include "p2p/rlpx/testing/sessions.h"

namespace {
std::atomic<int> sends = 0;
std::atomic<size_t> bytes_sent = 0;
}  // namespace

extern "C" __attribute__((visibility("default"))) ssize_t send(int fd, const void* data,
                                                               size_t size, int flags) {
  ++sends;
  bytes_sent += size;
  return syscall(SYS_sendto, fd, data, size, flags, nullptr, 0);
}

namespace flblk::net {
namespace {

using boost::asio::ip::tcp;
using std::chrono::milliseconds;

struct Listener final : Connection::Listener {
  void OnEstablished(Connection&, const rlpx::Established&) override { ++established; }
  void OnMessage(Connection&, wire::FramePtr) override {}
  void OnEthReady(Connection&, const rlpx::EthReady&) override {}
  void OnDown(Connection&, const rlpx::Closed&, Connection::End) override {}
  void OnGone(Connection&) override {}
  void OnTurnEnd() override {}
  size_t established = 0;
};

// Two full groups and one that is not.
constexpr size_t kPeers = 2 * kFanOutGroup + 3;

class SendsTest : public ::testing::Test {
 protected:
  SendsTest()
      : acceptor_(io_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)),
        reads_(io_, true) {
    for (uint64_t id = 1; id <= kPeers; ++id) Connect(id);
  }

  void Connect(uint64_t id) {
    rlpx::SessionConfig config;
    config.key = &ours_;
    Connection::Options options;
    options.id = id;
    options.inbound = true;
    peers_.push_back(std::make_unique<testing::RawPeer>(acceptor_.local_endpoint().port()));
    connections_.push_back(
        std::make_shared<Connection>(options, acceptor_.accept(), config, &listener_, &reads_));
    connections_.back()->Start();
    peers_.back()->StartSession(&theirs_, ours_.id());
    for (int i = 0; i < 1000 && listener_.established < id; ++i) {
      peers_.back()->WaitEstablished(milliseconds(1));
      io_.poll();
    }
    ASSERT_EQ(listener_.established, id);
    ASSERT_TRUE(peers_.back()->WaitEstablished(testing::kPatience));
  }

  // What one flush of `frames` new messages for all costs.
  void Send(FlushList& list, size_t frames, size_t size) {
    for (size_t k = 0; k < frames; ++k) {
      Bytes body(size);
      std::mt19937 random(static_cast<uint32_t>(size + k));
      for (uint8_t& b : body) b = static_cast<uint8_t>(random());
      const wire::FramePtr frame =
          rlpx::testing::MakeFrame(wire::MessageId::kAuthorized, std::move(body));
      for (const auto& connection : connections_) {
        ASSERT_EQ(connection->Enqueue(frame, core::SendClass::kFlashblock, 1),
                  SendQueue::Verdict::kQueued);
        if (k == 0) list.Add(connection);
      }
    }
    sends = 0;
    bytes_sent = 0;
    list.Flush();
    EXPECT_GT(bytes_sent, kPeers * frames * size);
  }

  boost::asio::io_context io_;
  tcp::acceptor acceptor_;
  ReadBatch reads_;
  const rlpx::NodeKey ours_ = *rlpx::NodeKey::Generate();
  const rlpx::NodeKey theirs_ = *rlpx::NodeKey::Generate();
  Listener listener_;
  std::vector<std::unique_ptr<testing::RawPeer>> peers_;
  std::vector<std::shared_ptr<Connection>> connections_;
};

TEST_F(SendsTest, OnePerFrameAndPeer) {
  FlushList list;
  for (const size_t size : {500, 20'000, 60'000}) {
    Send(list, 1, size);
    EXPECT_EQ(sends, static_cast<int>(kPeers)) << size << " bytes";
  }
}

TEST_F(SendsTest, OnePerFrameAndPeerWithThreads) {
  SealPool pool(2);
  FlushList list(&pool);
  Send(list, 1, 60'000);
  EXPECT_EQ(sends, static_cast<int>(kPeers));
}

TEST_F(SendsTest, NeverMoreThanFrames) {
  FlushList list;
  Send(list, 3, 1'000);
  EXPECT_GE(sends, static_cast<int>(kPeers));
  EXPECT_LE(sends, static_cast<int>(3 * kPeers));
}

}  // namespace
}  // namespace flblk::net
