// A host of the plugin through its C ABI, for tests: one plugin in a directory of its own, and what
// its callbacks said.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "plugin/flblk.h"
#include "signer/authorization.h"

namespace flblk {

inline constexpr auto kLimit = std::chrono::seconds(30);

inline SecretKey Key(uint8_t fill) {
  FixedBytes<32> seed;
  seed.fill(fill);
  return *SecretKey::FromSeed(seed);
}

inline const flblk_api* Api() {
  static const flblk_api* const api = [] {
    void* so = dlopen(FLBLK_PLUGIN, RTLD_NOW | RTLD_LOCAL);
    if (so == nullptr) throw std::runtime_error(dlerror());
    return reinterpret_cast<flblk_get_api_fn>(dlsym(so, FLBLK_GET_API_SYMBOL))(FLBLK_ABI_MAJOR);
  }();
  return api;
}

class Host {
 public:
  struct Seen {
    uint64_t index = 0, transactions = 0, block_number = 0, lost = 0;
    bool own = false, base = false;
    Bytes rlp, signed_rlp;
    std::string metadata;
  };
  struct Change {
    uint32_t state = 0, cause = 0;
    uint64_t next_index = 0, missing = 0;
    std::vector<Bytes> flashblocks;
  };
  struct Result {
    uint64_t ticket = 0;
    uint32_t code = 0;
    std::string message;
  };

  // `on_line`: what on_log does with the plugin, once create has returned it.
  explicit Host(uint8_t builder, const std::string& more = "",
                std::function<void(flblk_plugin*)> on_line = nullptr)
      : on_line_(std::move(on_line)) {
    const std::string config = "datadir = \"" + directory_ +
                               "/node\"\naddr = \"127.0.0.1\"\nport = 0\nauthorizer_vk = \"" +
                               ToHex(Key(1).public_key().bytes) + "\"\n" + more;
    flblk_callbacks callbacks{};
    callbacks.struct_size = sizeof callbacks;
    callbacks.on_publishing = [](void* user, const flblk_publishing_event* e) {
      static_cast<Host*>(user)->On(*e);
    };
    callbacks.on_flashblock = [](void* user, const flblk_flashblock_event* e) {
      static_cast<Host*>(user)->On(*e);
    };
    callbacks.on_publish_result = [](void* user, uint64_t ticket,
                                     const flblk_publish_result* result, flblk_bytes text) {
      static_cast<Host*>(user)->On({ticket, result->code, Text(text)});
    };
    callbacks.on_log = [](void* user, uint32_t, flblk_bytes line) {
      static_cast<Host*>(user)->Log(Text(line));
    };
    FixedBytes<32> seed;
    seed.fill(builder);
    flblk_options options{};
    options.struct_size = sizeof options;
    options.config = View(config);
    if (builder != 0) options.builder_seed = {seed.data(), seed.size()};
    options.callbacks = &callbacks;
    options.user = this;
    EXPECT_EQ(Api()->create(&options, &plugin_), FLBLK_OK) << Api()->last_error();
    EXPECT_EQ(Api()->start(plugin_), FLBLK_OK) << Api()->last_error();
  }
  ~Host() {
    Destroy();
    std::filesystem::remove_all(directory_);
  }
  Host(const Host&) = delete;

  static flblk_bytes View(const std::string& text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
  }
  static std::string Text(flblk_bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data), bytes.size};
  }
  static Bytes Copy(flblk_bytes bytes) { return Bytes(bytes.data, bytes.data + bytes.size); }

  void Destroy() {
    EXPECT_EQ(Api()->destroy(plugin_), FLBLK_OK);
    plugin_ = nullptr;
  }

  flblk_plugin* plugin() const { return plugin_; }
  const std::string& directory() const { return directory_; }
  std::string grpc_target() const { return Api()->grpc_target(plugin_); }
  std::string enode() const { return Api()->enode(plugin_); }
  uint32_t peers() const {
    flblk_stats stats{};
    stats.struct_size = sizeof stats;
    EXPECT_EQ(Api()->stats(plugin_, &stats), FLBLK_OK);
    return stats.peers;
  }

  flblk_status Authorize(const Authorization& a, flblk_forkchoice_result* result = nullptr) const {
    flblk_forkchoice update{};
    update.struct_size = sizeof update;
    update.flags = FLBLK_FC_ATTRIBUTES | FLBLK_FC_AUTHORIZATION;
    update.timestamp = a.timestamp;
    std::copy(a.payload_id.begin(), a.payload_id.end(), update.authorization.payload_id);
    update.authorization.timestamp = a.timestamp;
    std::copy(a.builder_vk.bytes.begin(), a.builder_vk.bytes.end(),
              update.authorization.builder_vk);
    std::copy(a.authorizer_sig.bytes.begin(), a.authorizer_sig.bytes.end(),
              update.authorization.authorizer_sig);
    return Api()->forkchoice_updated(plugin_, &update, result);
  }

  // Waits until `holds` of what the callbacks said.
  template <typename Condition>
  bool Await(const Condition& holds) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLimit, holds);
  }

  // Whether a line of the log has `part`; within Await.
  bool Has(const std::string& part) const {
    for (const std::string& line : lines) {
      if (line.find(part) != std::string::npos) return true;
    }
    return false;
  }

  std::vector<Seen> seen;
  std::vector<Change> changes;
  std::vector<Result> results;
  std::vector<std::string> lines;  // of the log
  flblk_status stop_in_callback = FLBLK_OK;
  std::string stop_in_callback_text;

 private:
  void On(const flblk_publishing_event& e) {
    Change change{e.state, e.cause, e.next_index, e.missing, {}};
    for (uint64_t i = 0; i < e.flashblock_count; ++i)
      change.flashblocks.push_back(Copy(e.flashblocks[i]));
    const std::lock_guard lock(mutex_);
    stop_in_callback = Api()->stop(plugin_);
    stop_in_callback_text = Api()->last_error();
    changes.push_back(std::move(change));
    changed_.notify_all();
  }
  void On(const flblk_flashblock_event& e) {
    const std::lock_guard lock(mutex_);
    seen.push_back({e.index, e.transaction_count, e.block_number, e.lost,
                    (e.flags & FLBLK_FLASHBLOCK_OWN) != 0, (e.flags & FLBLK_FLASHBLOCK_BASE) != 0,
                    Copy(e.rlp), Copy(e.signed_rlp), Text(e.metadata)});
    changed_.notify_all();
  }
  void Log(std::string line) {
    if (on_line_ && plugin_ != nullptr) on_line_(plugin_);
    const std::lock_guard lock(mutex_);
    lines.push_back(std::move(line));
    changed_.notify_all();
  }
  void On(Result result) {
    const std::lock_guard lock(mutex_);
    results.push_back(std::move(result));
    changed_.notify_all();
  }

  std::string directory_ = [] {
    std::string path = "/tmp/flblk.XXXXXX";
    if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp");
    return path;
  }();
  const std::function<void(flblk_plugin*)> on_line_;
  flblk_plugin* plugin_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace flblk
