// Several connections that are readable in one turn of the event loop.
#include "p2p/net/read_batch.h"

#include <boost/asio/io_context.hpp>
#include <functional>
#include <random>
#include <thread>
#include <utility>

#include "gtest/gtest.h"
#include "p2p/net/connection.h"
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
  void OnMessage(Connection& connection, wire::FramePtr frame) override {
    messages[connection.id()].push_back(frame->body);
    if (on_message) std::exchange(on_message, nullptr)(connection);
  }
  void OnEthReady(Connection&, const rlpx::EthReady&) override {}
  void OnDown(Connection& connection, const rlpx::Closed&, Connection::End) override {
    down.push_back(connection.id());
  }
  void OnGone(Connection&) override {}
  void OnTurnEnd() override {}

  size_t established = 0;
  std::vector<std::vector<Bytes>> messages = std::vector<std::vector<Bytes>>(32);
  std::vector<uint64_t> down;
  std::function<void(Connection&)> on_message;  // once
};

wire::FramePtr FrameOf(size_t size, uint64_t seed) {
  Bytes body(size);
  std::mt19937_64 random(seed);
  for (uint8_t& b : body) b = static_cast<uint8_t>(random());
  return rlpx::testing::MakeFrame(wire::MessageId::kAuthorized, std::move(body));
}

class ReadBatchTest : public ::testing::Test {
 protected:
  void Connect(size_t count, bool enabled) {
    reads_.emplace(io_, enabled);
    for (uint64_t id = 0; id < count; ++id) {
      rlpx::SessionConfig config;
      config.key = &ours_;
      Connection::Options options;
      options.id = id;
      options.inbound = true;
      peers_.push_back(std::make_unique<RawPeer>(acceptor_.local_endpoint().port()));
      connections_.push_back(
          std::make_shared<Connection>(options, acceptor_.accept(), config, &listener_, &*reads_));
      connections_.back()->Start();
      peers_.back()->StartSession(&theirs_, ours_.id());
      for (int i = 0; i < 1000 && listener_.established <= id; ++i) {
        peers_.back()->WaitEstablished(milliseconds(1));
        io_.poll();
      }
      ASSERT_EQ(listener_.established, id + 1);
      ASSERT_TRUE(peers_.back()->WaitEstablished(kPatience));
    }
  }

  void Send(size_t size) {
    for (size_t i = 0; i < peers_.size(); ++i) SendTo(i, size);
  }
  void SendTo(size_t i, size_t size) {
    const wire::FramePtr frame = FrameOf(size, ++seed_);
    peers_[i]->Send(*frame);
    sent_[i].push_back(frame->body);
  }

  bool RunUntil(const std::function<bool()>& condition) {
    const auto end = steady_clock::now() + kPatience;
    while (!condition() && steady_clock::now() < end) io_.run_one_for(milliseconds(10));
    return condition();
  }
  bool AllArrived() {
    for (size_t i = 0; i < peers_.size(); ++i) {
      if (listener_.messages[i] != sent_[i]) return false;
    }
    return true;
  }
  // How many connections had been read from when the first message was reported.
  size_t ReadBeforeTheFirstMessage(size_t size) {
    std::vector<uint64_t> before;
    for (const auto& connection : connections_) before.push_back(connection->bytes_in());
    size_t read = 0;
    listener_.on_message = [&](Connection&) {
      for (size_t i = 0; i < before.size(); ++i) {
        read += connections_[i]->bytes_in() > before[i] + size / 2;
      }
    };
    Send(size);
    EXPECT_TRUE(RunUntil([&] { return AllArrived(); }));
    return read;
  }

