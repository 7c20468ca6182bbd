#include "p2p/net/confirmations.h"

#include <algorithm>
#include <utility>

#include "p2p/net/clock.h"

namespace flblk::net {

void Confirmations::Await(std::shared_ptr<Connection> connection, uint64_t number) {
  if (awaited_.size() >= kMaxAwaited) return;
  const Connection::Mark mark = connection->MarkHere();
  awaited_.push_back({std::move(connection), number, mark, RealNow().mono});
  Arm(kMinGap);
}

void Confirmations::Stop() {
  awaited_.clear();
  timer_.cancel();
}

void Confirmations::Arm(Duration gap) {
  timer_.expires_after(gap);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) Look();
  });
}

void Confirmations::Look() {
  const MonoTime now = RealNow().mono;
  std::vector<core::SendConfirmed> confirmed;
  std::erase_if(awaited_, [&](Awaited& a) {
    if (a.connection->Acknowledged(a.mark)) {
      confirmed.push_back({a.connection->id(), a.number});
      return true;
    }
    return !a.connection->open() || now - a.since >= kGiveUp;
  });
  if (!awaited_.empty()) {
    Arm(std::clamp((now - awaited_.back().since) / 8, kMinGap, kMaxGap));
  }
  if (confirmed.empty()) return;
  for (const core::SendConfirmed& event : confirmed) confirmed_(event);
  done_();
}

}  // namespace flblk::net
