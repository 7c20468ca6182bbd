#include "plugin/config.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "plugin/config_check.h"
#include "plugin/config_toml.h"
#include "plugin/nearest.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

using Layer = std::vector<Entry>;
constexpr size_t kMaxConfigBytes = size_t{1} << 20;

absl::Status Apply(const Entry& entry, Config& config) {
  auto status = SetFromText(*entry.setting, entry.text, config);
  if (status.ok()) return status;
  if (entry.place == "FLBLK_PORT" && entry.text.find("://") != std::string::npos) {
    return Invalid(entry.place, ": '", entry.text,
                   "' is what Kubernetes sets for a Service named flblk: set enableServiceLinks: "
                   "false in the pod, or rename the Service");
  }
  return Invalid(entry.place, ": ", status.message());
}

// `layers` from the weakest to the strongest.
absl::StatusOr<Config> Merge(const std::vector<Layer>& layers) {
  Config config;
  for (const bool preset : {true, false}) {
    for (const Layer& layer : layers) {
      for (const Entry& entry : layer) {
        if ((entry.setting->key == "world_chain") != preset) continue;
        if (auto status = Apply(entry, config); !status.ok()) return status;
      }
    }
    if (preset) ApplyPreset(config.world_chain, config);
  }
  return config;
}

absl::StatusOr<Layer> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(Cat("--config: cannot open '", path, "'"));
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(path, unknown)) {
    return Invalid("--config: '", path, "' is no regular file");
  }
  std::string text(kMaxConfigBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return absl::NotFoundError(Cat("--config: cannot read '", path, "'"));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxConfigBytes) {
    return Invalid("--config: '", path, "' is above ", kMaxConfigBytes, " bytes");
  }
  return ReadToml(text, path);
}

Layer ReadEnvironment(const Getenv& env) {
  Layer layer;
  for (const Setting& setting : Settings()) {
    const std::string name = EnvOf(setting);
    if (const char* value = env(name.c_str())) layer.push_back({&setting, value, name});
  }
  return layer;
}

struct Flags {
  Layer layer;
  std::string config_file;
  CommandLine* out = nullptr;
};

// Adds one flag; a list may be given several times.
absl::Status AddFlag(const Setting& setting, std::string text, std::string place, Layer& layer) {
  const auto same = std::find_if(layer.begin(), layer.end(),
                                 [&](const Entry& e) { return e.setting == &setting; });
  if (same == layer.end()) {
    layer.push_back({&setting, std::move(text), std::move(place)});
    return absl::OkStatus();
  }
  if (!IsList(setting)) return Invalid(place, ": given twice");
  same->text += Cat(",", text);
  return absl::OkStatus();
}

// Those flags that are no settings. True where `name` was one.
bool ReadCommand(std::string_view name, CommandLine& out) {
  if (name == "help") return out.help = true;
  if (name == "version") return out.version = true;
  if (name == "dump-config") return out.dump_config = true;
  return false;
}

absl::Status UnknownFlag(std::string_view place, std::string_view name) {
  return Invalid(place, ": unknown flag", NearestHint(NearestFlag(name)));
}

// Reads args[i] and, where it has one, its value; moves i behind them.
absl::Status ReadFlag(std::span<const char* const> args, size_t& i, Flags& flags) {
  std::string_view name = args[i++];
  if (name == "-h") name = "--help";
  if (!ConsumePrefix(name, "--")) {
    return Invalid("'", name, "': flags begin with --");
  }
  std::optional<std::string> value;
  if (const size_t equals = name.find('='); equals != std::string_view::npos) {
    value = std::string(name.substr(equals + 1));
    name = name.substr(0, equals);
  }
  const std::string place = Cat("--", name);
  if (ReadCommand(name, *flags.out))
    return value ? Invalid(place, ": takes no value") : absl::OkStatus();
  const Setting* setting = FindFlag(name);
  bool negated = false;
  if (setting == nullptr && name.starts_with("no-")) {
    setting = FindFlag(name.substr(3));
    if (setting != nullptr && !IsSwitch(*setting)) setting = nullptr;
    negated = setting != nullptr;
  }
  if (setting == nullptr && name != "config") return UnknownFlag(place, name);
  if (setting != nullptr && setting->style == Style::kEnvironmentOnly) {
    return Invalid(place, ": a secret on the command line is seen by every user; use ",
                   EnvOf(*setting), " or --builder-sk-file");
  }
  if (negated && value) return Invalid(place, ": takes no value");
  if (!value && setting != nullptr && IsSwitch(*setting)) value = negated ? "false" : "true";
  if (!value) {
    if (i == args.size()) return Invalid(place, ": the value is missing");
    value = args[i++];
  }
  if (setting != nullptr) return AddFlag(*setting, *std::move(value), place, flags.layer);
  if (value->empty()) return Invalid(place, ": empty");
  if (!flags.config_file.empty()) return Invalid(place, ": given twice");
  flags.config_file = *std::move(value);
  return absl::OkStatus();
}

}  // namespace

