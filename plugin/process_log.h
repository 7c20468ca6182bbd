// The sidecar's log: glog to standard error, as text lines or one JSON object per line. For
// programs of this project only; the plugin never sets up a log.
#pragma once

#include <string>

namespace flblk::plugin {

// level: error, warn, info, debug; format: text, json. Once per process, before any thread.
void InitProcessLog(const std::string& level, const std::string& format);

// Any time; the same levels.
void SetProcessLogLevel(const std::string& level);

// {"ts":"2026-08-21T10:00:00.123456Z","level":"info","at":"file.cc:12","msg":"..."}
std::string JsonLogLine(int64_t unix_us, const char* level, const std::string& at,
                        const std::string& message);

}  // namespace flblk::plugin
