#include "tests/bench/publisher.h"

#include <future>

#include "glog/logging.h"
#include "p2p/net/clock.h"

namespace flblk::bench {
namespace {

SecretKey CopyOfBuilderKey() {
  FixedBytes<32> seed;
  seed.fill(kBuilderSeedByte);
  return *SecretKey::FromSeed(seed);
}

}  // namespace

Sequence::Sequence() : slot_(static_cast<uint64_t>(net::RealNow().unix_seconds()) - 1000) {}

bool Sequence::Advance(uint64_t per_block) {
  if (++index_ < per_block && authorization_) return false;
  index_ = 0;
  authorization_ = AuthorizationFor(++slot_);
  return true;
}

class Publisher::Observer final : public net::NodeObserver {
 public:
  void OnFlashblock(const core::FlashblockDelivered&) override {}
  void OnPublishing(const core::PublishingChanged&, Now) override {}
  void OnEquivocation(const core::EquivocationFound&) override {}
  void OnPeerUp(const net::PeerInfo&) override {}
  void OnPeerDown(const net::PeerInfo&, const std::string&) override {}
  void OnPenalty(const net::PeerInfo&, const core::Penalise&) override {}
};

Publisher::Publisher(size_t max_peers, size_t seal_threads)
    : key_(*rlpx::NodeKey::Generate()),
      signer_(CopyOfBuilderKey()),
      observer_(std::make_unique<Observer>()) {
  const auto peers = static_cast<uint32_t>(max_peers + 8);
  net::NodeConfig config;
  config.listen_address = "127.0.0.1";
  config.listen_port = 0;
  config.authorizer = AuthorizerKey().public_key();
  config.max_inbound_peers = peers;
  config.max_pending_sessions = peers;
  config.eth.enabled = false;
  config.seal_threads = seal_threads;
  config.engine.builder = signer_.public_key();
  config.engine.max_send_peers = peers;
  config.engine.max_receive_peers = 0;
  auto node = net::Node::Create(config, &key_, &signer_, nullptr, observer_.get());
  CHECK(node.ok()) << node.status();
  node_ = *std::move(node);
  CHECK_EQ(node_->Start(), absl::OkStatus());
}

Publisher::~Publisher() { node_->Stop(); }

wire::FlashblocksPayloadV1 Publisher::Next(size_t size, uint64_t per_block) {
  if (sequence_.Advance(per_block)) Authorize();
  return Flashblock(authorization(), sequence_.index(), size);
}

void Publisher::Publish(wire::FlashblocksPayloadV1 flashblock) {
  CHECK_EQ(node_->Publish(std::move(flashblock),
                          [](absl::Status verdict) { CHECK_EQ(verdict, absl::OkStatus()); }),
           absl::OkStatus());
}

void Publisher::Authorize() {
  const Authorization& a = authorization();
  core::ForkchoiceUpdated update;
  update.attributes = core::PayloadAttributes{
      .timestamp = a.timestamp, .block_number = a.timestamp / 2, .payload_id = a.payload_id};
  update.authorization = a;
  std::promise<absl::Status> verdict;
  CHECK_EQ(node_->ForkchoiceUpdated(update, [&](absl::Status s) { verdict.set_value(s); }),
           absl::OkStatus());
  CHECK_EQ(verdict.get_future().get(), absl::OkStatus());
}

}  // namespace flblk::bench
