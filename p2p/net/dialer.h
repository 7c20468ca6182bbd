// Keeps one session with each peer the operator named: resolves, connects, and after every end
// tries again, for ever. The handshake on the connected socket is the listener's; it reports back
// what became of it.
//
// Per target: idle (a session is up) | waiting (back-off) | resolving | connecting | handshaking.
//
// Thread: the network thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "p2p/net/backoff.h"
#include "p2p/net/enode.h"
#include "p2p/net/resolver.h"

namespace flblk::net {

class Dialer {
 public:
  static constexpr Duration kConnectLimit = std::chrono::seconds(5);   // per address
  static constexpr Duration kResolveLimit = std::chrono::seconds(10);  // a name
  static constexpr size_t kMaxAddresses = 4;  // tried of one name, per dial

  class Listener {
   public:
    virtual ~Listener() = default;
    // A TCP connection to `target`; ended by HandshakeDone.
    virtual void OnDialled(const NodeId& target, boost::asio::ip::tcp::socket socket) = 0;
    virtual void OnDialFailed(const Enode& target, const std::string& why, Duration retry_in) = 0;
  };

  // `max_dialling`: sockets that connect or shake hands at once.
  Dialer(boost::asio::io_context& io, Listener* listener, size_t max_dialling,
         BackoffConfig backoff);
  ~Dialer();

  // Adds or changes a target and dials it at once, or when its present session ends.
  void Add(const Enode& enode, bool trusted);
  // False: no such target.
  bool Remove(const NodeId& id);
  // No more dials.
  void Stop();

  bool IsTarget(const NodeId& id) const { return targets_.contains(id); }
  bool IsTrusted(const NodeId& id) const;
  size_t Untrusted() const;  // how many targets are

  // A session with this node, whoever dialled, is up or has ended; other nodes are ignored.
  // `discourage`: dialling again soon is useless.
  void SessionUp(const NodeId& id, MonoTime now);
  void SessionDown(const NodeId& id, MonoTime now, bool discourage);
  // The handshake begun by OnDialled ended, either way; after SessionUp where it succeeded.
  void HandshakeDone(const NodeId& id, bool discourage);

 private:
  enum class Stage : uint8_t { kIdle, kWaiting, kResolving, kConnecting, kHandshaking };
  struct Target {
    Target(boost::asio::io_context& io, BackoffConfig config)
        : backoff(config), timer(io), socket(io) {}
    Enode enode;
    bool trusted = false;
    bool up = false;
    Stage stage = Stage::kIdle;
    uint64_t step = 0;  // grows with every stage; whoever waits for an older step is late
    Backoff backoff;
    boost::asio::steady_timer timer;
    boost::asio::ip::tcp::socket socket;
    std::vector<boost::asio::ip::address> addresses;  // still to be tried
    std::string last_error;
  };
  using TargetPtr = std::shared_ptr<Target>;

  TargetPtr Find(const NodeId& id) const;
  void Dial(const TargetPtr& target);
  void OnResolved(const TargetPtr& target, Resolver::Addresses addresses);
  void ConnectNext(const TargetPtr& target);
  void Connected(const TargetPtr& target);
  void Failed(const TargetPtr& target, const std::string& why);
  // Ends whatever the target waits for and enters `stage`; returns the new step.
  uint64_t Enter(const TargetPtr& target, Stage stage);
  // Calls `then` unless the target has left its present step by then.
  void After(const TargetPtr& target, Duration delay, void (Dialer::*then)(const TargetPtr&));
  void Retry(const TargetPtr& target);
  void ResolveTimedOut(const TargetPtr& target);
  void ConnectTimedOut(const TargetPtr& target);
  size_t Dialling() const;

  boost::asio::io_context& io_;
  Listener* const listener_;
  const size_t max_dialling_;
  const BackoffConfig backoff_;
  Resolver resolver_;
  std::map<NodeId, TargetPtr> targets_;
  bool stopped_ = false;
};

}  // namespace flblk::net
