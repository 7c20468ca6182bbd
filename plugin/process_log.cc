#include "plugin/process_log.h"

#include <glog/logging.h>
#include <stdio.h>
#include <time.h>

#include <chrono>

#include "absl/strings/str_format.h"
#include "plugin/text.h"
#include "plugin/utf8.h"

namespace flblk::plugin {
namespace {

const char* SeverityName(google::LogSeverity severity) {
  switch (severity) {
    case google::GLOG_INFO:
      return "info";
    case google::GLOG_WARNING:
      return "warn";
    default:
      return "error";
  }
}

std::string JsonText(const std::string& text) {
  std::string out;
  for (const char c : ToUtf8(text)) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      out += absl::StrFormat("\\u%04x", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

class JsonSink final : public google::LogSink {
 public:
  void send(google::LogSeverity severity, const char*, const char* file, int line,
            const google::LogMessageTime&, const char* message, size_t size) override {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::string text =
        JsonLogLine(std::chrono::duration_cast<std::chrono::microseconds>(now).count(),
                    SeverityName(severity), Cat(file, ":", line), std::string(message, size));
    fwrite(text.data(), 1, text.size(), stderr);  // one call: lines of several threads do not mix
  }
};

}  // namespace

std::string JsonLogLine(int64_t unix_us, const char* level, const std::string& at,
                        const std::string& message) {
  const time_t seconds = unix_us / 1'000'000;
  tm utc{};
  gmtime_r(&seconds, &utc);
  char time[32];
  strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", &utc);
  return absl::StrFormat("{\"ts\":\"%s.%06dZ\",\"level\":\"%s\",\"at\":\"%s\",\"msg\":\"%s\"}\n",
                         time, unix_us % 1'000'000, level, JsonText(at), JsonText(message));
}

void SetProcessLogLevel(const std::string& level) {
  FLAGS_minloglevel = level == "error"  ? google::GLOG_ERROR
                      : level == "warn" ? google::GLOG_WARNING
                                        : google::GLOG_INFO;
  FLAGS_v = level == "debug" ? 1 : 0;
}

void InitProcessLog(const std::string& level, const std::string& format) {
  SetProcessLogLevel(level);
  if (format == "json") {
    FLAGS_logtostderr = false;
    FLAGS_stderrthreshold = google::NUM_SEVERITIES;
    for (int severity = 0; severity < google::NUM_SEVERITIES; ++severity)
      google::SetLogDestination(severity, "");
    static JsonSink sink;
    google::AddLogSink(&sink);
  } else {
    FLAGS_logtostderr = true;
  }
  google::InitGoogleLogging("flblkd");
}

}  // namespace flblk::plugin
