// libflblk.so, opened at run time and owned: what a C++ host needs around flblk.h.
#pragma once

#include <flblk.h>

#include <string>

namespace example {

inline flblk_bytes BytesOf(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

class Plugin {
 public:
  // Throws std::runtime_error with the plugin's own words where anything fails. `callbacks` and
  // `user` as in flblk.h.
  Plugin(const std::string& library, const std::string& config_toml,
         const flblk_callbacks& callbacks, void* user);
  ~Plugin();  // StopPublish, Disconnect, no callback afterwards
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  void Start();
  // Each returns the status; error() has the words.
  flblk_status Forkchoice(const flblk_forkchoice& update, flblk_forkchoice_result& result);
  flblk_status Publish(const std::string& flashblock_json, flblk_publish_result& result);
  flblk_status Sealed(const uint8_t payload_id[8]);
  std::string error() const { return api_->last_error(); }
  std::string enode() const { return api_->enode(plugin_); }

 private:
  const flblk_api* api_ = nullptr;
  flblk_plugin* plugin_ = nullptr;
};

}  // namespace example
