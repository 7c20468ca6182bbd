// The table of settings and the readers and writers of their values. Internal to config.
#pragma once

#include <variant>

#include "plugin/config.h"

namespace flblk::plugin {

using Field = std::variant<std::string Config::*, bool Config::*, uint16_t Config::*,
                           uint32_t Config::*, uint64_t Config::*, Duration Config::*,
                           std::vector<net::Enode> Config::*, std::optional<PublicKey> Config::*,
                           std::optional<SecretKey> Config::*, std::optional<uint64_t> Config::*,
                           std::optional<Hash32> Config::*, std::optional<FixedBytes<4>> Config::*,
                           std::optional<std::vector<Endpoint>> Config::*, Endpoint Config::*>;

enum class Style : uint8_t { kPlain, kOctal, kEnvironmentOnly };

struct Setting {
  std::string_view key;
  Field field;
  std::string_view value;  // what --help shows after the flag
  std::string_view help;
  uint64_t min = 0, max = UINT64_MAX;  // numbers as they are, durations in nanoseconds
  std::string_view alias{};            // another flag, without the dashes
  std::string_view choices{};          // "a|b": the only texts allowed
  Style style = Style::kPlain;
};

std::span<const Setting> Settings();
const Setting* FindKey(std::string_view key);
// By flag name without the dashes, aliases included.
const Setting* FindFlag(std::string_view flag);
// The known name that is nearest to `name`; "" where none is near (nearest.h).
std::string NearestKey(std::string_view name);
std::string NearestFlag(std::string_view name);
std::string NearestEnv(std::string_view name);
std::string FlagOf(const Setting& setting);  // "--max-send-peers"
std::string EnvOf(const Setting& setting);   // "FLBLK_MAX_SEND_PEERS"

bool IsSwitch(const Setting& setting);  // a boolean: the flag may stand alone
bool IsNumber(const Setting& setting);  // written without quotes in TOML
bool IsList(const Setting& setting);    // TOML array of strings; comma separated elsewhere

// Reads `text` into the field. INVALID_ARGUMENT says what is wrong, without the setting's name.
absl::Status SetFromText(const Setting& setting, std::string_view text, Config& config);
// The value as TOML; "" where the setting is absent or secret.
std::string ToTomlValue(const Setting& setting, const Config& config);

}  // namespace flblk::plugin