  asio::io_context io_;
  tcp::acceptor acceptor_{io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::optional<ReadBatch> reads_;
  const rlpx::NodeKey ours_ = *rlpx::NodeKey::Generate();
  const rlpx::NodeKey theirs_ = *rlpx::NodeKey::Generate();
  Listener listener_;
  std::vector<std::unique_ptr<RawPeer>> peers_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::vector<std::vector<Bytes>> sent_ = std::vector<std::vector<Bytes>>(32);
  uint64_t seed_ = 0;
};

TEST_F(ReadBatchTest, ThoseWithMuchAreReadBeforeAnyIsWorkedOff) {
  ASSERT_NO_FATAL_FAILURE(Connect(3, true));
  EXPECT_EQ(ReadBeforeTheFirstMessage(20'000), BestKeccakLanes() == KeccakLanes::kScalar ? 1 : 3);
  EXPECT_EQ(ReadBeforeTheFirstMessage(500), 1u) << "little does not wait";
}

TEST_F(ReadBatchTest, NobodyWaitsWhereItIsSwitchedOff) {
  ASSERT_NO_FATAL_FAILURE(Connect(3, false));
  EXPECT_EQ(ReadBeforeTheFirstMessage(20'000), 1u);
}

TEST_F(ReadBatchTest, MorePeersThanPlacesAndFramesOfAllSizes) {
  ASSERT_NO_FATAL_FAILURE(Connect(ReadBatch::kPlaces + 3, true));
  std::mt19937_64 random(3);
  for (int round = 0; round < 12; ++round) {
    for (size_t i = 0; i < peers_.size(); ++i) {
      const size_t frames = random() % 3;
      for (size_t k = 0; k < frames; ++k) SendTo(i, random() % (size_t{1} << random() % 17));
      if (random() % 4 == 0) io_.poll();
    }
    if (round % 3 == 0) reads_->Finish();
    ASSERT_TRUE(RunUntil([&] { return AllArrived(); }));
  }
  EXPECT_TRUE(listener_.down.empty());
}

// One message is larger than a place and than what a socket holds.
TEST_F(ReadBatchTest, LargeMessagesThatArriveInParts) {
  ASSERT_NO_FATAL_FAILURE(Connect(3, true));
  std::vector<std::thread> senders;
  for (size_t i = 0; i < peers_.size(); ++i) {
    const wire::FramePtr frame = FrameOf(1'500'000, i);
    sent_[i].push_back(frame->body);
    senders.emplace_back([this, i, frame] { peers_[i]->Send(*frame); });
  }
  EXPECT_TRUE(RunUntil([&] { return AllArrived(); }));
  for (std::thread& sender : senders) sender.join();
}

TEST_F(ReadBatchTest, OneThatEndsWhileItWaitsDisturbsNobody) {
  ASSERT_NO_FATAL_FAILURE(Connect(4, true));
  uint64_t aborted = 0;
  listener_.on_message = [&](Connection& first) {
    aborted = (first.id() + 1) % 4;
    connections_[aborted]->Abort("test");
  };
  Send(20'000);
  EXPECT_TRUE(RunUntil([&] {
    for (size_t i = 0; i < peers_.size(); ++i) {
      if (i != aborted && listener_.messages[i] != sent_[i]) return false;
    }
    return true;
  }));
  EXPECT_EQ(listener_.down, std::vector<uint64_t>{aborted});
  EXPECT_TRUE(listener_.messages[aborted].empty());
}

TEST_F(ReadBatchTest, AWrongByteEndsOneSessionOnly) {
  ASSERT_NO_FATAL_FAILURE(Connect(4, true));
  Send(20'000);
  ASSERT_TRUE(RunUntil([&] { return AllArrived(); }));
  peers_[2]->SendBytes(Bytes(10'000, 1));
  for (const size_t i : {0, 1, 3}) SendTo(i, 30'000);
  ASSERT_TRUE(RunUntil([&] { return AllArrived() && !listener_.down.empty(); }));
  EXPECT_EQ(listener_.down, std::vector<uint64_t>{2});
}

TEST_F(ReadBatchTest, OneThatWaitsIsStillThereForTheEndOfTheLoop) {
  ASSERT_NO_FATAL_FAILURE(Connect(3, true));
  Send(20'000);
  io_.run_one_for(milliseconds(100));
  connections_.clear();  // whoever waits is held by the batch, whoever is read by its handler
  EXPECT_TRUE(RunUntil([&] { return AllArrived(); }));
}

}  // namespace
}  // namespace flblk::net
