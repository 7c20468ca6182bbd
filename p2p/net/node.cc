#include "p2p/net/node.h"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"
#include "p2p/net/host_queue.h"
#include "p2p/net/hub.h"

namespace flblk::net {

namespace asio = boost::asio;

namespace {

constexpr Duration kAskLimit = std::chrono::seconds(1);

// A question to the network thread and the wait for its answer. Whoever asked may give up: then the
// question is not put, and what it refers to may go.
class Question {
 public:
  template <typename Fn>
  void Answer(const Fn& fn) {
    {
      std::lock_guard lock(mutex_);
      if (state_ != State::kAsked) return;
      state_ = State::kAnswering;
    }
    fn();
    std::lock_guard lock(mutex_);
    state_ = State::kAnswered;
    changed_.notify_all();
  }

  absl::Status Wait(Duration limit) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, limit, [this] { return state_ == State::kAnswered; });
    if (state_ == State::kAsked) {
      state_ = State::kGivenUp;
      return absl::DeadlineExceededError("the network thread did not answer within 1 s");
    }
    changed_.wait(lock, [this] { return state_ == State::kAnswered; });
    return absl::OkStatus();
  }

 private:
  enum class State : uint8_t { kAsked, kAnswering, kAnswered, kGivenUp };
  std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::kAsked;
};

class NodeImpl final : public Node {
 public:
  NodeImpl(const NodeConfig& config, const rlpx::NodeKey* key, Signer* signer,
           core::SignOnce* sign_once, NodeObserver* observer)
      : io_(1),
        work_(io_.get_executor()),
        log_(config.log),
        hub_(io_, config, key, signer, sign_once, observer),
        queue_(config.max_host_queue, [this] { RunHostCalls(); }) {}

  ~NodeImpl() override { Stop(std::chrono::milliseconds(1500)); }

  absl::Status Start() override;
  void Stop(Duration limit) override;

  absl::Status ForkchoiceUpdated(core::ForkchoiceUpdated update, Done done) override {
    return Call(std::move(update), std::move(done));
  }
  absl::Status Publish(wire::FlashblocksPayloadV1 flashblock, Done done) override {
    return Call(core::PublishFlashblock{std::move(flashblock)}, std::move(done));
  }
  absl::Status Sealed(const PayloadId& payload_id, Done done) override {
    return Call(core::PayloadSealed{payload_id}, std::move(done));
  }
  absl::Status StopPublishing(std::string reason, Done done) override {
    return Call(core::StopPublishing{std::move(reason)}, std::move(done));
  }

  absl::Status AddPeer(const Enode& enode, bool trusted) override;
  absl::Status RemovePeer(const NodeId& node_id) override;
  absl::StatusOr<NodeInfo> Info() override;
  absl::StatusOr<std::vector<PeerInfo>> Peers() override;
  absl::StatusOr<core::HandoffView> Handoff() override;
  absl::StatusOr<std::vector<HistoryEntry>> History() override;
  absl::StatusOr<NodeStats> Stats() override;
  absl::Status WithBlock(
      std::function<void(const core::HandoffView&, const std::vector<core::FlashblockDelivered>&)>
          fn) override;

 private:
  enum class Phase : uint8_t { kNew, kRunning, kStopped };

  // Posts a host event; its frames are on the sockets when that one task has run.
  template <typename Event>
  absl::Status Call(Event event, Done done);
  // Runs `fn` on the network thread and waits for it, at most kAskLimit.
  template <typename Fn>
  absl::Status Ask(const Fn& fn);
  void RunHostCalls() {
    asio::post(io_, [this] { hub_.AfterPeers([this] { queue_.RunAll(); }); });
  }
  bool OnNetworkThread() const { return thread_id_.load() == std::this_thread::get_id(); }

  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  const LogFn log_;
  Hub hub_;
  HostQueue queue_;
  std::mutex lifecycle_;       // serialises Start and Stop
  Phase phase_ = Phase::kNew;  // guarded by lifecycle_
  std::thread thread_;         // guarded by lifecycle_
  std::atomic<std::thread::id> thread_id_;
};

absl::Status NodeImpl::Start() {
  std::lock_guard lock(lifecycle_);
  if (phase_ != Phase::kNew) return absl::FailedPreconditionError("the node was started before");
  if (absl::Status listening = hub_.Listen(); !listening.ok()) return listening;
  // Signals are the host's business: they must not be delivered to this thread.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "flblk-net");
    thread_id_ = std::this_thread::get_id();
    hub_.Start();
    io_.run();
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  queue_.Open();
  phase_ = Phase::kRunning;
  return absl::OkStatus();
}

