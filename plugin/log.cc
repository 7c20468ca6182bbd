#include "plugin/log.h"

#include <glog/logging.h>

namespace flblk::plugin {

LogFn GlogLog() {
  return [](LogLevel level, const std::string& text) {
    switch (level) {
      case LogLevel::kError:
        LOG(ERROR) << text;
        break;
      case LogLevel::kWarn:
        LOG(WARNING) << text;
        break;
      case LogLevel::kInfo:
        LOG(INFO) << text;
        break;
      case LogLevel::kDebug:
        VLOG(1) << text;
        break;
    }
  };
}

}  // namespace flblk::plugin
