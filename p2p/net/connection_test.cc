// One connection by itself: what a node's tests cannot reach in reasonable time.
#include "p2p/net/connection.h"

#include <boost/asio/io_context.hpp>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "p2p/net/testing/raw_peer.h"
#include "p2p/net/testing/test_node.h"

namespace flblk::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using testing::kPatience;
using testing::RawPeer;

struct Listener final : Connection::Listener {
  void OnEstablished(Connection&, const rlpx::Established&) override { established = true; }
  void OnMessage(Connection&, wire::FramePtr) override { ++messages; }
  void OnEthReady(Connection&, const rlpx::EthReady&) override {}
  void OnDown(Connection&, const rlpx::Closed& closed, Connection::End how) override {
    EXPECT_FALSE(down.has_value());
    down = closed;
    end = how;
  }
  void OnGone(Connection&) override {
    EXPECT_TRUE(down.has_value());
    ++gone;
  }
  void OnTurnEnd() override {}

  bool established = false;
  int messages = 0;
  std::optional<rlpx::Closed> down;
  Connection::End end{};
  int gone = 0;
};

Connection::Options OneConnection() {
  Connection::Options options;
  options.id = 1;
  options.inbound = true;
  options.write_window = milliseconds(200);
  return options;
}

// An established inbound connection of ours with a peer that has a small receive buffer.
class ConnectionTest : public ::testing::Test {
 protected:
  ConnectionTest()
      : acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        peer_(acceptor_.local_endpoint().port(), /*small_buffer=*/true),
        reads_(io_, true) {
    rlpx::SessionConfig config;
    config.key = &ours_;
    connection_ = std::make_shared<Connection>(OneConnection(), acceptor_.accept(), config,
                                               &listener_, &reads_);
    connection_->Start();
    peer_.StartSession(&theirs_, ours_.id());
    for (int i = 0; i < 1000 && !listener_.established; ++i) {
      peer_.WaitEstablished(milliseconds(1));
      io_.poll();
    }
    peer_.WaitEstablished(milliseconds(100));
  }

  template <typename Condition>
  bool RunUntil(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      io_.run_one_for(milliseconds(10));
      io_.restart();
    }
    return condition();
  }

  // Size 1 is a valid (empty) snappy block; the others nobody reads.
  static wire::FramePtr Flashblock(size_t size) {
    auto frame = std::make_shared<wire::Frame>();
    frame->snappy.resize(size);
    return frame;
  }

  asio::io_context io_;
  tcp::acceptor acceptor_;
  RawPeer peer_;
  ReadBatch reads_;
  const rlpx::NodeKey ours_ = *rlpx::NodeKey::Generate();
  const rlpx::NodeKey theirs_ = *rlpx::NodeKey::Generate();
  Listener listener_;
  std::shared_ptr<Connection> connection_;
};

TEST_F(ConnectionTest, GivesUpAPeerThatTakesNothing) {
  ASSERT_TRUE(listener_.established);
  // More than socket buffers hold, so that the rest waits; little of it sealed.
  for (int i = 0; i < 30; ++i) {
    ASSERT_EQ(connection_->Enqueue(Flashblock(500'000), core::SendClass::kFlashblock, 1),
              SendQueue::Verdict::kQueued);
  }
  connection_->Flush();
  EXPECT_GT(connection_->queued_bytes(), size_t{1} << 20);
  ASSERT_TRUE(RunUntil([&] { return listener_.gone == 1; }));
  EXPECT_EQ(listener_.end, Connection::End::kSocket);
  EXPECT_THAT(listener_.down->why, HasSubstr("does not read"));
}

TEST_F(ConnectionTest, SealsLittleAheadOfTheSocket) {
  for (int i = 0; i < 100; ++i) {
    connection_->Enqueue(Flashblock(100'000), core::SendClass::kFlashblock, 1);
  }
  connection_->Flush();
  const size_t before = connection_->queued_bytes();
  connection_->CutFlashblocks();
  // What is left was sealed and cannot be taken back: at most the limit and one frame.
  EXPECT_LE(connection_->queued_bytes(), Connection::kSealAhead + 101'000);
  EXPECT_GT(before, connection_->queued_bytes());
}

TEST_F(ConnectionTest, TheEndOfTheStreamIsReportedOnce) {
  peer_.Close();
  ASSERT_TRUE(RunUntil([&] { return listener_.gone == 1; }));
  EXPECT_EQ(listener_.end, Connection::End::kSocket);
  EXPECT_THAT(listener_.down->why, HasSubstr("closed by the peer"));
  connection_->Disconnect(rlpx::DisconnectReason::kRequested, "late");
  connection_->Abort("late");
  EXPECT_EQ(listener_.gone, 1);
}

TEST_F(ConnectionTest, ReadsThePeersLastMessageThoughWritingFails) {
  peer_.SendControl(wire::MessageId::kRequestFlashblocks);
  peer_.Reset();
  connection_->Enqueue(Flashblock(1), core::SendClass::kFlashblock, 1);
  connection_->Flush();
  EXPECT_FALSE(listener_.down.has_value());
  ASSERT_TRUE(RunUntil([&] { return listener_.gone == 1; }));
  EXPECT_EQ(listener_.messages, 1) << listener_.down->why;
  EXPECT_EQ(listener_.end, Connection::End::kSocket);
}

TEST_F(ConnectionTest, ADisconnectArrivesThoughTheSocketCloses) {
  connection_->Enqueue(Flashblock(1), core::SendClass::kFlashblock, 1);
  connection_->Finish(rlpx::DisconnectReason::kRequested, "bye");
  EXPECT_EQ(listener_.end, Connection::End::kLocal);
  EXPECT_TRUE(peer_.WaitClosed(kPatience));
  EXPECT_EQ(peer_.closed().received, rlpx::DisconnectReason::kRequested);
  EXPECT_EQ(peer_.messages().size(), 1u);
  EXPECT_EQ(listener_.gone, 0) << "it lingers until the peer has closed";
  peer_.Close();
  EXPECT_TRUE(RunUntil([&] { return listener_.gone == 1; }));
}

TEST_F(ConnectionTest, TakesNothingMoreOnTheWayOut) {
  connection_->Finish(rlpx::DisconnectReason::kRequested, "bye");
  EXPECT_EQ(connection_->Enqueue(Flashblock(10), core::SendClass::kFlashblock, 1),
            SendQueue::Verdict::kDropped);
}

}  // namespace
}  // namespace flblk::net
