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
    if (std::find(known_.begin(), end, authorization) != end) return true;
    if (!verifier.AuthorizationValid(authorization)) return false;
    known_[count_++ % known_.size()] = authorization;
    return true;
  }

 private:
  std::array<Authorization, 16> known_;  // the oldest makes room
  size_t count_ = 0;
};

}  // namespace flblk::core