std::string Config::NodeKeyPath() const {
  return nodekey.empty() ? Cat(datadir, "/nodekey") : nodekey;
}

std::vector<Endpoint> Config::GrpcEndpoints() const {
  if (grpc) return *grpc;
  return {Endpoint{.kind = Endpoint::Kind::kUnix, .path = Cat(datadir, "/flblk.sock"), .host = {}}};
}

std::string Config::ExternalAddress() const {
  std::string_view rest = nat;
  return ConsumePrefix(rest, "extip:") ? std::string(rest) : "";
}

absl::StatusOr<Config> ConfigFromToml(std::string_view text, std::string_view origin) {
  if (text.size() > kMaxConfigBytes) {
    return Invalid(origin, ": above ", kMaxConfigBytes, " bytes");
  }
  auto layer = ReadToml(text, origin);
  if (!layer.ok()) return layer.status();
  auto config = Merge({*std::move(layer)});
  if (!config.ok()) return config;
  if (auto status = CheckConfig(*config); !status.ok()) {
    return Invalid(origin, ": ", status.message());
  }
  return config;
}

absl::StatusOr<CommandLine> ConfigFromCommandLine(std::span<const char* const> args,
                                                  const Getenv& env) {
  CommandLine out;
  Flags flags{.layer = {}, .config_file = {}, .out = &out};
  for (size_t i = 0; i < args.size();) {
    if (auto status = ReadFlag(args, i, flags); !status.ok()) return status;
  }
  if (out.help || out.version) return out;
  if (const char* path = env("FLBLK_CONFIG"); path != nullptr && flags.config_file.empty()) {
    flags.config_file = path;
  }
  std::vector<Layer> layers;
  if (!flags.config_file.empty()) {
    auto layer = ReadFile(flags.config_file);
    if (!layer.ok()) return layer.status();
    layers.push_back(*std::move(layer));
  }
  layers.push_back(ReadEnvironment(env));
  layers.push_back(std::move(flags.layer));
  auto config = Merge(layers);
  if (!config.ok()) return config.status();
  if (!out.dump_config) {
    if (auto status = CheckConfig(*config); !status.ok()) return status;
  }
  out.config = *std::move(config);
  return out;
}

std::vector<std::string> EnvironmentWarnings(const char* const* environment) {
  std::vector<std::string> out;
  for (; *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    const std::string_view name = entry.substr(0, entry.find('='));
    if (!entry.starts_with("FLBLK_") || name.size() == entry.size()) continue;
    const std::string nearest = NearestEnv(name);
    if (nearest == name) continue;
    out.push_back(Cat(name, ": no setting, ignored", NearestHint(nearest)));
  }
  return out;
}

std::string ConfigToToml(const Config& config) {
  std::string out;
  for (const Setting& setting : Settings()) {
    const std::string value = ToTomlValue(setting, config);
    if (!value.empty()) {
      out += Cat(setting.key, " = ", value, "\n");
    } else if (setting.style == Style::kEnvironmentOnly) {
      if (config.builder_sk) out += Cat("# ", setting.key, ": set by ", EnvOf(setting), "\n");
    } else {
      out += Cat("# ", setting.key, ": not set\n");
    }
  }
  return out;
}

std::string ConfigHelp(std::string_view program) {
  std::string out = Cat("usage: ", program, " [--config FILE] [--dump-config] [flags]\n\n",
                        "Flag --some-name is FLBLK_SOME_NAME in the environment and some_name in "
                        "the TOML file;\nflags win over environment, environment over file.\n\n");
  const auto line = [&](std::string name, std::string_view help) {
    name.resize(std::max(name.size(), size_t{42}), ' ');
    out += Cat("  ", name, " ", help);
  };
  line("--config FILE", "settings as TOML; also FLBLK_CONFIG\n");
  line("--dump-config", "print the settings in force as TOML, without secrets, and exit\n");
  line("--version", "print the version and exit\n");
  line("--help", "print this and exit\n");
  const Config defaults;
  for (const Setting& setting : Settings()) {
    const bool secret = setting.style == Style::kEnvironmentOnly;
    const std::string value = ToTomlValue(setting, defaults);
    line(Cat(secret ? EnvOf(setting) : FlagOf(setting), " ", setting.value), setting.help);
    if (!value.empty() && value != "\"\"" && value != "[]") out += Cat(" (", value, ")");
    if (!setting.alias.empty()) out += Cat("; also --", setting.alias);
    out += "\n";
  }
  return out;
}

}  // namespace flblk::plugin
