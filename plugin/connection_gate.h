// Accepts connections on a thread of its own, hands each on, and can cut all of them off.
//
// Why: gRPC closes a connection only after its last write, so a client that reads nothing would
// hold up the end of the server for as long as it likes. The gate keeps a second descriptor of each
// connection and shuts it down when the time is over.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "plugin/listen_socket.h"

namespace flblk::plugin {

class ConnectionGate {
 public:
  static constexpr size_t kMaxConnections = 1024;  // further ones are closed at once

  struct Door {
    ListenSocket socket;
    std::function<void(int fd)> take;  // owns fd; called on the gate's thread
  };

  ConnectionGate() = default;
  ~ConnectionGate();  // ends at once

  // RESOURCE_EXHAUSTED: no descriptor left. Once.
  absl::Status Open(std::vector<Door> doors);
  // Accepts no more from now on; connections still open after `grace` are cut off. Does not wait,
  // see Join.
  void Close(std::chrono::milliseconds grace);
  // Waits until no connection is left. After Close. Idempotent.
  void Join();

 private:
  using Clock = std::chrono::steady_clock;

  void Run();
  std::optional<Clock::time_point> closing() const;
  int PollTimeout(Clock::time_point now) const;
  void AcceptFrom(const Door& door);
  void Keep(Descriptor accepted, const Door& door);

  std::vector<Door> doors_;
  Descriptor wake_;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::optional<Clock::time_point> cut_off_at_;  // set: closing
  // the gate's thread
  std::vector<Descriptor> connections_;
  Clock::time_point pause_until_{};  // no descriptors left: accept again then
};

}  // namespace flblk::plugin
