// A few places for each address, so that no single one takes all there are. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace flblk::net {

class AddressPlaces {
 public:
  explicit AddressPlaces(size_t per_address) : per_address_(per_address) {}

  // False: all places of the address are taken. The empty address has any number. A holder has one
  // place at most and keeps it until Release.
  bool Take(uint64_t holder, const std::string& address);
  // Holders of nothing are ignored.
  void Release(uint64_t holder);

 private:
  const size_t per_address_;
  std::map<uint64_t, std::string> address_of_;
  std::map<std::string, size_t> taken_;
};

}  // namespace flblk::net
