#include "plugin.h"

#include <dlfcn.h>

#include <stdexcept>

namespace example {

Plugin::Plugin(const std::string& library, const std::string& config_toml,
               const flblk_callbacks& callbacks, void* user) {
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw std::runtime_error(dlerror());
  const auto get_api = reinterpret_cast<flblk_get_api_fn>(dlsym(handle, FLBLK_GET_API_SYMBOL));
  api_ = get_api != nullptr ? get_api(FLBLK_ABI_MAJOR) : nullptr;
  if (api_ == nullptr) {
    throw std::runtime_error(library + ": no flblk plugin of ABI " +
                             std::to_string(FLBLK_ABI_MAJOR));
  }
  flblk_options options{};
  options.struct_size = sizeof options;
  options.config = BytesOf(config_toml);
  options.callbacks = &callbacks;
  options.user = user;
  if (api_->create(&options, &plugin_) != FLBLK_OK) throw std::runtime_error(error());
}

Plugin::~Plugin() { api_->destroy(plugin_); }

void Plugin::Start() {
  if (api_->start(plugin_) != FLBLK_OK) throw std::runtime_error(error());
}

flblk_status Plugin::Forkchoice(const flblk_forkchoice& update, flblk_forkchoice_result& result) {
  result = {};
  result.struct_size = sizeof result;
  return api_->forkchoice_updated(plugin_, &update, &result);
}

flblk_status Plugin::Publish(const std::string& flashblock_json, flblk_publish_result& result) {
  result = {};
  result.struct_size = sizeof result;
  flblk_flashblock flashblock{};
  flashblock.struct_size = sizeof flashblock;
  flashblock.encoding = FLBLK_ENCODING_JSON;
  flashblock.data = BytesOf(flashblock_json);
  return api_->publish(plugin_, &flashblock, &result);
}

flblk_status Plugin::Sealed(const uint8_t payload_id[8]) {
  return api_->payload_sealed(plugin_, payload_id);
}

}  // namespace example
