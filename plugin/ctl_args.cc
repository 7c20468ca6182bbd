#include "plugin/ctl.h"
#include "plugin/nearest.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

// Flags with a value, and switches.
const std::vector<std::string> kValues = {
    "grpc",        "token-file", "tls-ca",    "authorizer-sk-file",
    "builder-vk",  "payload-id", "timestamp", "authorization",
    "interval-ms", "wait",       "count"};
const std::vector<std::string> kSwitches = {"json", "node", "trusted", "help", "version", "seal"};

bool Contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::string Near(const std::string& flag, const std::vector<std::string>& known) {
  const std::string nearest = Nearest(flag, known);
  return nearest.empty() ? "" : "--" + nearest;
}

}  // namespace

std::string CtlArgs::Get(const std::string& flag, std::string fallback) const {
  const auto found = flags.find(flag);
  return found == flags.end() ? fallback : found->second;
}

absl::StatusOr<CtlArgs> ParseCtlArgs(const std::vector<std::string>& args) {
  CtlArgs out;
  for (size_t i = 0; i < args.size(); ++i) {
    std::string_view name = args[i];
    if (name == "-h") name = "--help";
    if (!ConsumePrefix(name, "--")) {
      (out.command.empty() ? out.command : out.words.emplace_back()) = args[i];
      continue;
    }
    const size_t equals = name.find('=');
    const std::string flag(name.substr(0, equals));
    if (Contains(kSwitches, flag)) {
      if (equals != std::string_view::npos) return Invalid("--", flag, ": takes no value");
      out.flags[flag] = "true";
    } else if (!Contains(kValues, flag)) {
      std::vector<std::string> known = kValues;
      known.insert(known.end(), kSwitches.begin(), kSwitches.end());
      return Invalid("--", flag, ": unknown flag", NearestHint(Near(flag, known)));
    } else if (equals != std::string_view::npos) {
      out.flags[flag] = std::string(name.substr(equals + 1));
    } else if (i + 1 == args.size()) {
      return Invalid("--", flag, ": the value is missing");
    } else {
      out.flags[flag] = args[++i];
    }
  }
  return out;
}

}  // namespace flblk::plugin
