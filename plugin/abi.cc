// The C ABI: the only file that sees both flblk.h and the runtime. Every function of the table goes
// through Guard, which keeps exceptions in and leaves the error's text for last_error.
#include <atomic>
#include <future>
#include <new>

#include "plugin/abi_structs.h"
#include "plugin/callbacks.h"
#include "plugin/convert.h"
#include "plugin/flblk.h"
#include "plugin/runtime.h"
#include "plugin/text.h"

// Part of the global namespace in C.
struct flblk_plugin {
  std::unique_ptr<flblk::plugin::HostCallbacks> callbacks;
  std::unique_ptr<flblk::plugin::Runtime> runtime;
  std::mutex lifecycle;
  std::atomic<bool> started = false;
  bool stopped = false;  // under lifecycle
};

namespace flblk::plugin {
namespace {

constexpr auto kVerdictLimit = std::chrono::seconds(5);
constexpr size_t kMaxReason = 256, kMaxConfig = size_t{1} << 20;

thread_local std::string last_error_text;  // NOLINT: one per calling thread, by contract
thread_local bool in_on_log = false;       // NOLINT: this thread is within the host's on_log

flblk_status Fail(const absl::Status& status) {
  last_error_text.assign(status.message().data(), status.message().size());
  return static_cast<flblk_status>(status.code());
}

template <typename Call>
flblk_status Guard(const Call& call) noexcept {
  try {
    last_error_text.clear();
    const absl::Status status = call();
    return status.ok() ? FLBLK_OK : Fail(status);
  } catch (const std::bad_alloc&) {
    return FLBLK_RESOURCE_EXHAUSTED;  // not even memory for a text
  } catch (const std::exception& error) {
    return Fail(absl::InternalError(Cat("a bug of flblk: ", error.what())));
  } catch (...) {
    return Fail(absl::InternalError("a bug of flblk"));
  }
}

// on_log is called on threads that the other functions wait for, and under locks that they take.
absl::Status CheckNotInLog() {
  return in_on_log ? absl::FailedPreconditionError("plugin: cannot be called in on_log")
                   : absl::OkStatus();
}

absl::Status CheckPlugin(const flblk_plugin* plugin) {
  return plugin == nullptr ? Invalid("plugin: NULL") : CheckNotInLog();
}

absl::Status CheckRunning(const flblk_plugin* plugin) {
  if (auto status = CheckPlugin(plugin); !status.ok()) return status;
  if (!plugin->started) return absl::FailedPreconditionError("plugin: not started");
  return absl::OkStatus();
}

// ----------------------------------------------------------------------------------------------------
// life cycle
absl::Status ReadConfig(const flblk_options& options, Config& config) {
  const auto text = View("options.config", options.config, kMaxConfig);
  if (!text.ok()) return text.status();
  auto read = ConfigFromToml(*text, "config");
  if (!read.ok()) return read.status();
  config = *std::move(read);
  const auto seed = View("options.builder_seed", options.builder_seed, 32);
  if (!seed.ok()) return seed.status();
  if (seed->empty()) return absl::OkStatus();
  if (seed->size() != 32)
    return Invalid("options.builder_seed: ", seed->size(), " bytes, expected 32 or none");
  if (!config.builder_sk_file.empty())
    return Invalid("options.builder_seed: builder_sk_file is set too");
  auto key = SecretKey::FromSeed(AsBytes(*seed).first<32>());
  if (!key.ok()) return key.status();
  config.builder_sk = *std::move(key);
  return absl::OkStatus();
}

LogFn LogTo(const flblk_callbacks& callbacks, void* user) {
  if (callbacks.on_log == nullptr) return nullptr;
  return [on_log = callbacks.on_log, user](LogLevel level, const std::string& line) {
    const bool nested = std::exchange(in_on_log, true);  // another plugin's, say
    on_log(user, static_cast<uint32_t>(level), ToAbi(AsBytes(line)));
    in_on_log = nested;
  };
}

flblk_status Create(const flblk_options* in, flblk_plugin** out) {
  return Guard([&]() -> absl::Status {
    if (out == nullptr) return Invalid("out: NULL");
    *out = nullptr;
    if (auto status = CheckNotInLog(); !status.ok()) return status;
    flblk_options options;
    if (auto status = ReadStruct("options", in, options); !status.ok()) return status;
    flblk_callbacks callbacks{};
    if (options.callbacks != nullptr) {
      auto status = ReadStruct("callbacks", options.callbacks, callbacks);
      if (!status.ok()) return status;
    }
    RuntimeOptions runtime{.config = {},
                           .make_node = net::Node::Create,
                           .log = LogTo(callbacks, options.user),
                           .sinks = {}};
    if (auto status = ReadConfig(options, runtime.config); !status.ok()) return status;
    auto plugin = std::make_unique<flblk_plugin>();
    plugin->callbacks = std::make_unique<HostCallbacks>(callbacks, options.user);
    runtime.sinks.push_back(plugin->callbacks.get());
    auto created = Runtime::Create(std::move(runtime));
    if (!created.ok()) return created.status();
    plugin->runtime = *std::move(created);
    *out = plugin.release();
    return absl::OkStatus();
  });
}

flblk_status Start(flblk_plugin* plugin) {
  return Guard([&]() -> absl::Status {
    if (auto status = CheckPlugin(plugin); !status.ok()) return status;
    const auto before = absl::FailedPreconditionError("plugin: started before");
    if (plugin->callbacks->OnOwnThread()) return before;
    const std::lock_guard lock(plugin->lifecycle);
    if (plugin->started || plugin->stopped) return before;
    plugin->callbacks->Start();
    auto status = plugin->runtime->Start();
    if (!status.ok()) {
      plugin->stopped = true;
      plugin->callbacks->Stop();
      return status;
    }
    plugin->started = true;
    return absl::OkStatus();
  });
}

absl::Status StopNow(flblk_plugin* plugin) {
  if (auto status = CheckPlugin(plugin); !status.ok()) return status;
  if (plugin->callbacks->OnOwnThread()) {
    return absl::FailedPreconditionError("plugin: stop and destroy cannot be called in a callback");
  }
  const std::lock_guard lock(plugin->lifecycle);
  if (plugin->stopped) return absl::OkStatus();
  plugin->stopped = true;
  plugin->runtime->Stop();
  plugin->callbacks->Stop();
  return absl::OkStatus();
}

flblk_status Stop(flblk_plugin* plugin) {
  return Guard([&] { return StopNow(plugin); });
}

flblk_status Destroy(flblk_plugin* plugin) {
  return Guard([&] {
    if (plugin == nullptr) return absl::OkStatus();
    auto status = StopNow(plugin);
    if (status.ok()) delete plugin;
    return status;
  });
}

// ---- calls

// Waits for the one call of `done`. The promise is shared: `done` may come after the limit.
template <typename Result, typename Call>
absl::StatusOr<Result> Wait(const Call& call) {
  auto promise = std::make_shared<std::promise<Result>>();
  auto future = promise->get_future();
  call([promise](Result result) { promise->set_value(std::move(result)); });
  if (future.wait_for(kVerdictLimit) != std::future_status::ready) {
    return absl::DeadlineExceededError("the network thread did not answer within 5 s");
  }
  return future.get();
}

struct CallResult {
  absl::Status status;
  PublishView view;
};

template <typename Call>
absl::StatusOr<PublishView> WaitForCall(const Call& call) {
  auto result = Wait<CallResult>([&](auto done) {
    call([done](const absl::Status& status, const PublishView& view) {
      done(CallResult{status, view});
    });
  });
  if (!result.ok()) return result.status();
  if (!result->status.ok()) return result->status;
  return result->view;
}

flblk_status ForkchoiceUpdated(flblk_plugin* plugin, const flblk_forkchoice* in,
                               flblk_forkchoice_result* out) {
  return Guard([&]() -> absl::Status {
    if (auto status = CheckRunning(plugin); !status.ok()) return status;
    if (auto status = CheckOut("result", out); !status.ok()) return status;
    flblk_forkchoice update;
    if (auto status = ReadStruct("update", in, update); !status.ok()) return status;
    auto event = FromAbi(update);
    if (!event.ok()) return event.status();
    const auto view = WaitForCall([&](auto done) {
      plugin->runtime->host().ForkchoiceUpdated(*std::move(event), std::move(done));
    });
    if (!view.ok()) return view.status();
    const flblk_forkchoice_result result{
        sizeof result, static_cast<uint32_t>(ToProtoState(view->state)), view->next_index};
    return WriteStruct("result", result, out);
  });
}

flblk_status Publish(flblk_plugin* plugin, const flblk_flashblock* in, flblk_publish_result* out) {
  return Guard([&]() -> absl::Status {
    if (auto status = CheckRunning(plugin); !status.ok()) return status;
    if (auto status = CheckOut("result", out); !status.ok()) return status;
    auto flashblock = ReadFlashblock(in);
    if (!flashblock.ok()) {
      const Verdict verdict{.status = flashblock.status(),
                            .next_index = plugin->runtime->host().view().next_index};
      if (auto status = WriteStruct("result", ToAbi(verdict), out); !status.ok()) return status;
      return flashblock.status();
    }
    const auto verdict = Wait<Verdict>([&](auto done) {
      plugin->runtime->host().Publish(*std::move(flashblock),
                                      [done](const Verdict& v) { done(v); });
    });
    if (!verdict.ok()) return verdict.status();
    if (auto status = WriteStruct("result", ToAbi(*verdict), out); !status.ok()) return status;
    return verdict->status;
  });
}

flblk_status PublishAsync(flblk_plugin* plugin, const flblk_flashblock* in, uint64_t ticket) {
  return Guard([&]() -> absl::Status {
    if (auto status = CheckRunning(plugin); !status.ok()) return status;
    auto flashblock = ReadFlashblock(in);
    if (!flashblock.ok()) return flashblock.status();
    if (auto status = plugin->callbacks->ReserveResult(); !status.ok()) return status;
    plugin->runtime->host().Publish(
        *std::move(flashblock), [callbacks = plugin->callbacks.get(), ticket](const Verdict& v) {
          callbacks->Result(ticket, v);
        });
    return absl::OkStatus();
  });
}

flblk_status PayloadSealed(flblk_plugin* plugin, const uint8_t payload_id[8]) {
  return Guard([&]() -> absl::Status {
    if (auto status = CheckRunning(plugin); !status.ok()) return status;
    if (payload_id == nullptr) return Invalid("payload_id: NULL");
    PayloadId id;
    std::copy_n(payload_id, id.size(), id.begin());
    return WaitForCall([&](auto done) { plugin->runtime->host().Sealed(id, std::move(done)); })
        .status();
  });
}

flblk_status StopPublishing(flblk_plugin* plugin, flblk_bytes reason) {
  return Guard([&]() -> absl::Status {
    if (auto status = CheckRunning(plugin); !status.ok()) return status;
    const auto text = View("reason", reason, kMaxReason);
    if (!text.ok()) return text.status();
    return WaitForCall([&](auto done) {
             plugin->runtime->host().StopPublishing(std::string(*text), std::move(done));
           })
        .status();
  });
}

flblk_status Reconfigure(flblk_plugin* plugin, flblk_bytes config) {
  return Guard([&]() -> absl::Status {
    if (auto status = CheckRunning(plugin); !status.ok()) return status;
    const auto text = View("config", config, kMaxConfig);
    if (!text.ok()) return text.status();
    const auto wanted = ConfigFromToml(*text, "config");
    if (!wanted.ok()) return wanted.status();
    return plugin->runtime->Reconfigure(*wanted);
  });
}

// --------------------------------------------------------------------------------------------------------
// status
flblk_status Stats(flblk_plugin* plugin, flblk_stats* out) {
  return Guard([&]() -> absl::Status {
    if (plugin == nullptr || out == nullptr)
      return Invalid(plugin == nullptr ? "plugin: NULL" : "out: NULL");
    const Runtime& runtime = *plugin->runtime;
    const Host& host = plugin->runtime->host();
    const PublishView view = host.view();
    flblk_stats stats{};
    stats.state = static_cast<uint32_t>(ToProtoState(view.state));
    stats.peers = runtime.health().peers();
    stats.health = static_cast<uint32_t>(runtime.health().Now(UnixNow()).code);
    stats.slot = view.authorization ? view.authorization->timestamp : 0;
    stats.next_index = view.next_index;
    stats.published = host.published();
    stats.refused = host.refused();
    stats.flashblocks = plugin->callbacks->delivered();
    stats.flashblocks_lost = plugin->callbacks->lost();
    stats.last_flashblock_ns = view.last_flashblock_unix_ns;
    return WriteStruct("out", stats, out);
  });
}

const char* GrpcTarget(flblk_plugin* plugin) {
  return plugin ? plugin->runtime->grpc_targets().c_str() : "";
}
const char* HttpAddress(flblk_plugin* plugin) {
  return plugin ? plugin->runtime->http_address().c_str() : "";
}
const char* EnodeUrl(flblk_plugin* plugin) {
  return plugin ? plugin->runtime->enode().c_str() : "";
}
const char* LastError() { return last_error_text.c_str(); }

constexpr flblk_api kApi = {
    .struct_size = sizeof(flblk_api),
    .abi_version = FLBLK_ABI_VERSION,
    .name = "flblk",
    .version = kVersion.data(),
    .create = Create,
    .start = Start,
    .stop = Stop,
    .destroy = Destroy,
    .forkchoice_updated = ForkchoiceUpdated,
    .publish = Publish,
    .publish_async = PublishAsync,
    .payload_sealed = PayloadSealed,
    .stop_publishing = StopPublishing,
    .stats = Stats,
    .grpc_target = GrpcTarget,
    .http_address = HttpAddress,
    .enode = EnodeUrl,
    .last_error = LastError,
    .reconfigure = Reconfigure,
};

}  // namespace
}  // namespace flblk::plugin

uint32_t flblk_abi_version(void) { return FLBLK_ABI_VERSION; }

const flblk_api* flblk_get_api(uint32_t major) {
  return major == FLBLK_ABI_MAJOR ? &flblk::plugin::kApi : nullptr;
}
