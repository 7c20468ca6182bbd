// A block builder that embeds the plugin through its C ABI.
//
//   cpp_builder LIBFLBLK.SO CONFIG.TOML [--deltas N] [--interval-ms I] < authorizations
//
// A real builder gets each Authorization with the sequencer's forkchoice
// (flashblocks_forkchoiceUpdatedV3). Here one arrives per line of standard input, as `flblkctl
// authorize` prints it; the end of input ends the program. For each it tells the plugin, waits for
// its clearance, publishes what is left of the block from the resume point on, and seals.
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "plugin.h"
#include "toy_block.h"

namespace example {
namespace {

using std::chrono::milliseconds;

constexpr uint64_t kFirstBlock = 1;
constexpr milliseconds kClearanceLimit{4000};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Bytes as hex text or as an array of numbers.
void ReadBytes(const nlohmann::json& json, const char* name, uint8_t* out, size_t size) {
  const nlohmann::json& value = json.at(name);
  std::vector<uint8_t> bytes;
  if (value.is_array()) {
    bytes = value.get<std::vector<uint8_t>>();
  } else {
    const std::string text = value.get<std::string>();
    for (size_t i = text.rfind("0x", 0) == 0 ? 2 : 0; i + 1 < text.size(); i += 2) {
      bytes.push_back(static_cast<uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
    }
  }
  if (bytes.size() != size) {
    throw std::runtime_error(std::string(name) + ": " + std::to_string(bytes.size()) +
                             " bytes, expected " + std::to_string(size));
  }
  std::memcpy(out, bytes.data(), size);
}

flblk_authorization ReadAuthorization(const std::string& line) {
  const nlohmann::json json = nlohmann::json::parse(line);
  flblk_authorization out{};
  ReadBytes(json, "payload_id", out.payload_id, sizeof out.payload_id);
  ReadBytes(json, "builder_vk", out.builder_vk, sizeof out.builder_vk);
  ReadBytes(json, "authorizer_sig", out.authorizer_sig, sizeof out.authorizer_sig);
  out.timestamp = json.at("timestamp").get<uint64_t>();
  return out;
}

// Where we may publish, as the plugin last said: filled in by its callback thread.
class Clearance {
 public:
  static void OnPublishing(void* user, const flblk_publishing_event* event) {
    static_cast<Clearance*>(user)->Set(*event);
  }

  // The resume point for that payload; throws where it does not come in time or the block cannot be
  // continued.
  uint64_t Await(const uint8_t payload_id[8]) {
    std::unique_lock lock(mutex_);
    const bool cleared = changed_.wait_for(lock, kClearanceLimit, [&] {
      return event_.state == FLBLK_STATE_PUBLISHING &&
             std::memcmp(event_.authorization.payload_id, payload_id, 8) == 0;
    });
    if (!cleared) throw std::runtime_error("no clearance in time: another builder publishes");
    if (event_.missing > 0)
      throw std::runtime_error("the predecessor's flashblocks are incomplete");
    return event_.next_index;
  }

 private:
  void Set(const flblk_publishing_event& event) {
    std::lock_guard lock(mutex_);
    event_ = event;  // its pointers are not looked at afterwards
    changed_.notify_all();
    std::printf("state %u cause %u next index %llu\n", event.state, event.cause,
                static_cast<unsigned long long>(event.next_index));
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  flblk_publishing_event event_{};
};

void BuildBlock(Plugin& plugin, Clearance& clearance, const flblk_authorization& authorization,
                uint64_t number, uint64_t deltas, milliseconds interval) {
  flblk_forkchoice update{};
  update.struct_size = sizeof update;
  update.flags = FLBLK_FC_ATTRIBUTES | FLBLK_FC_BLOCK_NUMBER | FLBLK_FC_AUTHORIZATION;
  update.timestamp = authorization.timestamp;
  update.block_number = number;
  update.authorization = authorization;
  flblk_forkchoice_result where;
  if (plugin.Forkchoice(update, where) != FLBLK_OK) throw std::runtime_error(plugin.error());
  for (uint64_t index = clearance.Await(authorization.payload_id); index < deltas; ++index) {
    flblk_publish_result result;
    const std::string delta = ToyFlashblock(authorization.timestamp, number, index);
    if (plugin.Publish(delta, result) != FLBLK_OK) throw std::runtime_error(plugin.error());
    std::printf("block %llu: published index %llu\n", static_cast<unsigned long long>(number),
                static_cast<unsigned long long>(result.index));
    std::fflush(stdout);
    std::this_thread::sleep_for(interval);
  }
  if (plugin.Sealed(authorization.payload_id) != FLBLK_OK) throw std::runtime_error(plugin.error());
}

uint64_t ReadNumber(const std::string& option, const char* text) {
  if (text == nullptr) throw std::runtime_error(option + ": the value is missing");
  const std::string digits = text;
  if (digits.empty() || digits.size() > 9 ||
      digits.find_first_not_of("0123456789") != std::string::npos) {
    throw std::runtime_error(option + ": '" + digits + "' is no number up to 999999999");
  }
  return std::stoul(digits);
}

void Run(int argc, char** argv) {
  if (argc < 3)
    throw std::runtime_error(
        "usage: cpp_builder LIBFLBLK.SO CONFIG.TOML [--deltas N] [--interval-ms I]");
  uint64_t deltas = 5;
  milliseconds interval{200};
  for (int i = 3; i < argc; i += 2) {  // argv[argc] is NULL
    const std::string option = argv[i];
    if (option == "--deltas")
      deltas = ReadNumber(option, argv[i + 1]);
    else if (option == "--interval-ms")
      interval = milliseconds(ReadNumber(option, argv[i + 1]));
    else
      throw std::runtime_error("unknown option " + option);
  }
  Clearance clearance;
  flblk_callbacks callbacks{};
  callbacks.struct_size = sizeof callbacks;
  callbacks.on_publishing = &Clearance::OnPublishing;
  Plugin plugin(argv[1], ReadFile(argv[2]), callbacks, &clearance);
  plugin.Start();
  std::printf("%s\n", plugin.enode().c_str());
  std::fflush(stdout);
  uint64_t number = kFirstBlock;
  for (std::string line; std::getline(std::cin, line); ++number) {
    BuildBlock(plugin, clearance, ReadAuthorization(line), number, deltas, interval);
  }
}

}  // namespace
}  // namespace example

int main(int argc, char** argv) {
  try {
    example::Run(argc, argv);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cpp_builder: %s\n", error.what());
    return 1;
  }
}
