// A TOML text as the list of its settings. Internal to config.
#pragma once

#include <string>
#include <vector>

#include "plugin/settings.h"

namespace flblk::plugin {

struct Entry {
  const Setting* setting = nullptr;
  std::string text;   // as SetFromText reads it
  std::string place;  // heads the error: "--port", "FLBLK_PORT", "flblk.toml:12: port"
};

// INVALID_ARGUMENT: no TOML (line and column), an unknown key (with the nearest known one), a value
// of another type.
absl::StatusOr<std::vector<Entry>> ReadToml(std::string_view text, std::string_view origin);

}  // namespace flblk::plugin
