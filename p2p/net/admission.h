// Who may come in, and what ends of sessions mean for coming back. Pure.
//
// Bans go by node id where the handshake has proven it, and for inbound strangers by address too
// where addresses tell something (IsPublic). They outlive sessions, so reconnecting clears no
// record. Peers the operator named are never kept out for more than BanList::kLongestTrusted.
#pragma once

#include <optional>

#include "p2p/net/address.h"
#include "p2p/net/address_places.h"
#include "p2p/net/ban_list.h"
#include "p2p/net/inbound_gate.h"
#include "p2p/rlpx/session_types.h"

namespace flblk::net {

enum class Conduct : uint8_t {
  kFine,
  kNoise,       // bytes that are no handshake, or not in time
  kMisconduct,  // broke the protocol, or was dropped by the engine
};

// What the end of a session says about the peer. `judged`: the session or the engine ended it, not
// the socket or we.
Conduct Judge(const rlpx::Closed& closed, bool judged, bool was_established);

// Whether dialling again soon would meet the same answer.
bool Discourages(const rlpx::Closed& closed);

class Admission {
 public:
  static constexpr Duration kMisconductBan = std::chrono::minutes(10);  // doubles, see BanList
  static constexpr Duration kNoiseBan = std::chrono::minutes(1);
  // A stranger that leaves with penalty points may return when they would have faded
  // (core/penalties.h).
  static constexpr Duration kHoldPerPoint = std::chrono::seconds(1);

  // Inbound sessions of strangers from one public address: a few honest nodes behind a NAT, but by
  // far not all places.
  static constexpr size_t kMaxSessionsPerAddress = 4;

  explicit Admission(size_t max_pending) : gate_(max_pending) {}

  // A socket was accepted; admitted ones hold a place until HandshakeOver.
  InboundGate::Verdict OnSocket(uint64_t connection, const boost::asio::ip::address& address,
                                MonoTime now);
  void HandshakeOver(uint64_t connection) { gate_.Release(connection); }

  // A stranger's inbound session begins; false: as many as are admitted of its public address are
  // up. Ended by SessionOver.
  bool StrangerUp(uint64_t connection, const boost::asio::ip::address& address) {
    return sessions_.Take(connection, Judged(address));
  }
  void SessionOver(uint64_t connection) { sessions_.Release(connection); }

  bool IsBanned(const NodeId& id, MonoTime now) const { return bans_.Banned(Key(id), now); }
  void Lift(const NodeId& id) { bans_.Lift(Key(id)); }

  struct Subject {
    std::optional<NodeId> id;  // where proven
    bool named = false;        // by the operator
    bool inbound = false;
    boost::asio::ip::address address;
  };
  // Where a peer the operator named was met last: whoever comes from there is neither limited by
  // address nor banned by it, so that no stranger behind the same address locks the peer out.
  void Named(const NodeId& id, const boost::asio::ip::address& address);
  void NoLongerNamed(const NodeId& id) { named_at_.erase(id); }
  // How long the subject is kept out; zero: not at all.
  Duration Punish(const Subject& subject, Conduct conduct, MonoTime now);
  void Hold(const NodeId& id, int32_t penalty_points, MonoTime now);

 private:
  static std::string Key(const NodeId& id) { return std::string(id.begin(), id.end()); }
  // AddressKey; empty where the address says nothing or a named peer is there.
  std::string Judged(const boost::asio::ip::address& address) const;

  InboundGate gate_;
  std::map<NodeId, std::string> named_at_;
  AddressPlaces sessions_{kMaxSessionsPerAddress};
  BanList bans_;
};

}  // namespace flblk::net
