// Rules that need more than one setting. Internal to config.
#pragma once

#include "plugin/config.h"

namespace flblk::plugin {

// INVALID_ARGUMENT begins with the setting's key.
absl::Status CheckConfig(const Config& config);

// Fills in what world_chain names; "" changes nothing.
void ApplyPreset(const std::string& world_chain, Config& config);

}  // namespace flblk::plugin
