// The Authorizations found valid lately: each is verified once, not once per frame. Only valid ones
// enter, so forged ones cannot push them out.
#pragma once

#include <algorithm>
#include <array>

#include "p2p/core/ports.h"
#include "signer/authorization.h"

namespace flblk::core {

class AuthorizationCache {
 public:
  bool Valid(const Authorization& authorization, Verifier& verifier) {
    const auto end = known_.begin() + std::min(count_, known_.size());
    const auto at = std::find(known_.begin(), end, authorization);
    if (at == end) {
      if (!verifier.AuthorizationValid(authorization)) return false;
      last_ = count_++ % known_.size();
      known_[last_] = authorization;
    } else {
      last_ = at - known_.begin();
    }
    return true;
  }
  // Builder of the last one found valid: it is a point of the curve. nullptr: none yet.
  const PublicKey* last_builder() const {
    return count_ == 0 ? nullptr : &known_[last_].builder_vk;
  }

 private:
  std::array<Authorization, 16> known_;  // the oldest makes room
  size_t count_ = 0, last_ = 0;
};

}  // namespace flblk::core
