#include "p2p/net/address_places.h"

namespace flblk::net {

bool AddressPlaces::Take(uint64_t holder, const std::string& address) {
  if (address.empty() || address_of_.contains(holder)) return true;
  const auto it = taken_.find(address);
  if (it != taken_.end() && it->second >= per_address_) return false;
  address_of_[holder] = address;
  ++taken_[address];
  return true;
}

void AddressPlaces::Release(uint64_t holder) {
  const auto it = address_of_.find(holder);
  if (it == address_of_.end()) return;
  const auto count = taken_.find(it->second);
  if (--count->second == 0) taken_.erase(count);
  address_of_.erase(it);
}

}  // namespace flblk::net
