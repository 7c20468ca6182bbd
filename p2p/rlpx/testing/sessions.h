// Two sessions joined in memory, for tests: what one puts out is given to the other in chunks.
#pragma once

#include <functional>

#include "p2p/rlpx/session.h"
#include "p2p/rlpx/snappy_block.h"

namespace flblk::rlpx::testing {

inline FixedBytes<32> Filled(uint8_t value) {
  FixedBytes<32> out;
  out.fill(value);
  return out;
}

// Keys the same in every run.
inline const NodeKey& KeyNumber(uint8_t n) {
  static std::vector<std::unique_ptr<NodeKey>> keys(256);
  if (!keys[n]) keys[n] = std::make_unique<NodeKey>(*NodeKey::FromSecret(Filled(n)));
  return *keys[n];
}

inline Now At(Duration since_start) {
  return {MonoTime{1'000'000'000 + since_start.count()}, 1'700'000'000'000'000'000};
}

inline std::shared_ptr<const wire::Frame> MakeFrame(wire::MessageId id, Bytes body) {
  auto frame = std::make_shared<wire::Frame>();
  frame->id = id;
  frame->snappy = SnappyCompress(body);
  frame->body = std::move(body);
  return frame;
}

// How many bytes of the given ones to pass on at once.
using Split = std::function<size_t(size_t)>;
inline Split Whole() {
  return [](size_t n) { return n; };
}

struct Side {
  explicit Side(const SessionConfig& config, uint8_t entropy)
      : session(config, Filled(entropy), At({})) {}
  Session session;
  std::vector<SessionEvent> events;
  Bytes sent;  // all bytes ever put out

  template <class T>
  std::vector<T> All() const {
    std::vector<T> found;
    for (const SessionEvent& e : events) {
      if (const T* event = std::get_if<T>(&e)) found.push_back(*event);
    }
    return found;
  }
};

class Pair {
 public:
  // Initiator: key 1, recipient: key 2.
  explicit Pair(SessionConfig initiator = {}, SessionConfig recipient = {})
      : a(Initiator(std::move(initiator)), 11), b(Recipient(std::move(recipient)), 22) {}

  // Passes bytes to and fro until both are silent.
  void Run(Duration since_start = {}, const Split& split = Whole()) {
    while (Pass(a, b, since_start, split) || Pass(b, a, since_start, split)) {
    }
  }

  Side a, b;

 private:
  static SessionConfig Initiator(SessionConfig config) {
    config.role = Role::kInitiator;
    if (config.key == nullptr) config.key = &KeyNumber(1);
    if (!config.remote) config.remote = KeyNumber(2).id();
    return config;
  }
  static SessionConfig Recipient(SessionConfig config) {
    config.role = Role::kRecipient;
    if (config.key == nullptr) config.key = &KeyNumber(2);
    return config;
  }
  static bool Pass(Side& from, Side& to, Duration since_start, const Split& split) {
    const Bytes bytes(from.session.PendingOutput().begin(), from.session.PendingOutput().end());
    for (size_t at = 0; at < bytes.size();) {
      const size_t n = std::min(std::max<size_t>(split(bytes.size() - at), 1), bytes.size() - at);
      to.session.OnBytes(ByteView(bytes).subspan(at, n), At(since_start), to.events);
      from.session.ConsumeOutput(n);
      at += n;
    }
    from.sent.insert(from.sent.end(), bytes.begin(), bytes.end());
    return !bytes.empty();
  }
};

}  // namespace flblk::rlpx::testing
