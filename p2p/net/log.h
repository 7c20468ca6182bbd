// Where the lines of p2p/net go: to whom the node was given (NodeConfig::log), else to glog, which
// belongs to the process. Programming errors (CHECK, DCHECK) stay with glog in either case.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "p2p/wire/time.h"

namespace flblk::net {

enum class LogLevel : uint8_t { kError = 0, kWarn = 1, kInfo = 2, kDebug = 3 };

// One line without its end: "event=<name> key=value ...", values with blanks in quotes. Called on
// the network thread, and on the thread of Node::Stop; must not block.
using LogFn = std::function<void(LogLevel, const std::string& line)>;

// glog's INFO, WARNING, ERROR; kDebug is VLOG(1).
LogFn GlogLog();

// Keeps one kind of line, which strangers can cause as often as they like, to one in kGap.
class LineRation {
 public:
  static constexpr Duration kGap = std::chrono::milliseconds(100);
  bool Take(MonoTime now) {
    if (last_ && now - *last_ < kGap) return false;
    last_ = now;
    return true;
  }

 private:
  std::optional<MonoTime> last_;
};

}  // namespace flblk::net
