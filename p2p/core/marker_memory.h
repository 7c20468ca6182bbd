// The verified StartPublish and StopPublish heard lately, so that each is verified and relayed
// once. Bounded by number: kCapacity, the oldest makes room.
#pragma once

#include <deque>

#include "p2p/wire/messages.h"
#include "signer/authorization.h"

namespace flblk::core {

class MarkerMemory {
 public:
  static constexpr size_t kCapacity = 256;
  enum class Known : uint8_t {
    kNew,
    kSame,        // byte for byte: verified before
    kOtherBytes,  // same builder, slot and kind, but another Authorization or signature
  };

  Known Check(wire::MessageKind kind, const Authorization& authorization,
              const Signature& sig) const;
  // After verification.
  void Insert(wire::MessageKind kind, const Authorization& authorization, const Signature& sig);
  size_t size() const { return markers_.size(); }

 private:
  struct Marker {
    wire::MessageKind kind;
    Authorization authorization;
    Signature sig;
  };
  std::deque<Marker> markers_;
};

}  // namespace flblk::core
