// The connections that something was enqueued for in this turn; written to together, so that a
// message for many is sealed for eight of them at a time (fan_out.h).
//
// With a pool, groups of eight of a large message for many are sealed by its threads, too, while
// this one seals and writes others. It waits for them only when nothing else is left to do, and at
// most kSealPatience in one Flush; then it seals what they still have itself. Each connection gets
// the same bytes in the same order as without a pool.
//
// Thread: the network thread only.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "p2p/net/connection.h"
#include "p2p/net/seal_pool.h"

namespace flblk::net {

class FlushList {
 public:
  using ConnectionPtr = std::shared_ptr<Connection>;
  static constexpr Duration kSealPatience = std::chrono::milliseconds(1);
  // Bytes of a frame below which a group is sealed sooner than handed over.
  static constexpr size_t kWorthLending = size_t{32} << 10;

  // `pool`: null or without threads: all is done here. Outlives the list.
  explicit FlushList(SealPool* pool = nullptr) : pool_(pool) {}

  // A connection is in one list at most, and once.
  void Add(const ConnectionPtr& connection);
  // Seals and writes what can be written without waiting for a socket; the list is empty then.
  void Flush();

 private:
  using Group = std::span<const ConnectionPtr>;
  // Of one group, those that have the same frame to be sealed next.
  struct Alike {
    wire::FramePtr frame;
    std::array<Connection*, kFanOutGroup> connections;
    size_t count = 0;
  };

  size_t groups() const { return (connections_.size() + kFanOutGroup - 1) / kFanOutGroup; }
  Group GroupAt(size_t number) const;
  static Alike FindAlike(Group group);
  // Seals the next frame of all in the group that have the same one; false where there are not two.
  static bool SealTogether(Group group);
  static void SealAndWrite(Group group);

  bool WorthLending() const;
  bool Lend(size_t number);
  void FlushWithPool();
  // One group that was lent: sealed, or not begun, or (once `limit` has passed) in any state.
  void FinishOne(std::chrono::steady_clock::time_point limit);
  bool WriteSealed();

  SealPool* const pool_;
  std::vector<ConnectionPtr> connections_;
  std::vector<Alike> lent_;  // by number of the group
};

}  // namespace flblk::net
