#include "p2p/net/log.h"

#include "glog/logging.h"

namespace flblk::net {

LogFn GlogLog() {
  return [](LogLevel level, const std::string& line) {
    switch (level) {
      case LogLevel::kError:
        LOG(ERROR) << line;
        break;
      case LogLevel::kWarn:
        LOG(WARNING) << line;
        break;
      case LogLevel::kInfo:
        LOG(INFO) << line;
        break;
      case LogLevel::kDebug:
        VLOG(1) << line;
        break;
    }
  };
}

}  // namespace flblk::net
