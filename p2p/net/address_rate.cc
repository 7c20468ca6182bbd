#include "p2p/net/address_rate.h"

namespace flblk::net {

bool AddressRate::Take(const std::string& address, MonoTime now) {
  if (now >= forget_at_) Forget(now);
  const auto it = of_address_.find(address);
  Entry entry = it == of_address_.end() ? Entry{} : it->second;
  if (!entry.bucket.Take(now) || !of_all_.Take(now)) return false;
  entry.last = now;
  of_address_[address] = entry;
  return true;
}

void AddressRate::Forget(MonoTime now) {
  std::erase_if(of_address_,
                [now](const auto& item) { return now - item.second.last >= kFullAfter; });
  forget_at_ = now + kFullAfter;
}

}  // namespace flblk::net
