#include "p2p/net/inbound_gate.h"

namespace flblk::net {

InboundGate::Verdict InboundGate::Admit(uint64_t connection, const std::string& address,
                                        MonoTime now) {
  if (!address.empty()) {
    const auto it = per_address_.find(address);
    if (it != per_address_.end() && it->second >= kMaxPerAddress) {
      return {false, std::nullopt, "too many handshakes from one address"};
    }
  }
  const bool full = pending_.size() >= max_pending_;
  if (full && (pending_.empty() || now - pending_.begin()->second.since < kFairShare)) {
    return {false, std::nullopt, "max_pending_sessions"};
  }
  if (!address.empty() && !rate_.Take(address, now)) {
    return {false, std::nullopt, "too many connections in a short time"};
  }
  Verdict verdict;
  verdict.admit = true;
  if (full) {
    verdict.evict = pending_.begin()->first;
    Release(*verdict.evict);
  }
  pending_[connection] = {address, now};
  if (!address.empty()) ++per_address_[address];
  return verdict;
}

void InboundGate::Release(uint64_t connection) {
  const auto it = pending_.find(connection);
  if (it == pending_.end()) return;
  if (!it->second.address.empty()) {
    const auto count = per_address_.find(it->second.address);
    if (--count->second == 0) per_address_.erase(count);
  }
  pending_.erase(it);
}

}  // namespace flblk::net
