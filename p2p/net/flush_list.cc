#include "p2p/net/flush_list.h"

#include <algorithm>
#include <array>

#include "p2p/net/fan_out.h"

namespace flblk::net {

void FlushList::Add(const ConnectionPtr& connection) {
  if (connection->in_flush_list) return;
  connection->in_flush_list = true;
  connections_.push_back(connection);
}

void FlushList::Flush() {
  for (size_t begin = 0; begin < connections_.size(); begin += kFanOutGroup) {
    const size_t size = std::min(kFanOutGroup, connections_.size() - begin);
    const std::span<const ConnectionPtr> group(&connections_[begin], size);
    while (SealTogether(group)) {
    }
    for (const ConnectionPtr& connection : group) {
      connection->in_flush_list = false;
      connection->Flush();
    }
  }
  connections_.clear();
}

bool FlushList::SealTogether(std::span<const ConnectionPtr> group) {
  wire::FramePtr frame;
  std::array<Connection*, kFanOutGroup> same;
  size_t count = 0;
  for (const ConnectionPtr& connection : group) {
    wire::FramePtr next = connection->NextToSeal();
    if (!next || (frame && next != frame)) continue;
    frame = std::move(next);
    same[count++] = connection.get();
  }
  if (count < 2) return false;
  std::array<rlpx::Session::Egress, kFanOutGroup> receivers;
  for (size_t i = 0; i < count; ++i) receivers[i] = same[i]->SealNext();
  SealForAll(*frame, std::span(receivers).first(count));
  return true;
}

}  // namespace flblk::net
