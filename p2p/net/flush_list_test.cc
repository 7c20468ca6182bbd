// Many connections written to together, with and without threads.
#include "p2p/net/flush_list.h"

#include <boost/asio/io_context.hpp>
#include <latch>
#include <random>

#include "gtest/gtest.h"
#include "p2p/net/testing/raw_peer.h"
#include "p2p/net/testing/test_node.h"
#include "p2p/rlpx/testing/sessions.h"

namespace flblk::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::kPatience;
using testing::RawPeer;

struct Listener final : Connection::Listener {
  void OnEstablished(Connection&, const rlpx::Established&) override { ++established; }
  void OnMessage(Connection&, wire::FramePtr) override {}
  void OnEthReady(Connection&, const rlpx::EthReady&) override {}
  void OnDown(Connection&, const rlpx::Closed&, Connection::End) override {}
  void OnGone(Connection&) override {}
  void OnTurnEnd() override {}
  size_t established = 0;
};

wire::FramePtr FrameOf(size_t size, uint8_t seed) {
  Bytes body(size);
  std::mt19937 random(seed);
  for (uint8_t& b : body) b = static_cast<uint8_t>(random());
  return rlpx::testing::MakeFrame(wire::MessageId::kAuthorized, std::move(body));
}

// Three groups, the last one not full.
constexpr size_t kPeers = 2 * kFanOutGroup + 3;

class FlushListTest : public ::testing::Test {
 protected:
  FlushListTest()
      : acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), reads_(io_, true) {
    for (uint64_t id = 1; id <= kPeers; ++id) Connect(id);
  }

  void Connect(uint64_t id) {
    rlpx::SessionConfig config;
    config.key = &ours_;
    Connection::Options options;
    options.id = id;
    options.inbound = true;
    peers_.push_back(std::make_unique<RawPeer>(acceptor_.local_endpoint().port()));
    connections_.push_back(
        std::make_shared<Connection>(options, acceptor_.accept(), config, &listener_, &reads_));
    connections_.back()->Start();
    peers_.back()->StartSession(&theirs_, ours_.id());
    for (int i = 0; i < 1000 && listener_.established < id; ++i) {
      peers_.back()->WaitEstablished(milliseconds(1));
      io_.poll();
    }
    ASSERT_EQ(listener_.established, id);
    ASSERT_TRUE(peers_.back()->WaitEstablished(kPatience));
  }

  void Enqueue(FlushList& list, const wire::FramePtr& frame) {
    sent_.push_back(frame);
    for (const auto& connection : connections_) {
      ASSERT_EQ(connection->Enqueue(frame, core::SendClass::kFlashblock, 1),
                SendQueue::Verdict::kQueued);
      list.Add(connection);
    }
  }

  void ExpectAllReceived() {
    for (auto& peer : peers_) {
      const auto end = steady_clock::now() + kPatience;
      while (!peer->WaitMessages(sent_.size(), milliseconds(1)) && steady_clock::now() < end) {
        io_.poll();
      }
      ASSERT_EQ(peer->messages().size(), sent_.size());
      for (size_t i = 0; i < sent_.size(); ++i) {
        EXPECT_EQ(peer->messages()[i]->body, sent_[i]->body);
      }
    }
  }

  // Large and small ones, one or several at a time.
  void SendMixed(FlushList& list) {
    for (uint8_t i = 0; i < 12; ++i) {
      Enqueue(list, FrameOf(i % 3 == 1 ? 500 : 60'000u + i, i));
      if (i % 4 != 3) list.Flush();
      io_.poll();
      if (i % 4 == 0) ExpectAllReceived();
    }
    ExpectAllReceived();
  }

  asio::io_context io_;
  tcp::acceptor acceptor_;
  ReadBatch reads_;
  const rlpx::NodeKey ours_ = *rlpx::NodeKey::Generate();
  const rlpx::NodeKey theirs_ = *rlpx::NodeKey::Generate();
  Listener listener_;
  std::vector<std::unique_ptr<RawPeer>> peers_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::vector<wire::FramePtr> sent_;
};

TEST_F(FlushListTest, EveryPeerGetsTheSameFramesInOrder) {
  FlushList list;
  SendMixed(list);
}

TEST_F(FlushListTest, WithThreadsToo) {
  std::atomic<int> sealed_by_workers = 0;
  SealPool pool(2, [&] { ++sealed_by_workers; });
  FlushList list(&pool);
  SendMixed(list);
  EXPECT_GT(sealed_by_workers, 0);
}

// Workers that never come back while the network thread needs them.
TEST_F(FlushListTest, DoesNotWaitForThreadsThatAreLate) {
  std::latch released(1);
  SealPool pool(2, [&] { released.wait(); });
  FlushList list(&pool);
  Enqueue(list, FrameOf(60'000, 1));
  list.Flush();  // returns though no worker does
  ExpectAllReceived();
  released.count_down();
  SendMixed(list);
}

TEST_F(FlushListTest, AConnectionThatEndsIsLeftOut) {
  SealPool pool(1);
  FlushList list(&pool);
  Enqueue(list, FrameOf(60'000, 1));
  connections_[3]->Abort("test");
  peers_.erase(peers_.begin() + 3);
  list.Flush();
  connections_.erase(connections_.begin() + 3);
  ExpectAllReceived();
  SendMixed(list);
}

}  // namespace
}  // namespace flblk::net
