#include "p2p/net/testing/test_node.h"

#include <future>
#include <random>

#include "glog/logging.h"
#include "p2p/net/clock.h"

namespace flblk::net::testing {

const SecretKey& Authorizer() {
  static const SecretKey* const kKey = [] {
    FixedBytes<32> seed;
    seed.fill(1);
    return new SecretKey(*SecretKey::FromSeed(seed));
  }();
  return *kKey;
}

uint64_t UnixNow() { return static_cast<uint64_t>(RealNow().unix_seconds()); }

// ------------------------------------------------------------------------------------- Recorder

void Recorder::OnFlashblock(const core::FlashblockDelivered& event) {
  Note([&] { flashblocks_.push_back(event); });
}
void Recorder::OnPublishing(const core::PublishingChanged& event, Now) {
  Note([&] { changes_.push_back(event); });
}
void Recorder::OnEquivocation(const core::EquivocationFound&) {}
void Recorder::OnPeerUp(const PeerInfo& peer) {
  if (on_peer_up) on_peer_up();
  Note([&] { ups_.push_back(peer); });
}
void Recorder::OnPeerDown(const PeerInfo& peer, const std::string& why) {
  Note([&] { downs_.push_back({peer, why}); });
}
void Recorder::OnPenalty(const PeerInfo&, const core::Penalise&) {}

void Recorder::OnNextIndex(uint64_t next_index) {
  Note([&] { next_index_ = next_index; });
}

bool Recorder::WaitForNextIndex(uint64_t next_index) {
  return Wait([&] { return next_index_ == next_index; });
}
bool Recorder::WaitForUps(size_t n) {
  return Wait([&] { return ups_.size() >= n; });
}
bool Recorder::WaitForDowns(size_t n) {
  return Wait([&] { return downs_.size() >= n; });
}
bool Recorder::WaitForFlashblocks(size_t n) {
  return Wait([&] { return flashblocks_.size() >= n; });
}
bool Recorder::WaitForState(core::PublishState state) {
  return Wait([&] { return !changes_.empty() && changes_.back().to == state; });
}

std::vector<PeerInfo> Recorder::ups() const {
  std::lock_guard lock(mutex_);
  return ups_;
}
std::vector<Recorder::Down> Recorder::downs() const {
  std::lock_guard lock(mutex_);
  return downs_;
}
std::vector<core::FlashblockDelivered> Recorder::flashblocks() const {
  std::lock_guard lock(mutex_);
  return flashblocks_;
}

// ------------------------------------------------------------------------------------- TestNode

NodeConfig LoopbackConfig() {
  NodeConfig config;
  config.listen_address = "127.0.0.1";
  config.listen_port = 0;
  config.authorizer = Authorizer().public_key();
  return config;
}

TestNode::TestNode(Setup setup) : key_(setup.key), signer_(setup.signer) {
  if (key_ == nullptr) {
    own_key_ = std::make_unique<rlpx::NodeKey>(*rlpx::NodeKey::Generate());
    key_ = own_key_.get();
  }
  if (setup.builder) {
    own_signer_ = std::make_unique<LocalSigner>(*SecretKey::Generate());
    signer_ = own_signer_.get();
  }
  auto node = Node::Create(setup.config, key_, signer_, nullptr, &recorder_);
  CHECK(node.ok()) << node.status();
  node_ = *std::move(node);
  if (setup.start) CHECK_EQ(node_->Start(), absl::OkStatus());
}

TestNode::~TestNode() { node_->Stop(); }

Enode TestNode::enode(const std::string& host) {
  const auto info = node_->Info();
  CHECK(info.ok()) << info.status();
  return {.id = id(), .host = host, .port = info->listen_port};
}

namespace {

// Calls and waits for the verdict.
template <typename Call>
absl::Status Verdict(Call call) {
  auto verdict = std::make_shared<std::promise<absl::Status>>();
  std::future<absl::Status> future = verdict->get_future();
  if (absl::Status s = call([verdict](absl::Status v) { verdict->set_value(v); }); !s.ok())
    return s;
  if (future.wait_for(kPatience) != std::future_status::ready) {
    return absl::DeadlineExceededError("no verdict");
  }
  return future.get();
}

}  // namespace

absl::Status TestNode::Authorize(uint64_t slot) {
  slot_ = slot;
  payload_id_ = {3};
  for (size_t i = 0; i < 7; ++i) payload_id_[7 - i] = static_cast<uint8_t>(slot >> (8 * i));
  core::ForkchoiceUpdated update;
  update.attributes =
      core::PayloadAttributes{.timestamp = slot, .block_number = slot, .payload_id = payload_id_};
  update.authorization = MakeAuthorization(Authorizer(), payload_id_, slot, signer_->public_key());
  return Verdict([&](Node::Done done) { return node_->ForkchoiceUpdated(update, done); });
}

absl::Status TestNode::Publish(uint64_t index, size_t tx_bytes) {
  static thread_local std::mt19937 random(1);
  wire::FlashblocksPayloadV1 flashblock;
  flashblock.payload_id = payload_id_;
  flashblock.index = index;
  Bytes transaction(tx_bytes);
  for (uint8_t& b : transaction) b = static_cast<uint8_t>(random());
  flashblock.diff.transactions = {std::move(transaction)};
  flashblock.metadata = R"({"fees":"0x0"})";
  if (index == 0) {
    flashblock.base.emplace();
    flashblock.base->timestamp = slot_;
    flashblock.base->block_number = slot_;
  }
  return Verdict([&](Node::Done done) { return node_->Publish(std::move(flashblock), done); });
}

bool Connect(TestNode& a, TestNode& b) {
  const size_t a_ups = a.seen().ups().size(), b_ups = b.seen().ups().size();
  return a->AddPeer(b.enode(), true).ok() && a.seen().WaitForUps(a_ups + 1) &&
         b.seen().WaitForUps(b_ups + 1);
}

}  // namespace flblk::net::testing
