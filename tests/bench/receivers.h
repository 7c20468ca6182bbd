// Peers that cost as little as peers can: after the handshake and their request for flashblocks
// they only count the bytes that arrive. They run in a child process.
#pragma once

#include <sys/types.h>

#include "signer/bytes.h"

namespace flblk::bench {

class Receivers {
 public:
  // Forks: to be made before this process has another thread.
  Receivers();
  ~Receivers();  // ends the child
  Receivers(const Receivers&) = delete;
  Receivers& operator=(const Receivers&) = delete;

  enum class Which : uint8_t { kSessions, kPlain };
  // `n` sessions with the node at 127.0.0.1:port, each fed by it once this returns. To compare two
  // nodes, those with the second take the place of plain connections.
  void Subscribe(uint16_t port, const NodeId& node, size_t n, Which into = Which::kSessions);
  // `n` plain connections.
  void Connect(uint16_t port, size_t n);
  void CloseAll();

  // Forgets what has arrived, and counts from now on.
  void Expect(Which which, size_t bytes_each);
  // When the slowest had that many: WallSeconds().
  double Wait();

 private:
  int control_ = -1;
  pid_t child_ = -1;
};

}  // namespace flblk::bench
