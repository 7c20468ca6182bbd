// Where the plugin's own lines go: to the host where it gave a callback, else to glog (which the
// host owns).
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace flblk::plugin {

enum class LogLevel : uint8_t { kError = 0, kWarn = 1, kInfo = 2, kDebug = 3 };

// Any thread.
using LogFn = std::function<void(LogLevel, const std::string&)>;
LogFn GlogLog();

}  // namespace flblk::plugin
