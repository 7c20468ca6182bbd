#include "p2p/net/dialer.h"

#include <sys/random.h>

#include <algorithm>

#include "glog/logging.h"
#include "p2p/net/address.h"

namespace flblk::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr Duration kNoFreeDial = std::chrono::milliseconds(200);

uint64_t RandomU64() {
  uint64_t value = 0;
  CHECK_EQ(getrandom(&value, sizeof value, 0), ssize_t{sizeof value}) << "system entropy";
  return value;
}

}  // namespace

Dialer::Dialer(asio::io_context& io, Listener* listener, size_t max_dialling, BackoffConfig backoff)
    : io_(io), listener_(listener), max_dialling_(max_dialling), backoff_(backoff), resolver_(io) {}

Dialer::~Dialer() = default;

void Dialer::Add(const Enode& enode, bool trusted) {
  TargetPtr& target = targets_[enode.id];
  if (!target) target = std::make_shared<Target>(io_, backoff_);
  target->enode = enode;
  target->trusted = trusted;
  if (!target->up && target->stage != Stage::kHandshaking) Dial(target);
}

bool Dialer::Remove(const NodeId& id) {
  const auto it = targets_.find(id);
  if (it == targets_.end()) return false;
  Enter(it->second, Stage::kIdle);
  targets_.erase(it);
  return true;
}

void Dialer::Stop() {
  stopped_ = true;
  for (auto& [id, target] : targets_) Enter(target, Stage::kIdle);
}

size_t Dialer::Untrusted() const {
  return static_cast<size_t>(std::count_if(
      targets_.begin(), targets_.end(), [](const auto& known) { return !known.second->trusted; }));
}

bool Dialer::IsTrusted(const NodeId& id) const {
  const TargetPtr target = Find(id);
  return target && target->trusted;
}

Dialer::TargetPtr Dialer::Find(const NodeId& id) const {
  const auto it = targets_.find(id);
  return it == targets_.end() ? nullptr : it->second;
}

size_t Dialer::Dialling() const {
  return static_cast<size_t>(std::count_if(targets_.begin(), targets_.end(), [](const auto& entry) {
    return entry.second->stage >= Stage::kResolving;
  }));
}

// ------------------------------------------------------------------------------------- sessions

void Dialer::SessionUp(const NodeId& id, MonoTime now) {
  const TargetPtr target = Find(id);
  if (!target) return;
  target->up = true;
  target->backoff.Up(now);
  if (target->stage != Stage::kHandshaking) Enter(target, Stage::kIdle);
}

void Dialer::SessionDown(const NodeId& id, MonoTime now, bool discourage) {
  const TargetPtr target = Find(id);
  if (!target) return;
  target->up = false;
  target->backoff.Down(now);
  if (discourage) target->backoff.Discourage();
  if (target->stage == Stage::kIdle) Retry(target);
}

void Dialer::HandshakeDone(const NodeId& id, bool discourage) {
  const TargetPtr target = Find(id);
  if (!target || target->stage != Stage::kHandshaking) return;
  Enter(target, Stage::kIdle);
  if (target->up) return;
  if (discourage) target->backoff.Discourage();
  Retry(target);
}

// ---------------------------------------------------------------------------------------- steps

uint64_t Dialer::Enter(const TargetPtr& target, Stage stage) {
  target->stage = stage;
  target->timer.cancel();
  error_code ignored;
  target->socket.close(ignored);
  return ++target->step;
}

void Dialer::After(const TargetPtr& target, Duration delay,
                   void (Dialer::*then)(const TargetPtr&)) {
  target->timer.expires_after(delay);
  target->timer.async_wait([this, target, then, step = target->step](error_code error) {
    if (!error && step == target->step) (this->*then)(target);
  });
}

void Dialer::Retry(const TargetPtr& target) {
  if (stopped_) return;
  Enter(target, Stage::kWaiting);
  After(target, target->backoff.Next(RandomU64()), &Dialer::Dial);
}

void Dialer::Dial(const TargetPtr& target) {
  if (stopped_) return;
  Enter(target, Stage::kWaiting);
  if (Dialling() >= max_dialling_) return After(target, kNoFreeDial, &Dialer::Dial);
  const uint64_t step = Enter(target, Stage::kResolving);
  After(target, kResolveLimit, &Dialer::ResolveTimedOut);
  resolver_.Resolve(target->enode.host, [this, target, step](Resolver::Addresses addresses) {
    if (step == target->step) OnResolved(target, std::move(addresses));
  });
}

void Dialer::OnResolved(const TargetPtr& target, Resolver::Addresses addresses) {
  if (!addresses.ok()) return Failed(target, std::string(addresses.status().message()));
  target->addresses = *std::move(addresses);
  target->addresses.resize(std::min(target->addresses.size(), kMaxAddresses));
  ConnectNext(target);
}

void Dialer::ConnectNext(const TargetPtr& target) {
  if (target->addresses.empty()) return Failed(target, target->last_error);
  const asio::ip::tcp::endpoint endpoint(target->addresses.front(), target->enode.port);
  target->addresses.erase(target->addresses.begin());
  const uint64_t step = Enter(target, Stage::kConnecting);
  After(target, kConnectLimit, &Dialer::ConnectTimedOut);
  target->socket.async_connect(endpoint, [this, target, step, endpoint](error_code error) {
    if (step != target->step) return;
    if (!error) return Connected(target);
    target->last_error = "connect " + FormatEndpoint(endpoint) + ": " + error.message();
    ConnectNext(target);
  });
}

void Dialer::Connected(const TargetPtr& target) {
  asio::ip::tcp::socket socket = std::move(target->socket);
  Enter(target, Stage::kHandshaking);
  listener_->OnDialled(target->enode.id, std::move(socket));
}

void Dialer::Failed(const TargetPtr& target, const std::string& why) {
  Enter(target, Stage::kWaiting);
  const Duration delay = target->backoff.Next(RandomU64());
  listener_->OnDialFailed(target->enode, why, delay);
  After(target, delay, &Dialer::Dial);
}

void Dialer::ResolveTimedOut(const TargetPtr& target) {
  Failed(target, "resolve " + target->enode.host + ": no answer in 10 s");
}

void Dialer::ConnectTimedOut(const TargetPtr& target) {
  target->last_error = "connect " + target->enode.host + ": no answer in 5 s";
  ConnectNext(target);
}

}  // namespace flblk::net
