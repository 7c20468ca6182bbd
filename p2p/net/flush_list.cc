#include "p2p/net/flush_list.h"

#include <algorithm>

namespace flblk::net {

using std::chrono::steady_clock;

void FlushList::Add(const ConnectionPtr& connection) {
  if (connection->in_flush_list) return;
  connection->in_flush_list = true;
  connections_.push_back(connection);
}

void FlushList::Flush() {
  if (WorthLending()) {
    FlushWithPool();
  } else {
    for (size_t i = 0; i < groups(); ++i) SealAndWrite(GroupAt(i));
  }
  connections_.clear();
}

FlushList::Group FlushList::GroupAt(size_t number) const {
  const Group rest = Group(connections_).subspan(number * kFanOutGroup);
  return rest.first(std::min(kFanOutGroup, rest.size()));
}

FlushList::Alike FlushList::FindAlike(Group group) {
  Alike alike;
  for (const ConnectionPtr& connection : group) {
    wire::FramePtr next = connection->NextToSeal();
    if (!next || (alike.frame && next != alike.frame)) continue;
    alike.frame = std::move(next);
    alike.connections[alike.count++] = connection.get();
  }
  return alike;
}

bool FlushList::SealTogether(Group group) {
  const Alike alike = FindAlike(group);
  if (alike.count < 2) return false;
  std::array<rlpx::Session::Egress, kFanOutGroup> receivers;
  for (size_t i = 0; i < alike.count; ++i) receivers[i] = alike.connections[i]->SealNext();
  SealForAll(*alike.frame, std::span(receivers).first(alike.count));
  return true;
}

void FlushList::SealAndWrite(Group group) {
  while (SealTogether(group)) {
  }
  for (const ConnectionPtr& connection : group) {
    connection->in_flush_list = false;
    connection->Flush();
  }
}

// ---- with threads

bool FlushList::WorthLending() const {
  if (pool_ == nullptr || pool_->threads() == 0 || groups() < 2) return false;
  const wire::FramePtr next = connections_.front()->NextToSeal();
  return next && next->snappy.size() >= kWorthLending;
}

bool FlushList::Lend(size_t number) {
  Alike& alike = lent_[number] = FindAlike(GroupAt(number));
  if (alike.count < 2 || alike.frame->snappy.size() < kWorthLending) return false;
  std::array<rlpx::Session::Egress, kFanOutGroup> receivers;
  for (size_t i = 0; i < alike.count; ++i) receivers[i] = alike.connections[i]->egress();
  return pool_->Lend(alike.frame, std::span(receivers).first(alike.count), number);
}

void FlushList::FlushWithPool() {
  lent_.resize(groups());
  for (size_t next = 0; next < groups();) {
    // Workers are kept busy first, sealed bytes are written next, and only then one seals oneself.
    if (next + 1 < groups() && pool_->wants() && Lend(next)) {
      ++next;
    } else if (!WriteSealed()) {
      SealAndWrite(GroupAt(next++));
    }
  }
  const auto limit = steady_clock::now() + kSealPatience;
  while (pool_->lent() > 0) FinishOne(limit);
  lent_.clear();
}

void FlushList::FinishOne(steady_clock::time_point limit) {
  if (WriteSealed()) return;
  std::optional<size_t> number = pool_->TakeBack();
  if (!number && pool_->WaitUntil(limit)) return;
  if (!number) number = pool_->TakeAway();
  if (number) SealAndWrite(GroupAt(*number));
}

bool FlushList::WriteSealed() {
  SealPool::Loan* const loan = pool_->TakeSealed();
  if (loan == nullptr) return false;
  const size_t number = loan->tag();
  const Alike& alike = lent_[number];
  for (size_t i = 0; i < alike.count; ++i) {
    Connection* const connection = alike.connections[i];
    // Unless it was closed, or written to, meanwhile.
    if (connection->NextToSeal() == alike.frame) loan->Adopt(i, connection->SealNext());
  }
  pool_->Return(loan);
  SealAndWrite(GroupAt(number));
  return true;
}

}  // namespace flblk::net