void NodeImpl::Stop(Duration limit) {
  if (OnNetworkThread()) {
    log_(LogLevel::kError, "event=stop_refused reason=\"Stop was called on the network thread\"");
    return;
  }
  std::lock_guard lock(lifecycle_);
  queue_.Close();
  if (phase_ == Phase::kRunning) {
    asio::post(io_, [this, limit] {
      queue_.RunAll();
      hub_.Stop(limit, [this] { io_.stop(); });
    });
    thread_.join();
    log_(LogLevel::kInfo, "event=stopped");
  }
  phase_ = Phase::kStopped;
}

template <typename Event>
absl::Status NodeImpl::Call(Event event, Done done) {
  auto shared = std::make_shared<std::pair<Event, Done>>(std::move(event), std::move(done));
  return queue_.Post([this, shared] {
    hub_.engine().Call(core::Event(std::move(shared->first)), shared->second);
  });
}

template <typename Fn>
absl::Status NodeImpl::Ask(const Fn& fn) {
  if (OnNetworkThread()) {
    fn();
    return absl::OkStatus();
  }
  auto question = std::make_shared<Question>();
  absl::Status posted = queue_.Post([question, &fn] { question->Answer([&fn] { fn(); }); });
  if (!posted.ok()) return posted;
  return question->Wait(kAskLimit);
}

absl::Status NodeImpl::AddPeer(const Enode& enode, bool trusted) {
  absl::Status result;
  absl::Status asked = Ask([&] { result = hub_.AddPeer(enode, trusted); });
  return asked.ok() ? result : asked;
}

absl::Status NodeImpl::RemovePeer(const NodeId& node_id) {
  absl::Status result;
  absl::Status asked = Ask([&] { result = hub_.RemovePeer(node_id); });
  return asked.ok() ? result : asked;
}

absl::StatusOr<NodeInfo> NodeImpl::Info() {
  NodeInfo info;
  if (absl::Status s = Ask([&] { info = hub_.Info(); }); !s.ok()) return s;
  return info;
}

absl::StatusOr<std::vector<PeerInfo>> NodeImpl::Peers() {
  std::vector<PeerInfo> peers;
  if (absl::Status s = Ask([&] { peers = hub_.Peers(); }); !s.ok()) return s;
  return peers;
}

absl::StatusOr<core::HandoffView> NodeImpl::Handoff() {
  core::HandoffView view;
  if (absl::Status s = Ask([&] { view = hub_.engine().handoff(); }); !s.ok()) return s;
  return view;
}

absl::StatusOr<std::vector<HistoryEntry>> NodeImpl::History() {
  std::vector<HistoryEntry> history;
  if (absl::Status s = Ask([&] { history = hub_.engine().history(); }); !s.ok()) return s;
  return history;
}

absl::StatusOr<NodeStats> NodeImpl::Stats() {
  NodeStats stats;
  if (absl::Status s = Ask([&] { stats = hub_.Stats(); }); !s.ok()) return s;
  return stats;
}

absl::Status NodeImpl::WithBlock(
    std::function<void(const core::HandoffView&, const std::vector<core::FlashblockDelivered>&)>
        fn) {
  return Ask([&] {
    const auto block = hub_.engine().block();
    fn(hub_.engine().handoff(), {block.begin(), block.end()});
  });
}

absl::Status Validate(const NodeConfig& config) {
  if (config.static_peers.size() > config.max_outbound_peers) {
    return absl::InvalidArgumentError(absl::StrCat("static_nodes: ", config.static_peers.size(),
                                                   " are more than max_outbound_peers (",
                                                   config.max_outbound_peers, ")"));
  }
  if (config.max_host_queue == 0) {
    return absl::InvalidArgumentError("max_host_queue: must be at least 1");
  }
  if (config.engine.replicate_timeout > core::EngineConfig::kMaxReplicateTimeout) {
    return absl::InvalidArgumentError("replicate_timeout: must be at most 1 s");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Node>> Node::Create(NodeConfig config, const rlpx::NodeKey* key,
                                                   Signer* signer, core::SignOnce* sign_once,
                                                   NodeObserver* observer) {
  if (key == nullptr || observer == nullptr) {
    return absl::InvalidArgumentError("node: key and observer are required");
  }
  // One list of peers for all machines of a set names each machine to itself, too.
  const auto is_self = [&](const Enode& enode) { return enode.id == key->id(); };
  std::erase_if(config.static_peers, is_self);
  std::erase_if(config.trusted_peers, is_self);
  if (absl::Status valid = Validate(config); !valid.ok()) return valid;
  if (config.log == nullptr) config.log = GlogLog();
  config.engine.builder.reset();
  if (signer != nullptr) config.engine.builder = signer->public_key();
  return std::make_unique<NodeImpl>(config, key, signer, sign_once, observer);
}

}  // namespace flblk::net
