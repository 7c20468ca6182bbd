// The connections that something was enqueued for in this turn; written to together, so that a
// message for many is sealed for eight of them at a time (fan_out.h).
//
// Thread: the network thread only.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "p2p/net/connection.h"

namespace flblk::net {

class FlushList {
 public:
  using ConnectionPtr = std::shared_ptr<Connection>;

  // A connection is in one list at most, and once.
  void Add(const ConnectionPtr& connection);
  // Seals and writes what can be written without waiting; the list is empty then.
  void Flush();

 private:
  // Seals the next frame of all in the group that have the same one; false where there are not two.
  static bool SealTogether(std::span<const ConnectionPtr> group);

  std::vector<ConnectionPtr> connections_;
};

}  // namespace flblk::net
