#include "p2p/net/inbound_gate.h"

namespace flblk::net {

InboundGate::Verdict InboundGate::Admit(uint64_t connection, const std::string& address,
                                        MonoTime now) {
  if (!places_.Take(connection, address)) {
    return {false, std::nullopt, "too many handshakes from one address"};
  }
  const Verdict verdict = Judge(address, now);
  if (verdict.evict) Release(*verdict.evict);
  if (verdict.admit) {
    since_[connection] = now;
  } else {
    places_.Release(connection);
  }
  return verdict;
}

InboundGate::Verdict InboundGate::Judge(const std::string& address, MonoTime now) {
  const bool full = since_.size() >= max_pending_;
  if (full && (since_.empty() || now - since_.begin()->second < kFairShare)) {
    return {false, std::nullopt, "max_pending_sessions"};
  }
  if (!address.empty() && !rate_.Take(address, now)) {
    return {false, std::nullopt, "too many connections in a short time"};
  }
  Verdict verdict;
  verdict.admit = true;
  if (full) verdict.evict = since_.begin()->first;
  return verdict;
}

void InboundGate::Release(uint64_t connection) {
  places_.Release(connection);
  since_.erase(connection);
}

}  // namespace flblk::net
